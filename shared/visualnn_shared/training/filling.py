"""What a missing value is filled with, from what the training split has in the same place of a sample."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.steps import FillMissing

_AT_ONCE = 2**24
"""Values that are sorted at a time."""
Array = NDArray[Any]


def filling(step: FillMissing, pieces: Callable[[], Iterator[Array]]) -> Array:
    """A value for each place of a sample. ``pieces`` gives the training samples in order, as often as it is called."""
    if step.strategy == "constant":
        return np.asarray(step.fill_value)
    shape = next(pieces()).shape[1:]
    found = _means(pieces) if step.strategy == "mean" else _by_place(step.strategy, pieces)
    return np.where(np.isnan(found), step.fill_value, found).reshape(shape)


def _flat(pieces: Callable[[], Iterator[Array]]) -> Iterator[Array]:
    return (piece.reshape(len(piece), -1).astype(np.float64) for piece in pieces())


def _means(pieces: Callable[[], Iterator[Array]]) -> Array:
    total: Any = 0.0
    count: Any = 0
    for piece in _flat(pieces):
        empty = np.isnan(piece)
        total, count = total + np.where(empty, 0, piece).sum(0), count + (~empty).sum(0)
    means: Array = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return means


def _by_place(strategy: str, pieces: Callable[[], Iterator[Array]]) -> Array:
    """Medians, or most frequent values, some places at a time; NaN where there are no values."""
    samples, width = 0, 0
    for piece in _flat(pieces):
        samples, width = samples + len(piece), piece.shape[1]
    wide = max(1, _AT_ONCE // samples)
    found = np.full(width, np.nan)
    for begin in range(0, width, wide):
        block = np.concatenate([piece[:, begin : begin + wide] for piece in _flat(pieces)])
        for place in range(block.shape[1]):
            known = block[:, place]
            known = known[~np.isnan(known)]
            if len(known):
                found[begin + place] = np.median(known) if strategy == "median" else _most_frequent(known)
    return found


def _most_frequent(values: Array) -> float:
    """The smallest of those that come most often."""
    different, counts = np.unique(values, return_counts=True)
    return float(different[counts.argmax()])
