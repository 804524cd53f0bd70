"""Variables as a checkpoint holds them. Under TensorFlow's strategies each device has its own share of a running
metric; their sum is the metric, and a training that goes on as if it had never stopped needs each of them.
"""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def held(variable: keras.Variable) -> NDArray[Any]:
    """A copy: the variable's value, or one row for the share of each device."""
    shares = _shares(variable)
    if shares is None:
        return np.array(keras.ops.convert_to_numpy(variable.value))
    return np.stack([np.array(share.numpy()) for share in shares])


def fits(variable: keras.Variable, array: NDArray[Any]) -> bool:
    """Whether ``put`` can take it: also one from a run on another number of devices."""
    shape = tuple(variable.shape)
    return array.shape == shape or (array.ndim == len(shape) + 1 and array.shape[1:] == shape)


def put(variable: keras.Variable, array: NDArray[Any]) -> None:
    """Give the variable what ``held`` gave. Where the number of devices differs, the first has the sum."""
    shares = _shares(variable)
    rows = array if array.ndim > len(variable.shape) else array[None]
    if shares is None:
        variable.assign(rows[0] if len(rows) == 1 else rows.sum(axis=0, dtype=array.dtype))
        return
    if len(rows) != len(shares):
        rows = np.stack([rows.sum(axis=0, dtype=array.dtype), *[np.zeros_like(rows[0])] * (len(shares) - 1)])
    for share, row in zip(shares, rows, strict=True):
        share.assign(row)


def _shares(variable: keras.Variable) -> Any:
    value = variable.value
    on_read = getattr(getattr(value, "synchronization", None), "name", "") == "ON_READ"
    return getattr(value, "values", None) if on_read else None
