"""Pooling: the largest value, the mean or the length of what windows see."""

from collections.abc import Callable
from functools import reduce

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.windows import Sides, padded, sides_of, taps
from visualnn_shared.reference.masks import spread


def _reach(c: Call) -> tuple[Sides, Sides, list[int]]:
    """The padding; what windows rounded up reach over behind it; how many windows there are along each axis.

    A last window that would start beyond the input and the padding before it is dropped, as in Caffe and PyTorch.
    """
    size, strides = c.p["pool_size"], c.p["strides"]
    sides = sides_of(c.p["padding"], c.x.shape[1:-1], size, strides, [1] * len(size))
    beyond, counts = [], []
    for n, cells, stride, (before, after) in zip(c.x.shape[1:-1], size, strides, sides, strict=True):
        span = n + before + after - cells
        count = span // stride + 1
        if c.p.get("ceil_mode"):
            count = -(-span // stride) + 1
            count -= (count - 1) * stride >= n + before
        counts.append(count)
        beyond.append((0, max((count - 1) * stride + cells - (n + before + after), 0)))
    return sides, beyond, counts


@forward("MaxPooling1D", "MaxPooling2D", "MaxPooling3D")
def largest(c: Call) -> Array:
    """Over real cells: padding never wins."""
    sides, beyond, counts = _reach(c)
    x = padded(padded(c.x, sides, -np.inf), beyond, -np.inf)
    seen = (one for _cell, one in taps(x, c.p["pool_size"], c.p["strides"], counts=counts))
    return np.array(reduce(np.maximum, seen))


@forward("AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def mean(c: Call) -> Array:
    """Over real cells, or with ``count_include_pad`` over those of the padding too."""
    sides, beyond, counts = _reach(c)
    size, strides = c.p["pool_size"], c.p["strides"]
    x = padded(padded(c.x, sides), beyond)
    real = padded(padded(np.ones((1, *c.x.shape[1:-1], 1)), sides, float(c.p["count_include_pad"])), beyond)
    total = sum(one for _cell, one in taps(x, size, strides, counts=counts))
    return np.asarray(total / sum(one for _cell, one in taps(real, size, strides, counts=counts)))


@forward("L2NormPooling2D")
def length(c: Call) -> Array:
    """The square root of the sum of squares."""
    sides, _beyond, counts = _reach(c)
    x = padded(c.x**2, sides)
    return np.sqrt(sum(one for _cell, one in taps(x, c.p["pool_size"], c.p["strides"], counts=counts)))


@forward("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D")
def largest_of_all(c: Call) -> Array:
    """Over all spatial axes."""
    return np.asarray(c.x.max(tuple(range(1, c.x.ndim - 1)), keepdims=c.p["keepdims"]))


@forward("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D")
def mean_of_all(c: Call) -> Array:
    """Over all spatial axes; of sequences, over the steps that count. Lin, Chen and Yan 2013."""
    axes, keep = tuple(range(1, c.x.ndim - 1)), c.p["keepdims"]
    if c.mask is None or c.type != "GlobalAveragePooling1D":
        return np.asarray(c.x.mean(axes, keepdims=keep))
    counts = spread(c.mask, c.x)
    return np.asarray(np.where(counts, c.x, 0).sum(1, keepdims=keep) / counts.sum(1, keepdims=keep))


def _in_bins(x: Array, axis: int, bins: int, pool: Callable[..., Array]) -> Array:
    """Window i of n spans the cells from floor(i size / n) to ceil((i + 1) size / n)."""
    n = x.shape[axis]
    pieces = [
        pool(np.take(x, range(i * n // bins, -(-(i + 1) * n // bins)), axis), axis=axis, keepdims=True)
        for i in range(bins)
    ]
    return np.concatenate(pieces, axis)


@forward(*(f"Adaptive{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3)))
def adaptive(c: Call) -> Array:
    """As many windows as ``output_size`` says, whatever the input's size: axis by axis."""
    x = c.x
    for axis, bins in enumerate(c.p["output_size"], start=1):
        x = _in_bins(x, axis, bins, np.max if "Max" in c.type else np.mean)
    return x


@forward("SpatialPyramidPooling")
def pyramid(c: Call) -> Array:
    """Levels of bins x bins windows behind each other. He et al. 2014, section 2.2."""
    pool: Callable[..., Array] = np.max if c.p["pool"] == "max" else np.mean
    levels = [_in_bins(_in_bins(c.x, 1, n, pool), 2, n, pool).reshape(len(c.x), -1) for n in c.p["bins"]]
    return np.concatenate(levels, 1)


@forward("SPP")
def caffe_pyramid(c: Call) -> Array:
    """Level i pools 2^i x 2^i windows of ceil(size / 2^i) cells; AVE counts padding. Order: level, channel, place."""
    levels = []
    for level in range(c.p["pyramid_height"]):
        bins = 2**level
        sizes = [-(-n // bins) for n in c.x.shape[1:3]]
        lacking = [size * bins - n for size, n in zip(sizes, c.x.shape[1:3], strict=True)]
        sides = [((n + 1) // 2, n // 2) for n in lacking]
        x = padded(c.x, sides, -np.inf if c.p["pool"] == "MAX" else 0.0)
        cells = x.reshape(len(x), bins, sizes[0], bins, sizes[1], -1)
        pooled = cells.max((2, 4)) if c.p["pool"] == "MAX" else cells.mean((2, 4))
        levels.append(pooled.transpose(0, 3, 1, 2).reshape(len(x), -1))
    return np.concatenate(levels, 1)
