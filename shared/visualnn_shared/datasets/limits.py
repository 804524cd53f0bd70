"""How much a data file may ask of the machine that reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit is checked before the memory or the time is spent."""

    expanded_bytes: int = 8 * 2**30
    """All arrays together, once unpacked."""
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


LIMITS = Limits()
