"""One set of weights from several that a training had on its way (Izmailov et al. 2018, "Averaging weights leads to
wider optima and better generalization"): their mean, and statistics of batch normalisation of the net that it makes."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from visualnn_worker.fitting.batches import Batches
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.network.build import Network
from visualnn_worker.network.safetensors import Tensors


def average(members: Sequence[Tensors]) -> Tensors:
    """The mean of each tensor, summed in float64; whole numbers are those of the last."""
    return {name: _mean([one[name] for one in members]) for name in members[0]}


def _mean(arrays: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    if not np.issubdtype(arrays[0].dtype, np.floating):
        return arrays[-1]
    total = np.zeros(arrays[0].shape, np.float64)
    for array in arrays:
        total += array.astype(np.float64)
    mean: NDArray[np.generic] = (total / len(arrays)).astype(arrays[0].dtype)
    return mean


def reestimate(network: Network, samples: Samples, batch_size: int) -> int:
    """Give layers of batch normalisation the mean over all batches of what each batch has; how many layers these are.

    A running mean of the averaged weights' activations was never kept. Frozen layers keep their statistics.
    """
    layers = [one for one in _normalising(network.model) if one.trainable]
    if not layers:
        return 0
    momenta, seen = [one.momentum for one in layers], 0
    batches = Batches(network, samples, batch_size)
    try:
        for place in range(len(batches)):
            inputs = batches[place][0]
            count = min(batch_size, len(samples) - place * batch_size)
            for layer in layers:
                layer.momentum = seen / (seen + count)
            network.model(inputs, training=True)
            seen += count
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    return len(layers)


def _normalising(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    found = model._flatten_layers(include_self=False)
    return [layer for layer in found if isinstance(layer, keras.layers.BatchNormalization)]
