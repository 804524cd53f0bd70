"""What every item of a check works with: the plan, some samples, and nets that are built for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.choose import Plan
from visualnn_shared.training.recipe import CheckParams

from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.network.build import Network, build


@dataclass(frozen=True, slots=True)
class Bench:
    """A net, its loss and its samples, before anything is learnt."""

    spec: Spec
    planned: Plan
    params: CheckParams
    samples: Samples
    """Of the training split: as many as are learnt by heart, of as many classes as there are."""
    many: Samples
    """More of them, to look at values."""
    network: Network
    """Built and compiled as a training would."""

    def rebuilt(self, spec: Spec, precision: str = "float32") -> Network:
        """Another net for the same samples and loss."""
        network = build(spec, self.params.seed, precision=precision)
        compile_model(network, self.planned.params, serving=self.planned.serving)
        return network

    def batch(self, samples: Samples) -> tuple[Any, Any]:
        """(inputs, labels) of all of them, as the net and its loss take them."""
        return self.network.pack(samples.inputs(slice(None))), samples.labels(slice(None))


def spread(samples: Samples, count: int, seed: int) -> Samples:
    """So many samples, drawn from all: stored ones are often sorted by class."""
    rows = np.random.default_rng([seed, 2]).permutation(len(samples))[:count]
    return samples.part(np.sort(rows))


def data_loss(network: Network, inputs: Any, labels: Any) -> float:
    """The loss without the penalties of regularizers, as the net is when it is not trained."""
    outputs = network.model(inputs, training=False)
    return float(network.model.compute_loss(inputs, labels, outputs, training=False)) - penalty(network)


def penalty(network: Network) -> float:
    """What regularizers add to the loss."""
    return float(sum(float(keras.ops.convert_to_numpy(one)) for one in network.model.losses))


_QUIET: Mapping[str, Any] = {"rate": 0.0, "stddev": 0.0, "drop_path_rate": 0.0}


def plain(spec: Spec) -> Spec:
    """The net without regularizers and dropout, so that only what it can express keeps it from learning by heart."""
    return spec.model_copy(update={"layers": tuple(_plain(layer) for layer in spec.layers)})


def _plain(layer: Layer) -> Layer:
    noisy = "Dropout" in layer.type or layer.type in ("GaussianNoise", "StochasticDepth")
    params = {
        name: 0.0 if (noisy and name in _QUIET) or (name in ("dropout", "recurrent_dropout") and value) else value
        for name, value in layer.params.items()
        if not name.endswith("_regularizer")
    }
    return layer.model_copy(update={"params": params})


def numbers(array: Any) -> NDArray[Any]:
    """A tensor as NumPy has it."""
    found: NDArray[Any] = np.asarray(keras.ops.convert_to_numpy(array))
    return found
