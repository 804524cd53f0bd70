"""How pictures get another size: matrices that say how much each old cell counts for each new one.

As TensorFlow's ``ScaleAndTranslate`` (kernels as wide as the cells left out, where smoothed) and ``ResizeArea`` have
it; ONNX' own operator knows neither Lanczos' kernels nor areas.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def _lanczos(x: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


def _kernel(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel's value at a distance."""
    if name == "bilinear":
        return np.maximum(0.0, 1.0 - x)
    if name == "bicubic":  # Keys, a = -0.5
        near = ((1.5 * x - 2.5) * x) * x + 1.0
        far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
        return np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return _lanczos(x, int(name[-1]))


def _area(old: int, new: int) -> NDArray[np.float64]:
    """How much of each old cell lies in each new one."""
    scale = old / new
    starts = np.arange(new)[:, None] * scale
    cells = np.arange(old)[None, :]
    inside = np.minimum(cells + 1, starts + scale) - np.maximum(cells, starts)
    return np.asarray(np.clip(inside, 0.0, None))


def _bicubic(old: int, new: int) -> NDArray[np.float64]:
    """As ``ResizeBicubic``, whose places between cells are multiples of 1 / 1024."""
    scale = np.float32(old) / np.float32(new)
    places = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    before = np.floor(places)
    places = before + np.rint((places - before) * np.float32(1024)) / 1024
    return _kernel("bicubic", np.abs(np.arange(old)[None, :] - places.astype(np.float64)[:, None]))


def weights(old: int, new: int, interpolation: str, antialias: bool) -> Array:
    """(new, old): rows sum to 1."""
    if interpolation == "nearest":
        found = np.zeros((new, old))
        found[np.arange(new), np.minimum(((np.arange(new) + 0.5) * (old / new)).astype(int), old - 1)] = 1.0
        return found.astype(np.float32)
    if interpolation == "area":
        found = _area(old, new)
    elif interpolation == "bicubic" and not antialias:
        found = _bicubic(old, new)
    elif interpolation == "bilinear" and not antialias:
        centres = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
        found = np.maximum(0.0, 1.0 - np.abs(np.arange(old)[None, :] - centres[:, None]))
    else:
        wide = max(old / new, 1.0) if antialias else 1.0
        distance = np.abs(np.arange(old)[None, :] + 0.5 - (np.arange(new)[:, None] + 0.5) * (old / new))
        found = _kernel(interpolation, distance / wide)
    return np.asarray(found / found.sum(1, keepdims=True), np.float32)
