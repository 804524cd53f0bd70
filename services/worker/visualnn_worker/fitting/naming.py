"""Keras' names of losses and metrics as a job tells them.

With one output they are the same. With several Keras puts the output's layer before each: of the first output we tell
``accuracy``, of the others ``aux_accuracy``; of every output ``aux_loss``, the layer named as in the spec.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import keras
from visualnn_shared.training.names import Metric

from visualnn_worker.network.build import Network
from visualnn_worker.network.names import keras_name

Logs = dict[str, float]
_METRICS = frozenset(get_args(Metric))


def told(network: Network, logs: Mapping[str, Any] | None) -> Logs:
    """The values of Keras' logs under our names."""
    logs = logs or {}
    refs = [ref for ref, _shape in network.resolved.outputs]
    if len(refs) == 1:
        return {name: float(value) for name, value in logs.items()}
    names: dict[str, str] = {}
    for place, ref in enumerate(refs):
        prefix = f"{keras_name(ref.layer)}_"
        names[f"{prefix}loss"] = f"{ref}_loss"
        for name in (one.removeprefix("val_") for one in logs):
            plain = name.removeprefix(prefix)
            if plain in _METRICS and name != plain:
                names[name] = plain if place == 0 else f"{ref}_{plain}"
    return {_renamed(name, names): float(value) for name, value in logs.items()}


def _renamed(name: str, names: Mapping[str, str]) -> str:
    lead = "val_" if name.startswith("val_") else ""
    return lead + names.get(name.removeprefix("val_"), name.removeprefix("val_"))


class Renamed(keras.callbacks.Callback):  # type: ignore[misc]
    """Callbacks that are told of batches and epochs in our names."""

    def __init__(self, network: Network, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        super().__init__()
        self._network = network
        self._callbacks = callbacks

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        for callback in self._callbacks:
            callback.set_model(model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        named = told(self._network, logs)
        for callback in self._callbacks:
            callback.on_train_batch_end(batch, named)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        named = told(self._network, logs)
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, named)
