"""Two arrays of the same meaning, element by element and unsorted."""

import math
from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from visualnn_standalone.verify.certificate import OutputError

Array = NDArray[np.generic]


def error_of(output: str, ours: Array, theirs: Array) -> OutputError:
    """How ``theirs`` differs from ``ours``, the source's. The shapes must be equal, or nothing is compared."""
    shape = tuple(int(n) for n in ours.shape)
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    finite = np.isfinite(a)
    largest = float(np.abs(a[finite]).max()) if finite.any() else None
    if a.shape != b.shape:
        note = f"the target's shape is {list(b.shape)}"
        return OutputError(output=output, shape=shape, max_abs=None, max_rel=None, largest=largest, note=note)
    if largest is None and a.size:
        note = "the source's values are not finite: nothing can be compared"
        return OutputError(output=output, shape=shape, max_abs=None, max_rel=None, largest=None, note=note)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.isfinite(b[finite]).all():
        note = "values that are not finite on one side are on the other"
        return OutputError(output=output, shape=shape, max_abs=None, max_rel=None, largest=largest, note=note)
    return OutputError(
        output=output,
        shape=shape,
        max_abs=float(np.abs(a[finite] - b[finite]).max()) if a.size else 0.0,
        max_rel=_relative(a[finite], b[finite]),
        largest=largest,
        varies=float(np.ptp(a, 0).max()) if len(a) > 1 and finite.all() and a.size else None,
        top1=_top1(a, b),
        note=None if finite.all() else f"{int((~finite).sum())} values are not finite, alike on both sides",
    )


def _relative(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    size = np.maximum(np.abs(a), np.abs(b))
    counts = size > 1e-6 * size.max(initial=0.0)
    return float((np.abs(a - b)[counts] / size[counts]).max()) if counts.any() else 0.0


def _top1(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    if a.ndim < 2 or a.shape[-1] < 2 or not a.size:
        return None
    return float(np.mean(a.argmax(-1) == b.argmax(-1)))


def distance(ours: Array, theirs: Array) -> float:
    """Largest error as a share of the source's largest value (or 1 where that is smaller); infinite where unlike."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.shape != b.shape:
        return math.inf
    if not a.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        found = float(np.abs(a - b).max()) / max(float(np.abs(a).max()), 1e-3)
    return found if math.isfinite(found) else math.inf


def as_laid(ours: Array, theirs: Array, flattened: Sequence[int] | None = None) -> Array:
    """``theirs`` with its axes in the order in which it comes closest to ``ours``: files lay values out in their own.

    ``flattened`` is the shape that the layer flattened, whose cells may come channels first.
    """
    best, least = theirs, math.inf
    for candidate in _layouts(ours, theirs, flattened):
        found = distance(ours, candidate)
        if found < least:
            best, least = candidate, found
    return best


def _layouts(ours: Array, theirs: Array, flattened: Sequence[int] | None) -> Iterator[Array]:
    yield theirs
    if ours.size != theirs.size:
        return
    squeezed = [n for n in theirs.shape if n != 1] == [n for n in ours.shape if n != 1]
    if squeezed:
        yield theirs.reshape(ours.shape)
    if ours.ndim == theirs.ndim:
        for order in permutations(range(theirs.ndim)) if theirs.ndim <= 5 else ():
            if tuple(theirs.shape[axis] for axis in order) == ours.shape:
                yield theirs.transpose(order)
    if theirs.ndim >= 3:  # channels first, with axes of one that ours has not
        moved = np.moveaxis(theirs, 1, -1)
        if [n for n in moved.shape if n != 1] == [n for n in ours.shape if n != 1]:
            yield moved.reshape(ours.shape)
    if flattened is not None and len(flattened) > 1 and theirs.ndim == 2:
        first = theirs.reshape(len(theirs), flattened[-1], *flattened[:-1])
        yield np.moveaxis(first, 1, -1).reshape(ours.shape)
