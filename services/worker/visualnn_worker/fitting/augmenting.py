"""Changing training batches at random. What happens to a batch is a function of seed, epoch and batch alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.augmentation import Change, Crop, Flip, Noise, Rotate, Shift, fits, picture_axes

Array = NDArray[Any]
Random = np.random.Generator
_STREAM = 2
"""Of the seed's random numbers; 0 and 1 are the order of samples and the hold-out."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Changes of raw inputs, for one training."""

    changes: Sequence[Change]
    seed: int
    ranges: Mapping[str, tuple[float, float]]
    """Input name -> smallest and largest value."""

    def __call__(self, raw: Mapping[str, Array], epoch: int, batch: int) -> dict[str, Array]:
        """The inputs of a batch, changed; the arguments are not."""
        random = np.random.default_rng([self.seed, _STREAM, epoch, batch])
        return {name: self._changed(name, array, random) for name, array in raw.items()}

    def _changed(self, name: str, array: Array, random: Random) -> Array:
        for change in self.changes:
            if not fits(change, array.shape[1:], str(array.dtype) if array.dtype != object else "text"):
                continue
            if isinstance(change, Noise):
                array = _noise(change, array, random, self.ranges[name])
                continue
            axis = picture_axes(array.shape[1:])
            assert axis is not None  # what fits is a picture
            pictures = np.moveaxis(array, 1, 3) if axis == 1 else array
            pictures = _DOES[type(change)](change, pictures, random)
            array = np.moveaxis(pictures, 3, 1) if axis == 1 else pictures
        return array


def _flip(change: Flip, pictures: Array, random: Random) -> Array:
    found = pictures.copy()
    for axis, kind in ((1, "vertical"), (2, "horizontal")):
        if change.axis in (kind, "both"):
            chosen = random.random(len(pictures)) < 0.5
            found[chosen] = np.flip(found[chosen], axis)
    return found


def _crop(change: Crop, pictures: Array, random: Random) -> Array:
    border = [(0, 0), (change.padding,) * 2, (change.padding,) * 2, *[(0, 0)] * (pictures.ndim - 3)]
    wide = np.pad(pictures, border)
    down, right = random.integers(0, 2 * change.padding + 1, (2, len(pictures)))
    rows = down[:, None] + np.arange(pictures.shape[1])
    columns = right[:, None] + np.arange(pictures.shape[2])
    return _taken(wide, rows, columns)


def _shift(change: Shift, pictures: Array, random: Random) -> Array:
    places = []
    for share, size in ((change.height, pictures.shape[1]), (change.width, pictures.shape[2])):
        most = int(share * size)
        by = random.integers(-most, most + 1, len(pictures))
        places.append(np.clip(np.arange(size) - by[:, None], 0, size - 1))
    return _taken(pictures, places[0], places[1])


def _taken(pictures: Array, rows: Array, columns: Array) -> Array:
    """Pixels at (n, height) rows and (n, width) columns of each picture."""
    which = np.arange(len(pictures))[:, None, None]
    found: Array = pictures[which, rows[:, :, None], columns[:, None, :]]
    return found


def _rotate(change: Rotate, pictures: Array, random: Random) -> Array:
    """Bilinear, in float32; whole numbers are rounded."""
    height, width = pictures.shape[1:3]
    angle = np.deg2rad(random.uniform(-change.degrees, change.degrees, len(pictures)))[:, None, None]
    middle = (height - 1) / 2, (width - 1) / 2
    y, x = np.arange(height)[:, None] - middle[0], np.arange(width)[None, :] - middle[1]
    down = np.clip(np.cos(angle) * y - np.sin(angle) * x + middle[0], 0, height - 1)
    right = np.clip(np.sin(angle) * y + np.cos(angle) * x + middle[1], 0, width - 1)
    top, left = np.floor(down).astype(np.intp), np.floor(right).astype(np.intp)
    bottom, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    more = (None,) * (pictures.ndim - 3)
    low, side = (down - top)[(..., *more)].astype(np.float32), (right - left)[(..., *more)].astype(np.float32)
    which = np.arange(len(pictures))[:, None, None]
    upper = pictures[which, top, left] * (1 - side) + pictures[which, top, beside] * side
    lower = pictures[which, bottom, left] * (1 - side) + pictures[which, bottom, beside] * side
    return _as(upper * (1 - low) + lower * low, pictures.dtype)


def _noise(change: Noise, array: Array, random: Random, ends: tuple[float, float]) -> Array:
    low, high = ends
    noise = random.standard_normal(array.shape, np.float32) * np.float32(change.stddev * (high - low))
    return _as(np.clip(array + noise, low, high), array.dtype)


def _as(values: Array, dtype: "np.dtype[Any]") -> Array:
    return np.rint(values).astype(dtype) if dtype.kind in "iu" else values.astype(dtype, copy=False)


_DOES: dict[type[Any], Callable[[Any, Array, Random], Array]] = {
    Flip: _flip,
    Crop: _crop,
    Shift: _shift,
    Rotate: _rotate,
}
