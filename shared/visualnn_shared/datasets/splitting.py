"""Dividing samples, seeded, with the same share of each class in both parts where that is asked for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def spread(labels: NDArray[Any], order: Rows) -> Rows:
    """``order`` such that each beginning of it has about the share of each class that all samples have.

    The samples of a class keep their order among themselves; the k-th of n goes to place (k + 1/2) / n.
    """
    places = np.empty(len(order), np.float64)
    mine = labels[order]
    for one in np.unique(mine):
        where = np.flatnonzero(mine == one)
        places[where] = (np.arange(len(where)) + 0.5) / len(where)
    found: Rows = order[np.argsort(places, kind="stable")]
    return found


def divide(count: int, share: float, seed: int, labels: NDArray[Any] | None = None) -> tuple[Rows, Rows]:
    """(rows of the larger part, rows of ``share`` of them), each in the order of the samples; at least one in each.

    ``labels`` (count,): both parts have the same share of each class.
    """
    order = np.random.default_rng(seed).permutation(count).astype(np.int64)
    if labels is not None:
        order = spread(labels, order)
    small = min(max(1, round(count * share)), count - 1)
    return np.sort(order[: count - small]), np.sort(order[count - small :])
