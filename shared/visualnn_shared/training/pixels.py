"""Pictures in another size or with their channels elsewhere: NumPy only, whole batches."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in most libraries


def resize(array: NDArray[Any], height: int, width: int, method: str) -> NDArray[Any]:
    """(n, h, w) or (n, h, w, c) with another height and width.

    ``bilinear`` is Pillow's: a triangle as wide as what becomes one pixel, so that shrinking averages; float32.
    ``nearest`` takes the pixel under the centre of each new one, and keeps the dtype.
    """
    if method == "nearest":
        rows, columns = _nearest(array.shape[1], height), _nearest(array.shape[2], width)
        return array[:, rows][:, :, columns]
    down, across = _weights(array.shape[1], height), _weights(array.shape[2], width)
    pixels = array.astype(np.float32, copy=False)
    if array.ndim == 3:
        return np.ascontiguousarray(down @ (pixels @ across.T))
    planes = np.moveaxis(pixels, 3, 1)
    return np.ascontiguousarray(np.moveaxis(down @ (planes @ across.T), 1, 3))


def _nearest(have: int, want: int) -> NDArray[np.intp]:
    return np.minimum(((np.arange(want) + 0.5) * have / want).astype(np.intp), have - 1)


@lru_cache(maxsize=64)
def _weights(have: int, want: int) -> NDArray[np.float32]:
    """(want, have): what each old pixel counts in each new one; each row sums to 1."""
    step = have / want
    wide = max(step, 1.0)
    centres = (np.arange(want)[:, None] + 0.5) * step
    distance = np.abs(np.arange(have)[None, :] + 0.5 - centres) / wide
    weights = np.maximum(0.0, 1.0 - distance)
    weights = weights / weights.sum(1, keepdims=True)
    found: NDArray[np.float32] = weights.astype(np.float32)
    return found


def channels(array: NDArray[Any], order: str) -> NDArray[Any]:
    """Batches of pictures with their channels in another order or place; see ``steps.ChannelsAs``."""
    if order == "reverse":
        return np.ascontiguousarray(array[..., ::-1])
    if order == "grey":
        grey: NDArray[Any] = (array[..., :3].astype(np.float32) * _LUMINANCE).sum(-1, keepdims=True, dtype=np.float32)
        return grey
    if order == "colour":
        one = array if array.ndim == 4 else array[..., np.newaxis]
        return np.repeat(one, 3, axis=3)
    return np.ascontiguousarray(np.moveaxis(array, 1, 3) if order == "last" else np.moveaxis(array, 3, 1))
