"""Doing what a Serving says: NumPy only, over whole batches at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.pixels import channels, resize
from visualnn_shared.training.serving import (
    Cast,
    Channels,
    Fill,
    Normalise,
    OneHot,
    Project,
    Reshape,
    Resize,
    Scale,
    Serving,
    Step,
    Tokens,
    with_gaps,
)
from visualnn_shared.training.words import tokens

Array = NDArray[Any]


def apply(steps: Sequence[Step], array: Array) -> Array:
    """``array`` (samples along the first axis) after ``steps``, in order. The argument is never changed.

    Raises ValueError for a value that a step cannot take.
    """
    for step in steps:
        array = _DOES[type(step)](step, array)
    return array


def apply_inputs(serving: Serving, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The model's inputs from raw ones, by input name."""
    return {spec.name: apply(serving.preprocessing.get(spec.name, ()), arrays[spec.name]) for spec in serving.inputs}


def _reshape(step: Reshape, array: Array) -> Array:
    return array.reshape(len(array), *step.shape)


def _scale(step: Scale, array: Array) -> Array:
    scaled: Array = np.multiply(array, np.float32(step.factor), dtype=np.float32)
    if step.offset:
        scaled += np.float32(step.offset)
    return scaled


def _cast(step: Cast, array: Array) -> Array:
    return array.astype(step.dtype, copy=False)


def _one_hot(step: OneHot, array: Array) -> Array:
    places = array.astype(np.int64)
    if places.size and not (places.min() >= 0 and places.max() < step.classes):
        raise ValueError(f"values must be from 0 to {step.classes - 1}")
    rows = np.zeros((*array.shape, step.classes), np.float32)
    np.put_along_axis(rows, places[..., np.newaxis], 1, axis=-1)
    return rows


def _fill(step: Fill, array: Array) -> Array:
    if array.dtype.kind != "f":  # nothing is missing, but another sample's filled value may be a fraction
        return array.astype(with_gaps(array.dtype.name))
    empty = np.isnan(array)
    if not empty.any():
        return array
    filled: Array = np.where(empty, step.values.array, array).astype(array.dtype, copy=False)
    return filled


def _normalise(step: Normalise, array: Array) -> Array:
    found: Array = np.subtract(array, step.subtract.array, dtype=np.float32)
    found *= step.factor.array
    if step.offset:
        found += np.float32(step.offset)
    return found


def _project(step: Project, array: Array) -> Array:
    flat = np.subtract(array.reshape(len(array), -1), step.mean.array, dtype=np.float32)
    # one product for each sample: how a sample is rounded must not depend on those beside it
    rows = [row @ step.matrix.array for row in flat]
    made = np.stack(rows) if rows else np.empty((0, step.matrix.shape[1]), np.float32)
    return made.reshape(len(array), *step.shape)


_DOES: dict[type[Any], Callable[[Any, Array], Array]] = {
    Reshape: _reshape,
    Scale: _scale,
    Cast: _cast,
    OneHot: _one_hot,
    Fill: _fill,
    Normalise: _normalise,
    Project: _project,
    Resize: lambda step, array: resize(array, step.height, step.width, step.method),
    Channels: lambda step, array: channels(array, step.order),
    Tokens: lambda step, array: tokens(step, array),
}
