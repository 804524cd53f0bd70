"""Running minimum, maximum and wholeness of arrays that are seen piece by piece."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = float(np.finfo(np.float32).max)
"""Networks compute in 32-bit floats; a larger number would be infinite there."""
NOTHING_KNOWN = "a feature must have values, and not all of them missing"


def fits(value: float) -> bool:
    """Whether it is a number, and finite as a 32-bit float."""
    return abs(value) <= LARGEST


def must_fit(what: str, value: float) -> str:
    """The rule that ``value``, which does not fit, breaks."""
    if math.isfinite(value):
        return f"{what} must be from -{LARGEST:.5g} to {LARGEST:.5g}, as 32-bit floats are"
    return f"{what} must be a finite number"


@dataclass(slots=True)
class Statistics:
    """``min`` and ``max`` are infinities until a value was seen; missing values count in neither."""

    min: float = math.inf
    max: float = -math.inf
    whole: bool = True
    values: int = 0
    gaps: bool = False
    """Whether NaN is a value that is missing; else it is one that does not fit."""
    missing: int = 0

    def see(self, piece: NDArray[Any]) -> int | None:
        """Take ``piece`` (any shape) in. The flat position of its first value that does not fit, or None."""
        if piece.size == 0:
            return None
        self.values += piece.size
        low, high = float(piece.min()), float(piece.max())
        if self.gaps and low != low:  # NaN
            known = piece[~np.isnan(piece)]
            self.missing += piece.size - known.size
            if not known.size:
                return None
            bad = self._take(known, float(known.min()), float(known.max()))
            return None if bad is None else int(np.flatnonzero(~np.isnan(piece.reshape(-1)))[bad])
        return self._take(piece, low, high)

    def _take(self, piece: NDArray[Any], low: float, high: float) -> int | None:
        if piece.dtype.kind == "f":
            if not (fits(low) and fits(high)):
                return int(np.argmin(np.abs(piece.reshape(-1)) <= LARGEST))
            self.whole = self.whole and bool((piece == np.floor(piece)).all())
        self.min, self.max = min(self.min, low), max(self.max, high)
        return None
