"""Data sets that are computed: the same numbers at every time and place."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.known.registry import Known, Make
from visualnn_shared.datasets.writing import write_npz

Pair = tuple[NDArray[Any], NDArray[Any]]
_SEED = 20
_TEST = 5
"""Every fifth sample is of the test split."""


def line(count: int = 200, noise: float = 0.05) -> Pair:
    """x from -1 to 1 (count, 1) and y = 2 x - 1 with a little noise (count, 1)."""
    random = np.random.default_rng(_SEED)
    x = random.uniform(-1, 1, (count, 1))
    return x.astype(np.float32), (2 * x - 1 + random.normal(0, noise, x.shape)).astype(np.float32)


def two_moons(count: int = 1000, noise: float = 0.1) -> Pair:
    """Points of two half circles that reach into each other (count, 2), and which one each is of (count,)."""
    random = np.random.default_rng(_SEED)
    half = count // 2
    angle = np.linspace(0, np.pi, half)
    upper = np.stack([np.cos(angle), np.sin(angle)], 1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], 1)
    x = np.concatenate([upper, lower]) + random.normal(0, noise, (2 * half, 2))
    return _mixed(x, np.repeat([0, 1], half), random)


def spiral(count: int = 900, arms: int = 3, noise: float = 0.2) -> Pair:
    """Points of three arms that wind around each other (count, 2), and which one each is of (count,)."""
    random = np.random.default_rng(_SEED)
    each = count // arms
    radius = np.tile(np.linspace(0, 1, each), arms)
    label = np.repeat(np.arange(arms), each)
    angle = 4 * (label + radius) + random.normal(0, noise, label.shape)
    return _mixed(np.stack([radius * np.sin(angle), radius * np.cos(angle)], 1), label, random)


def _mixed(x: NDArray[Any], y: NDArray[Any], random: np.random.Generator) -> Pair:
    order = random.permutation(len(x))
    return x[order].astype(np.float32), y[order].astype(np.int64)


def _write(generate: Callable[[], Pair]) -> Make:
    def make(path: Path, _files: Sequence[Path]) -> None:
        x, y = generate()
        test = np.arange(len(x)) % _TEST == _TEST - 1
        write_npz(path, {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]})

    return make


KNOWN = (
    Known("line", "200 points of y = 2 x - 1, with a little noise", "computed", _write(line)),
    Known(
        "two_moons", "1,000 points of two half circles", "computed, as scikit-learn's make_moons", _write(two_moons),
        classes=("upper", "lower"),
    ),
    Known(
        "spiral", "900 points of three arms that wind around each other", "computed, as in the course CS231n",
        _write(spiral), classes=("0", "1", "2"),
    ),
)  # fmt: skip
