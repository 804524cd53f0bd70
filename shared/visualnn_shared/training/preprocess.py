"""Doing what a Serving says: NumPy only, over whole batches at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.training.serving import Cast, OneHot, Reshape, Scale, Serving, Step


def apply(steps: Sequence[Step], array: NDArray[Any]) -> NDArray[Any]:
    """``array`` (samples along the first axis) after ``steps``, in order. The argument is never changed."""
    for step in steps:
        array = _one(step, array)
    return array


def apply_inputs(serving: Serving, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The model's inputs from raw ones, by input name."""
    return {spec.name: apply(serving.preprocessing.get(spec.name, ()), arrays[spec.name]) for spec in serving.inputs}


def _one(step: Step, array: NDArray[Any]) -> NDArray[Any]:
    if isinstance(step, Reshape):
        return array.reshape(len(array), *step.shape)
    if isinstance(step, Scale):
        scaled: NDArray[Any] = np.multiply(array, np.float32(step.factor), dtype=np.float32)
        if step.offset:
            scaled += np.float32(step.offset)
        return scaled
    if isinstance(step, Cast):
        return array.astype(step.dtype, copy=False)
    assert isinstance(step, OneHot)
    rows = np.zeros((*array.shape, step.classes), np.float32)
    np.put_along_axis(rows, array.astype(np.int64)[..., np.newaxis], 1, axis=-1)
    return rows
