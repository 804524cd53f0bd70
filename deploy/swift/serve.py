"""A small S3 server that checks signatures: OpenStack Swift with its S3 interface, four processes on one folder.

    S3_ACCESS_KEY=name:user S3_SECRET_KEY=... python serve.py --data FOLDER [--host 127.0.0.1] [--port 8333]

One copy of each object on one disk: right for tests, trials and small installations; a large one brings its own S3. The
data folder's file system must keep extended attributes. Runs on the Python that has ``swift.lock`` installed, and needs
nothing else. Ends with its first child, or on SIGTERM or SIGINT.
"""

import argparse
import contextlib
import getpass
import os
import re
import secrets
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path

PART_POWER = 4
"""Two to this many partitions: enough for one disk. Must not change for a folder that has data."""
STORAGE = ("account", "container", "object")

_SWIFT = """\
[swift-hash]
swift_hash_path_suffix = {hash}

[swift-constraints]
max_file_size = 5368709122
"""

_STORAGE = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {conf}
devices = {nodes}
mount_check = false
workers = 0
user = {user}
log_level = ERROR

[pipeline:main]
pipeline = {name}-server

[app:{name}-server]
use = egg:swift#{name}
# A listing must show an object as soon as its write is answered, on a busy machine too; by default the object server
# waits one second for the container server and leaves the rest to a daemon.
container_update_timeout = 60
node_timeout = 60
"""

_PROXY = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
swift_dir = {conf}
workers = 0
user = {user}
log_level = ERROR

[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck bulk s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
node_timeout = 60
# The only node must never be passed over after an error.
error_suppression_interval = 0

[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{login} = {secret} .admin

[filter:s3api]
use = egg:swift#s3api
location = {region}
max_upload_part_num = 10000

[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000

[filter:bulk]
use = egg:swift#bulk
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
"""


def main() -> int:
    options = _options()
    conf = options.data / "conf"
    ports = {name: _free_port() for name in STORAGE}
    _write_configuration(options, conf, ports)
    _write_rings(conf, ports)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    children: list[int] = []
    try:
        for name in (*STORAGE, "proxy"):
            children.append(_start(name, conf / f"{name}.conf"))  # noqa: PERF401  # the ones before a failure must end
        os.wait()
        return 1
    finally:
        _stop(children)


def _start(name: str, conf: Path) -> int:
    """A server as a fork of this process, which has imported Swift once for all four; its process id."""
    server = import_module(f"swift.{'obj' if name == 'object' else name}.server")
    child = os.fork()
    if child:
        return child
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    sys.argv = [f"swift-{name}-server", str(conf)]
    try:
        server.main()
    finally:
        os._exit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the objects; made where absent")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8333)
    parser.add_argument("--region", default="us-east-1")
    options = parser.parse_args()
    options.data = options.data.resolve()
    options.access_key = os.environ.get("S3_ACCESS_KEY", "")
    options.secret_key = os.environ.get("S3_SECRET_KEY", "")
    if not re.fullmatch(r"[A-Za-z0-9]+:[A-Za-z0-9]+", options.access_key):
        parser.error("S3_ACCESS_KEY must be two names of letters and digits with a colon between: visualnn:platform")
    if not re.fullmatch(r"[A-Za-z0-9+/=_-]{16,}", options.secret_key):
        parser.error("S3_SECRET_KEY must be at least 16 letters, digits or + / = _ -")
    return options


def _write_configuration(options: argparse.Namespace, conf: Path, ports: dict[str, int]) -> None:
    nodes = options.data / "nodes"
    (nodes / "d1").mkdir(parents=True, exist_ok=True)
    _check_attributes(nodes)
    conf.mkdir(mode=0o700, exist_ok=True)
    hash_file = options.data / "hash"  # the names of files depend on it, so it stays with them
    if not hash_file.exists():
        hash_file.write_text(secrets.token_hex(16))
    _write(conf / "swift.conf", _SWIFT.format(hash=hash_file.read_text().strip()))
    user = getpass.getuser()
    for name in STORAGE:
        text = _STORAGE.format(name=name, port=ports[name], conf=conf, nodes=nodes, user=user)
        _write(conf / f"{name}.conf", text)
    account, _, login = options.access_key.partition(":")
    text = _PROXY.format(
        host=options.host,
        port=options.port,
        conf=conf,
        user=user,
        account=account,
        login=login,
        secret=options.secret_key,
        region=options.region,
    )
    _write(conf / "proxy.conf", text)


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _check_attributes(folder: Path) -> None:
    try:
        os.setxattr(folder, "user.swift.probe", b"1")
    except OSError as error:
        sys.exit(f"the file system of {folder} must keep extended attributes; received {error.strerror}")


def _write_rings(conf: Path, ports: dict[str, int]) -> None:
    from swift.common.ring import RingBuilder  # type: ignore[import-not-found]  # installed where this runs

    for name, port in ports.items():
        builder = RingBuilder(PART_POWER, 1, 0)
        device = {"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0}
        builder.add_dev({**device, "replication_ip": "127.0.0.1", "replication_port": port, "meta": ""})
        builder.rebalance()
        builder.get_ring().save(str(conf / f"{name}.ring.gz"))


def _stop(children: list[int]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        if _all_ended(5.0):
            return


def _all_ended(wait_s: float) -> bool:
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
        except ChildProcessError:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
