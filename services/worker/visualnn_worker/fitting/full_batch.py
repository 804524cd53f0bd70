"""Training with L-BFGS: each epoch is one step over all samples, whose loss is summed batch by batch."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.recipe import Optimizer

from visualnn_worker.fitting.batches import Batches, Epochs
from visualnn_worker.fitting.lbfgs import Lbfgs, Vector
from visualnn_worker.fitting.naming import told
from visualnn_worker.network.build import Network
from visualnn_worker.network.gradients import gradients_of

_PAIR = "lbfgs/"
Arrays = Mapping[str, NDArray[Any]]


class FullBatch:
    """The net's loss over all samples as a function of its weights, and the optimizer's steps on it."""

    def __init__(self, network: Network, samples: Epochs, optimizer: Optimizer, arrays: Arrays) -> None:
        """``arrays``: of the checkpoint that is gone on from, empty at the beginning."""
        options = optimizer.model_extra or {}
        self._network = network
        self._samples = samples
        self._gradients = gradients_of(network.model)
        self._tolerance = float(options.get("tolerance", 1e-6))
        self._lbfgs = Lbfgs(
            int(options.get("history", 10)), int(options.get("line_search_steps", 20)), float(options["learning_rate"])
        )
        count = sum(name.startswith(f"{_PAIR}s") for name in arrays)
        self._lbfgs.pairs = [(arrays[f"{_PAIR}s{n}"], arrays[f"{_PAIR}y{n}"]) for n in range(count)]
        self._at: tuple[Vector, float, Vector] | None = None

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """What a checkpoint must hold besides the weights."""
        pairs = enumerate(self._lbfgs.pairs)
        return {f"{_PAIR}{which}{n}": array for n, pair in pairs for which, array in zip("sy", pair, strict=True)}

    def step(self) -> tuple[float, bool]:
        """One step: the loss that it leads to, and whether the training is at its end: no step makes it smaller, or the
        gradient's largest entry is below the tolerance."""
        x, f, g = self._at or self._begin()
        new = self._lbfgs.step(x, f, g, self._function)
        self._assign(new[0])
        self._at = new
        return new[1], new[1] == f or float(np.abs(new[2]).max()) <= self._tolerance

    def _begin(self) -> tuple[Vector, float, Vector]:
        arrays = [keras.ops.convert_to_numpy(v.value) for v in self._network.model.trainable_variables]
        x = np.concatenate([array.reshape(-1) for array in arrays]).astype(np.float64)
        return (x, *self._function(x))

    def _assign(self, x: Vector) -> None:
        begin = 0
        for variable in self._network.model.trainable_variables:
            size = int(np.prod(variable.shape))
            variable.assign(x[begin : begin + size].reshape(variable.shape).astype(np.float32))
            begin += size

    def _function(self, x: Vector) -> tuple[float, Vector]:
        """Loss and gradient at ``x``: the mean over all samples, whatever the batches."""
        self._assign(x)
        loss, total, count = 0.0, np.zeros_like(x), 0
        for number in range(self._samples.per_epoch):
            inputs, labels, *weights = self._samples[number]
            size = len(keras.tree.flatten(labels)[0])
            found, gradients = self._gradients(inputs, labels, weights[0] if weights else None)
            loss += size * found
            total += size * np.concatenate([one.reshape(-1) for one in gradients]).astype(np.float64)
            count += size
        return loss / count, total / count


def measured(network: Network, train: Batches, validation: Batches | None) -> dict[str, float]:
    """What ``fit`` would tell of an epoch: metrics after it, of training and validation samples."""
    evaluate = network.model.evaluate
    logs = told(network, evaluate(train, verbose=0, return_dict=True))
    if validation is not None:
        found = told(network, evaluate(validation, verbose=0, return_dict=True))
        logs |= {f"val_{name}": value for name, value in found.items()}
    return logs
