"""Layers that are a function of each value, or of each row."""

import numpy as np

from visualnn_shared.reference.calling import Array, Call, Refused, forward
from visualnn_shared.reference.layers.functions import activated, axes_of, elu, leaky, softmax


@forward("Activation")
def activation(c: Call) -> Array:
    """By name."""
    return activated(c.x, c.p["activation"])


_NAMED = {
    "SELU": "selu", "Softplus": "softplus", "Softsign": "softsign", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "HardSigmoid": "hard_sigmoid", "GELU": "gelu", "Swish": "silu",
}  # fmt: skip


@forward(*_NAMED)
def named(c: Call) -> Array:
    """Layers whose type says which activation."""
    return activated(c.x, _NAMED[c.type])


@forward("ReLU")
def relu(c: Call) -> Array:
    """x from ``threshold`` on, negative_slope (x - threshold) below, at most ``max_value``."""
    slope, threshold, most = c.p["negative_slope"], c.p["threshold"], c.p["max_value"]
    found: Array = np.where(c.x > threshold, c.x, slope * (c.x - threshold) if slope else 0 * c.x)
    return found if most is None else np.minimum(found, most)


@forward("LeakyReLU")
def leaky_relu(c: Call) -> Array:
    """x above 0, negative_slope x below."""
    return leaky(c.x, c.p["negative_slope"])


@forward("ELU")
def elu_layer(c: Call) -> Array:
    """x above 0, alpha (e^x - 1) below."""
    return elu(c.x, c.p["alpha"])


@forward("PReLU")
def prelu(c: Call) -> Array:
    """A slope that is learnt below 0, for each place or shared along axes. He et al. 2015, equation 1."""
    return leaky(c.x, c.w["alpha"])


@forward("ThresholdedReLU")
def thresholded(c: Call) -> Array:
    """x above ``theta``, else 0. Konda, Memisevic and Krueger 2014."""
    found: Array = np.where(c.x > c.p["theta"], c.x, 0)
    return found


@forward("Softmax")
def softmax_layer(c: Call) -> Array:
    """Shares along one axis or several."""
    if c.mask is not None and c.mask.ndim < c.x.ndim:
        raise Refused("no mask of steps must reach a Softmax layer")
    if c.mask is None:
        return softmax(c.x, axes_of(c.p["axis"], c.x.ndim))
    shares = softmax(np.where(c.mask, c.x, -1e9), axes_of(c.p["axis"], c.x.ndim))
    found: Array = np.where(c.mask, shares, 0)
    return found
