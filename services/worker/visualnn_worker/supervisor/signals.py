"""What wakes the main loop: SIGTERM and SIGINT (leave), and other threads (there is work)."""

import os
import select
import signal
from contextlib import suppress
from types import FrameType


class Signals:
    """A pipe that a loop can wait on, and whether to stop. Make it in the main thread."""

    def __init__(self) -> None:
        self.fd, self._write = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write, False)
        self.stopping = False

    def install(self) -> None:
        """Drain on SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def wake(self) -> None:
        """Let the loop look for work; from any thread."""
        with suppress(BlockingIOError):  # full: it is awake
            os.write(self._write, b"w")

    def clear(self) -> None:
        """Forget the wake-ups so far."""
        with suppress(BlockingIOError):
            while os.read(self.fd, 4096):
                pass

    def wait(self, timeout_s: float) -> None:
        """Until woken, at most this long."""
        select.select([self.fd], [], [], timeout_s)
        self.clear()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        self.wake()
