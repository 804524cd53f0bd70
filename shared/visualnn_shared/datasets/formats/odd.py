"""Values of an array that no network can take: told all at once, with their places."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.formats.npy import PIECE, Header
from visualnn_shared.datasets.statistics import LARGEST

_COLUMNS = 10_000
"""Tables with more have their odd values not counted by column."""
_PLACES = 5
_LISTED = 10


class Odd:
    """Values of one array that are not finite as 32-bit floats: how many, and where."""

    def __init__(self, header: Header, gaps: bool = False) -> None:
        """``gaps``: NaN is a value that is missing, and not odd."""
        self._header, self._gaps = header, gaps
        self._step = max(1, PIECE // header.dtype.itemsize)
        table = len(header.shape) == 2 and header.shape[1] <= _COLUMNS
        self._columns = np.zeros(header.shape[1] if table else 0, np.int64)
        self._places: list[list[int]] = []
        self.first: Any = None
        self.count = 0

    def see(self, number: int, piece: NDArray[Any], bad: int) -> None:
        """``bad`` is where the first one of this piece stands."""
        flat = piece.reshape(-1)
        found = np.flatnonzero(np.abs(flat) > LARGEST if self._gaps else ~(np.abs(flat) <= LARGEST))
        if self.first is None:
            self.first = flat[bad]
        self.count += len(found)
        index = self._index(number, found)
        if self._columns.size:
            self._columns += np.bincount(index[1], minlength=self._columns.size)
        left = _PLACES - len(self._places)
        self._places += [[int(one) for one in place] for place in zip(*(axis[:left] for axis in index), strict=True)]

    def _index(self, number: int, found: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        order: Literal["F", "C"] = "F" if self._header.fortran else "C"
        return np.unravel_index(number * self._step + found, self._header.shape, order)

    def told(self) -> str:
        """Count, first places, columns of a table, and what to do."""
        do = "make them NaN where values are missing, or leave these samples out"
        if not self._gaps:
            do = "labels must be there: leave these samples out"
        places = ", ".join(map(str, self._places))
        if self.count == 1:
            return f"the first one is at index {places}; {do}"
        where = f"{self.count:,} values, the first at indices {places}"
        if self._columns.size:
            columns = [int(one) for one in np.argsort(-self._columns, kind="stable") if self._columns[one]]
            listed = ", ".join(f"{one}: {self._columns[one]:,}" for one in columns[:_LISTED])
            where += f"; by column {listed}{', ...' if len(columns) > _LISTED else ''}"
        return f"{where}; {do}"


class Gaps(Odd):
    """Values of one array that are missing, by the columns of a table."""

    def look(self, number: int, piece: NDArray[Any]) -> None:
        """``piece`` is the array's next one."""
        if self._columns.size and piece.dtype.kind == "f" and np.isnan(piece).any():
            index = self._index(number, np.flatnonzero(np.isnan(piece.reshape(-1))))
            self._columns += np.bincount(index[1], minlength=self._columns.size)

    @property
    def columns(self) -> list[int]:
        """Those that lack values."""
        return [int(one) for one in np.flatnonzero(self._columns)]
