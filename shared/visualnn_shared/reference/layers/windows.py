"""Windows that slide over one, two or three spatial axes."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from visualnn_shared.reference.calling import Array

Sides = Sequence[tuple[int, int]]
Cell = tuple[int, ...]


def sides_of(
    padding: Any, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Sides:
    """Cells before and after each axis. ``same`` gives ceil(n / stride) windows, an odd cell at the end (TensorFlow);
    ``causal`` puts before the axis all that a window reaches back.
    """
    if padding == "valid":
        return [(0, 0)] * len(sizes)
    if not isinstance(padding, str):
        return list(padding)
    found = []
    for n, size, stride, step in zip(sizes, kernel, strides, dilation, strict=True):
        reach = (size - 1) * step + 1
        if padding == "causal":
            found.append((reach - 1, 0))
            continue
        total = max((-(-n // stride) - 1) * stride + reach - n, 0)
        found.append((total // 2, total - total // 2))
    return found


def padded(x: Array, sides: Sides, value: float = 0.0) -> Array:
    """``x`` (batch, *sizes, channels) with cells of ``value`` around its spatial axes."""
    if not any(map(any, sides)):
        return x
    return np.pad(x, [(0, 0), *sides, (0, 0)], constant_values=value)


def counts_of(
    x: Array, kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int] | None = None
) -> list[int]:
    """How many windows fit along each spatial axis of ``x``."""
    steps = dilation or [1] * len(kernel)
    along = zip(x.shape[1:-1], kernel, strides, steps, strict=True)
    return [(n - (size - 1) * step - 1) // stride + 1 for n, size, stride, step in along]


def taps(
    x: Array,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int] | None = None,
    counts: Sequence[int] | None = None,
) -> Iterator[tuple[Cell, Array]]:
    """For each cell of the window, what all windows have there: (batch, *counts, channels), a view of ``x``."""
    steps = dilation or [1] * len(kernel)
    counts = counts or counts_of(x, kernel, strides, steps)
    for cell in product(*map(range, kernel)):
        where = [
            slice(i * step, i * step + (count - 1) * stride + 1, stride)
            for i, step, stride, count in zip(cell, steps, strides, counts, strict=True)
        ]
        yield cell, x[(slice(None), *where)]
