"""Weights that are kept on the way, after the epochs that the recipe names."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from visualnn_worker.fitting.averaging import averages
from visualnn_worker.network.build import Network
from visualnn_worker.network.safetensors import Tensors
from visualnn_worker.network.weights import variables

_SNAPSHOT = "snapshot/"
Arrays = dict[str, NDArray[Any]]


class Snapshots(keras.callbacks.Callback):  # type: ignore[misc]
    """Copies of the weights, running averages in the place of those that are averaged."""

    def __init__(self, network: Network, epochs: tuple[int, ...], arrays: Arrays) -> None:
        """``arrays`` are those of the checkpoint that is gone on from; empty at the beginning."""
        super().__init__()
        self._network = network
        self._epochs = frozenset(epochs)
        self.arrays = {name: array for name, array in arrays.items() if name.startswith(_SNAPSHOT)}
        """``snapshot/EPOCH/LAYER/VARIABLE``; part of every checkpoint."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        if epoch + 1 not in self._epochs:
            return
        found = {id(weight): average for weight, average in averages(self._network.model)}
        taken = {
            f"{_SNAPSHOT}{epoch + 1}/{name}": np.array(keras.ops.convert_to_numpy(found.get(id(v), v).value))
            for name, v in variables(self._network).items()
        }
        self.arrays = {**self.arrays, **taken}

    def tensors(self) -> dict[int, Tensors]:
        """Epoch -> its weights."""
        kept: dict[int, Tensors] = {}
        for name, array in self.arrays.items():
            epoch, _, variable = name.removeprefix(_SNAPSHOT).partition("/")
            kept.setdefault(int(epoch), {})[variable] = array
        return dict(sorted(kept.items()))
