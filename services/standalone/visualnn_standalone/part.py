"""One part of a platform: how it is started, and the process that it is now."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from visualnn_shared.running import process_started

_TIED = Path(__file__).with_name("tied.py")
_LOG_LIMIT = 16 * 1024 * 1024
"""Bytes after which a log is set aside as ``NAME.log.1`` when its part starts."""


def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Part:
    """What to run. ``fds`` are open sockets that the process inherits under the same numbers."""

    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    ready: Callable[[], bool] = _at_once
    """Whether the parts after it may start."""
    last: bool = False
    """Ends after the others, which still need it while they end."""


class PartProcess:
    """A started part, in a process group of its own, so that a Ctrl-C in the terminal reaches the launcher alone."""

    def __init__(self, part: Part) -> None:
        self.part = part
        part.log.parent.mkdir(parents=True, exist_ok=True)
        _set_aside(part.log)
        with part.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), *part.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **part.environment},
                pass_fds=part.fds,
                process_group=0,
            )
        self.pid = self._process.pid
        self.started = process_started(self.pid) or ""

    def ended(self) -> str | None:
        """How it ended, in words; None while it runs."""
        status = self._process.poll()
        if status is None:
            return None
        return f"ended with status {status}" if status >= 0 else f"was ended by {signal.Signals(-status).name}"

    def send(self, signum: int) -> None:
        """To the process alone: what it started itself is its own to end in order."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signum)

    def kill(self) -> None:
        """End the whole group now, and reap the process."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def _set_aside(log: Path) -> None:
    with suppress(OSError):
        if log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
