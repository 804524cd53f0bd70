"""Weights drawn for a net without any, under which its outputs depend on its inputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.drawing import draw_inputs, draw_weights

_SAMPLES = 4


def calibrated(spec: Spec, seed: int) -> dict[str, NDArray[Any]]:
    """Drawn weights; each batch normalisation has the mean and variance of what reaches it, as after training.

    Without that, values of deep networks vanish or grow, they answer the same whatever they are shown, and a wrong
    layer would not be seen. Where Keras is not there or cannot run the net, the weights are as drawn.
    """
    weights = draw_weights(spec, seed)
    try:
        from visualnn_worker.network.build import build
        from visualnn_worker.network.weights import set_weights, variables
    except ImportError:
        return weights
    if not any(layer.type == "BatchNormalization" for layer in spec.layers):
        return weights
    try:
        network = build(spec)
        set_weights(network, weights)
        for owner in network.owners.values():
            if type(owner).__name__ == "BatchNormalization":
                owner.momentum = 0.0  # the moving statistics become those of one batch
        network.model(network.pack(draw_inputs(spec, seed + 1, _SAMPLES)), training=True)
    except Exception:  # noqa: BLE001 - whatever Keras cannot run is said where both sides are run
        return weights
    return {name: _array(variable) for name, variable in variables(network).items()}


def _array(variable: Any) -> NDArray[Any]:
    from keras import ops

    return np.array(
        ops.convert_to_numpy(ops.add(variable, 0.0))
    )  # NumPy warns of TensorFlow's variables, not of tensors
