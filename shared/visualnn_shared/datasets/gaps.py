"""Values that are missing: NaN in arrays, null in JSON, blank cells in a csv."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_CELLS = frozenset({"", "nan", "na", "n/a", "null", "none", "missing", "?", "-", "."})


def is_missing(cell: str) -> bool:
    """Whether a cell of a csv says that its value is missing."""
    return cell.strip().lower() in _CELLS


def listed(values: NDArray[Any]) -> Any:
    """Nested lists as for JSON, None where a value is NaN; of a single value that value."""
    if values.dtype.kind != "f" or not np.isnan(values).any():
        return values.tolist()
    known = np.asarray(values).astype(object)
    known[np.isnan(values)] = None
    return known.tolist()
