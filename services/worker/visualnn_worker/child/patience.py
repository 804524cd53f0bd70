"""Waiting for what a job needs and does not get just now: a store that does not answer, a disk that is full.

The job says what it waits for and goes on by itself; only what lasts too long ends it.
"""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from visualnn_shared.errors import Unavailable

T = TypeVar("T")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a write to a full disk, or beyond a quota or a limit of sizes, fails with."""
_FIRST_S, _MOST_S = 0.2, 5.0


class Waits(Protocol):
    def waiting(self, for_: str | None, reason: str) -> None:
        """Say what the job waits for now; None: it goes on."""


class Patience:
    """Tries again what failed for a passing reason, for ``most_s`` seconds in a row at most."""

    def __init__(self, channel: Waits, most_s: float) -> None:
        self._channel = channel
        self._most_s = most_s
        self._lock = threading.Lock()
        self._waiting = 0

    @property
    def waiting(self) -> bool:
        """Whether somebody waits now."""
        return self._waiting > 0

    def insist(self, act: Callable[[], T]) -> T:
        """What ``act`` gives, once it can be had; ``act`` may be done several times. Raises what does not pass."""
        began: float | None = None
        pause = _FIRST_S
        while True:
            try:
                found = act()
            except Exception as error:
                part = passing(error)
                if part is None or (began is not None and time.monotonic() - began >= self._most_s):
                    self._over(began, None)
                    raise
                if began is None:
                    began = time.monotonic()
                    self._begin(part, error)
            else:
                self._over(began, "it answers again")
                return found
            time.sleep(pause)
            pause = min(2 * pause, _MOST_S)

    def _begin(self, part: str, error: Exception) -> None:
        with self._lock:
            self._waiting += 1
            self._channel.waiting(part, str(error))

    def _over(self, began: float | None, how: str | None) -> None:
        if began is None:
            return
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                reason = how or "it did not come back in time"
                self._channel.waiting(None, f"{reason} after {time.monotonic() - began:.1f} s")


def passing(error: BaseException) -> str | None:
    """The part whose failure this is, where waiting may help; None for any other error."""
    for each in _chain(error):
        if isinstance(each, Unavailable):
            return each.part
        if is_full(each):
            return "disk space on the worker"
    return None


def is_full(error: BaseException) -> bool:
    """Whether it tells of a disk without room. HDF5 says so in words only."""
    return isinstance(error, OSError) and (error.errno in FULL or "No space left on device" in str(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
