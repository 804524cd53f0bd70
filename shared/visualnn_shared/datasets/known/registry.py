"""What a data set known by name is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that is fetched at first use."""

    name: str
    """In the cache, and on a mirror."""
    url: str
    digest: str
    """``sha256:...`` or ``md5:...``, as its publisher gives it."""


Make = Callable[[Path, Sequence[Path]], None]
"""Writes the data set's file from its fetched files, in the order of ``Known.files``."""


@dataclass(frozen=True, slots=True)
class Known:
    """A data set that a name stands for."""

    name: str
    title: str
    origin: str
    """Who made it, and where it is told of."""
    make: Make
    files: tuple[Remote, ...] = ()
    """None: it is here, offline."""
    format: str = "npz"
    classes: tuple[str, ...] | None = None
    """Names of whole-number labels, by index."""
    columns: tuple[str, ...] | None = None
    """Names of the columns of a table's only feature."""
    revision: int = 1
    """Another one is another content under this name."""

    @property
    def filename(self) -> str:
        return f"{self.name}.{'csv' if self.format == 'text' else self.format}"
