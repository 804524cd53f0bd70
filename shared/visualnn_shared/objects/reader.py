"""One reader for every store: forward only, so that code that works on a folder works on S3."""

import io
from collections.abc import Callable
from typing import BinaryIO, cast

CHUNK = 1 << 20
"""Bytes read or copied at a time."""


class _Forward(io.RawIOBase):
    """At most ``limit`` bytes of what ``read`` gives; ``on_close`` runs once."""

    def __init__(self, read: Callable[[int], bytes], on_close: Callable[[], None], limit: int | None) -> None:
        super().__init__()
        self._read = read
        self._on_close = on_close
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io.BufferedReader really passes
        want = len(buffer) if self._left is None else min(len(buffer), self._left)
        data = self._read(want) if want else b""
        buffer[: len(data)] = data
        if self._left is not None:
            self._left -= len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._on_close()
        super().close()


def forward_reader(
    read: Callable[[int], bytes], on_close: Callable[[], None] = lambda: None, limit: int | None = None
) -> BinaryIO:
    """A buffered binary file over ``read(n) -> up to n bytes, empty at the end``."""
    return cast(BinaryIO, io.BufferedReader(_Forward(read, on_close, limit), CHUNK))
