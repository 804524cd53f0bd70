"""Starting a real server for tests on a free port of 127.0.0.1, and waiting until it answers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

KEEPER = Path(__file__).with_name("keeper.py")


class PartMissingError(Exception):
    """A real part cannot be had on this machine; the text says why, and what to do."""


class Server:
    """A server process, its folder (removed with it) and its log."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._log = folder / "server.log"
        self._keeper: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: list[str],
        answers: Callable[[], object],
        *,
        user: tuple[int, int] | None = None,
        stop_signal: int = signal.SIGTERM,
        env: dict[str, str] | None = None,
        wait_s: float = 30,
    ) -> None:
        """Start ``command`` and wait until ``answers()`` no longer raises.

        Raises ``PartMissingError`` with the end of the log where that takes too long."""
        uid, gid = user or (None, None)
        order = {
            "command": command,
            "folder": str(self.folder),
            "log": str(self._log),
            "uid": uid,
            "gid": gid,
            "stop_signal": stop_signal,
            "env": env or {},
        }
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", str(KEEPER)], stdin=subprocess.PIPE, start_new_session=True
        )
        assert self._keeper.stdin
        self._keeper.stdin.write(json.dumps(order).encode() + b"\n")
        self._keeper.stdin.flush()
        self._wait(answers, wait_s)

    def _wait(self, answers: Callable[[], object], wait_s: float) -> None:
        assert self._keeper
        end = time.monotonic() + wait_s
        while True:
            try:
                answers()
            except Exception as error:  # whatever a client raises before its server is up
                log = self.log()
                if self._keeper.poll() is not None or time.monotonic() > end:
                    self.stop()
                    raise PartMissingError(f"{self.name} did not start: {error!r}; end of its log:\n{log}") from error
                time.sleep(0.05)
            else:
                return

    def log(self) -> str:
        """The last lines of the server's log."""
        try:
            return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
        except FileNotFoundError:
            return "(no log)"

    def kill(self) -> None:
        """Kill the server as a crash would; its folder stays, and ``start`` may start it again."""
        assert self._keeper
        for pid in _below(self._keeper.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._keeper.wait(30)
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper = None

    def stop(self) -> None:
        """End the server and remove its folder; again is harmless."""
        if self._keeper is None:
            shutil.rmtree(self.folder, ignore_errors=True)  # it may have been killed
            return
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(30)
        self._keeper = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _below(pid: int) -> list[int]:
    """Processes that this one started, those that they started, and so on; they may lead groups of their own."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(one for child in children for one in _below(child))]


def new_folder(name: str, parents: list[Path] | None = None) -> Path:
    """A new private folder in the system's temp area, or in the first of ``parents``."""
    parent = str(parents[0]) if parents else None
    return Path(tempfile.mkdtemp(prefix=f"visualnn-{name}-", dir=parent))


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cache_folder() -> Path:
    """Where downloaded parts stay between runs: ``$VISUALNN_TEST_CACHE``, else ``~/.cache/visualnn``."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "visualnn"
    folder = Path(os.environ.get("VISUALNN_TEST_CACHE") or default)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PartMissingError(f"the cache folder {folder} cannot be made: {error.strerror}") from error
    return folder
