"""Keeps a server alive exactly as long as whoever started it: ``python keeper.py``, one JSON line on standard input.

Tests may be killed where no ``finally`` runs. So each server hangs on a keeper, and the keeper hangs on a pipe: when
the pipe closes, for whatever reason, it ends the server and removes its data folder. It also exits, with status 1,
when the server ends by itself. Standard library only.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GRACE_S = 15.0


def _start(order: dict[str, Any]) -> subprocess.Popen[bytes]:
    user = {"user": order["uid"], "group": order["gid"], "extra_groups": []} if order.get("uid") is not None else {}
    with Path(order["log"]).open("ab") as log:
        return subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=order["folder"],
            env={**os.environ, **order.get("env", {})},
            start_new_session=True,
            **user,
        )


def _stop(server: subprocess.Popen[bytes], first: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        server.send_signal(first)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)  # the server led a group of its own; nothing of it may stay
    server.wait()


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # only the pipe ends us
    order = json.loads(sys.stdin.readline())
    server = _start(order)
    try:
        while server.poll() is None:
            ready, _, _ = select.select([sys.stdin], [], [], 0.2)
            if ready and not os.read(sys.stdin.fileno(), 1):
                break
        else:
            return 1  # the server ended by itself: its log stays for who started it
    finally:
        _stop(server, order.get("stop_signal", signal.SIGTERM))
    _remove(Path(order["folder"]))
    return 0


def _remove(folder: Path) -> None:
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
