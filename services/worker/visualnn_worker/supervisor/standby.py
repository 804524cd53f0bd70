"""The child that waits for the next job with Keras loaded, so that a job starts at once."""

import logging
import select
import time
from pathlib import Path

from visualnn_worker.supervisor.child_process import ChildProcess
from visualnn_worker.supervisor.said import Lines, Ready, parse
from visualnn_worker.supervisor.signals import Signals

AGAIN_S = 5.0
"""Wait before the next child after one that could not load Keras; doubled each time, up to a minute."""
_LONGEST_S = 60.0

log = logging.getLogger(__name__)


class ChildUnfit(RuntimeError):  # noqa: N818 - says what is wrong with it
    """A child ended before it had loaded Keras: the installation is broken, and no job could run."""

    def __init__(self, code: int | None, last: list[str]) -> None:
        super().__init__(
            f"a child must load Keras and its backend; it ended with status {code}:\n" + "\n".join(last[-15:])
        )


class Standby:
    """Owns the waiting child. It serves one job and is then replaced, so that nothing of a job outlives it."""

    def __init__(self, run_dir: Path, signals: Signals) -> None:
        self._run_dir = run_dir
        self._signals = signals
        self._child: ChildProcess | None = None
        self._lines: list[Lines] = []
        self._printed: list[str] = []
        self._ready: Ready | None = None
        self._failures = 0
        self._not_before = 0.0

    @property
    def fit(self) -> bool:
        """Whether a job may be claimed: the last child was no failure, or a new one is ready."""
        return self._failures == 0 or self._ready is not None

    def wait_ready(self) -> Ready | None:
        """The first child, once it is ready: backend and devices. None when told to stop. Raises ``ChildUnfit``."""
        self._spawn()
        while self._ready is None and not self._signals.stopping:
            child = self._child
            assert child is not None
            select.select([self._signals.fd, *(lines.fd for lines in self._lines if lines.open)], [], [], 1.0)
            self._signals.clear()
            self._listen()
            if self._ready is None and child.ended():
                code = child.end(1.0)
                self._listen()
                self._child = None
                raise ChildUnfit(code, self._printed)
        return self._ready

    def keep(self) -> None:
        """See that there is a child, and hear what it prints; replace one that died."""
        if self._child is not None:
            self._listen()
            if self._child.ended():
                self._bury()
        if self._child is None and time.monotonic() >= self._not_before:
            self._spawn()

    def take(self) -> ChildProcess:
        """The child, from now on the caller's; it may still be loading. Raises ``OSError`` where none can be made."""
        if self._child is not None and self._child.ended():
            self._bury()
        if self._child is None:
            self._spawn()
        child, self._child = self._child, None
        assert child is not None
        return child

    def end(self, timeout_s: float) -> None:
        """Kill and reap it."""
        if self._child is not None:
            self._child.end(timeout_s)
            self._child = None

    def _spawn(self) -> None:
        self._child = ChildProcess(self._run_dir)
        streams = self._child.streams
        self._lines = [Lines(streams.say), Lines(streams.out), Lines(streams.err)]
        self._ready = None
        self._printed = []

    def _listen(self) -> None:
        for lines in self._lines:
            for line in lines.read() if lines.open else ():
                message = parse(line) if lines is self._lines[0] else None
                if isinstance(message, Ready):
                    self._ready = message
                    self._failures = 0
                elif message is None:
                    self._printed = [*self._printed, line.decode("utf-8", "replace")[:500]][-50:]

    def _bury(self) -> None:
        """Reap a child that died while it waited; try again later and later if it never was ready."""
        assert self._child is not None
        was_ready = self._ready is not None
        code = self._child.end(1.0)
        self._child = self._ready = None
        if was_ready:
            log.warning("the waiting child died with status %s", code)
            return
        self._failures += 1
        self._not_before = time.monotonic() + min(AGAIN_S * 2 ** (self._failures - 1), _LONGEST_S)
        log.error("%s", ChildUnfit(code, self._printed))
