"""What every object store can do. Keys are ``/``-separated names that we make ourselves, never user text."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from visualnn_shared.errors import NotFound


class ObjectMissing(NotFound):
    """No object has this key."""

    code: ClassVar[str] = "object-missing"

    def __init__(self, key: str) -> None:
        super().__init__("object", key)
        self.key = key


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    key: str
    size: int
    """Bytes."""


class ObjectStore(Protocol):
    """Blobs by key. A key is visible only when its object is complete.

    Every method raises ``KeyInvalid`` for a key that breaks the rules of ``objects/keys.py``, and ``Unavailable`` where
    the store does not answer or refuses the credentials. No key may be a folder of another one (``a`` and ``a/b``).
    Safe to share between threads.
    """

    def put(self, key: str, data: BinaryIO | bytes) -> ObjectInfo:
        """Store ``data`` under ``key``, atomically, replacing what was there.

        An error raised by reading ``data`` passes through, and nothing is stored."""

    def put_file(self, key: str, path: Path) -> ObjectInfo:
        """Store the file at ``path`` under ``key``, atomically."""

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """A forward reader (no seek) of up to ``length`` bytes from ``start``; empty past the end.

        The caller closes it. Raises ``ObjectMissing``; reading raises ``Unavailable`` where the object ends early."""

    def get(self, key: str) -> bytes:
        """The whole object. Raises ``ObjectMissing``."""

    def get_file(self, key: str, path: Path) -> None:
        """Write the object to ``path``, whole or not at all. Raises ``ObjectMissing``."""

    def info(self, key: str) -> ObjectInfo | None:
        """Size of the object, or None where there is none."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Every object whose key starts with ``prefix``, ordered by key."""

    def delete(self, key: str) -> None:
        """Remove the object; no error where there is none."""

    def ping(self) -> None:
        """Raise ``Unavailable`` where the store does not answer."""
