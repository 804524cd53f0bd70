"""A running average of the weights (``use_ema``): measured on the validation samples, and what a training leaves.

Keras gives a net its averages at the end of each ``fit``. A training that goes on in the middle of an epoch is two of
them, so here it is done once, at the very end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def averages(model: keras.Model) -> list[tuple[keras.Variable, keras.Variable]]:
    """(weight, its running average) of each trained weight; empty where none is kept."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if not getattr(optimizer, "use_ema", False):
        return []
    return list(zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True))


def _array(variable: keras.Variable) -> NDArray[Any]:
    return np.array(keras.ops.convert_to_numpy(variable.value))


def averaged(model: keras.Model) -> list[NDArray[Any]]:
    """Copies of all the model's variables, in order, averages in the place of trained weights."""
    found = {id(weight): average for weight, average in averages(model)}
    return [_array(found.get(id(variable), variable)) for variable in model.variables]


def settle_averages(model: keras.Model) -> None:
    """Give the net its averages."""
    for weight, average in averages(model):
        weight.assign(_array(average))


@contextmanager
def held(model: keras.Model) -> Iterator[None]:
    """Inside, ``fit`` leaves the weights as they are at its end."""
    optimizer = model.optimizer
    optimizer.finalize_variable_values = lambda _variables: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


class MeasureAverages(keras.callbacks.Callback):  # type: ignore[misc]
    """The net has its averages while it is validated. Nothing is lost by rounding, as by Keras' own swap."""

    def __init__(self) -> None:
        super().__init__()
        self._weights: list[NDArray[Any]] = []

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        pairs = averages(self.model)
        self._weights = [_array(weight) for weight, _average in pairs]
        settle_averages(self.model)

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        for (weight, _average), before in zip(averages(self.model), self._weights, strict=True):
            weight.assign(before)
