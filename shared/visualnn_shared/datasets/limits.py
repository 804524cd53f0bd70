"""How much a data file may ask of the machine that reads it."""

from dataclasses import dataclass, replace
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit is checked before the memory or the time is spent."""

    EXPANSION_HINT: ClassVar[str] = "a larger limit is set with VISUALNN_MAX_EXPANDED_BYTES"

    expanded_bytes: int = 2 * 2**30
    """All arrays together, once unpacked."""
    files: int = 2_000_000
    """In a zip of pictures."""
    members: int = 64
    """Arrays in one npz."""
    header_bytes: int = 10_000
    """Header of one npy array; NumPy's own limit."""
    rank: int = 8
    line_chars: int = 4 * 2**20
    """One line of a csv."""
    columns: int = 200_000
    rows: int = 100_000_000
    text_classes: int = 10_000
    """Different text labels."""
    class_index: int = 100_000
    """Integer labels at or above this are not read as classes."""
    text_chars: int = 100_000
    """One text."""

    @property
    def expansion_rule(self) -> str:
        return f"a data set must have at most {self.expanded_bytes:,} bytes once it is unpacked"

    def with_expanded(self, expanded_bytes: int) -> "Limits":
        return replace(self, expanded_bytes=expanded_bytes)


LIMITS = Limits()
