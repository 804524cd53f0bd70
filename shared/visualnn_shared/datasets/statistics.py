"""Running minimum, maximum and wholeness of arrays that are seen piece by piece."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(slots=True)
class Statistics:
    """``min`` and ``max`` are infinities until a value was seen."""

    min: float = math.inf
    max: float = -math.inf
    whole: bool = True
    finite: bool = True
    values: int = 0

    def see(self, piece: NDArray[Any]) -> int | None:
        """Take ``piece`` (any shape) in. The flat position of its first NaN or infinity, or None."""
        if piece.size == 0:
            return None
        self.values += piece.size
        low, high = float(piece.min()), float(piece.max())
        if piece.dtype.kind == "f":
            if not (math.isfinite(low) and math.isfinite(high)):
                self.finite = False
                return int(np.argmin(np.isfinite(piece.reshape(-1))))
            self.whole = self.whole and bool((piece == np.floor(piece)).all())
        self.min, self.max = min(self.min, low), max(self.max, high)
        return None
