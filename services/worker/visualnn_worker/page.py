"""A page of memory that a worker and its child share: the deadline, and which checkpoint is recorded.

Both are whole numbers of 8 bytes at aligned addresses, so that each is read and written as one.
"""

import ctypes
import mmap
import os
import tempfile
import time
from typing import Final

_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_ns() -> int:
    """Nanoseconds since the machine started, those it was suspended included (Linux): the clock of deadlines."""
    return time.clock_gettime_ns(_CLOCK)


class Page:
    """The shared page. ``deadline_ns`` 0 means none: a child that has no job yet."""

    def __init__(self, fd: int) -> None:
        self._map = mmap.mmap(fd, mmap.PAGESIZE)
        self._words = (ctypes.c_uint64 * 2).from_buffer(self._map)

    @property
    def deadline_ns(self) -> int:
        """When the child must be gone, on the clock of ``boot_ns``."""
        return int(self._words[0])

    @deadline_ns.setter
    def deadline_ns(self, value: int) -> None:
        self._words[0] = value

    @property
    def recorded(self) -> int:
        """Number of the attempt's newest checkpoint that the job's row names; 0 is none."""
        return int(self._words[1])

    @recorded.setter
    def recorded(self, value: int) -> None:
        self._words[1] = value


def create() -> tuple[int, Page]:
    """A new page, zero, and a descriptor for a child to open it by; close the descriptor after the spawn."""
    with tempfile.TemporaryFile() as file:
        file.truncate(mmap.PAGESIZE)
        fd = os.dup(file.fileno())
    return fd, Page(fd)
