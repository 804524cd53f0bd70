"""Activations by name, and what several layers share."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from visualnn_shared.reference.calling import Array
from visualnn_shared.reference.layers.erf import erf

Axis = int | tuple[int, ...]


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without overflow on either side."""
    small = np.exp(-np.abs(x))
    found: Array = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return found


def softplus(x: Array) -> Array:
    """log(1 + e^x). Dugas et al. 2000."""
    found: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return found


def softmax(x: Array, axis: Axis = -1) -> Array:
    """e^x as shares of their sum along ``axis``. Bridle 1990."""
    shares = np.exp(x - x.max(axis, keepdims=True))
    found: Array = shares / shares.sum(axis, keepdims=True)
    return found


def log_softmax(x: Array) -> Array:
    """x - log(sum of e^x) along the last axis."""
    moved = x - x.max(-1, keepdims=True)
    found: Array = moved - np.log(np.exp(moved).sum(-1, keepdims=True))
    return found


def relu(x: Array) -> Array:
    """max(x, 0). Fukushima 1969, Nair and Hinton 2010."""
    found: Array = np.maximum(x, 0)
    return found


def leaky(x: Array, slope: Any) -> Array:
    """x above 0, slope times x below. Maas, Hannun and Ng 2013."""
    found: Array = np.where(x > 0, x, slope * x)
    return found


def elu(x: Array, alpha: float = 1.0) -> Array:
    """x above 0, alpha (e^x - 1) below. Clevert, Unterthiner and Hochreiter 2015."""
    found: Array = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return found


def selu(x: Array) -> Array:
    """ELU with the constants that keep mean 0 and variance 1. Klambauer et al. 2017, equation 2."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def gelu(x: Array) -> Array:
    """x times the normal distribution's share below x. Hendrycks and Gimpel 2016, section 2."""
    return np.asarray(x * 0.5 * (1 + erf(x / math.sqrt(2))))


def silu(x: Array) -> Array:
    """x sigmoid(x). Ramachandran, Zoph and Le 2017."""
    return x * sigmoid(x)


def hard_sigmoid(x: Array) -> Array:
    """min(max(x + 3, 0), 6) / 6. Howard et al. 2019, section 5.2."""
    found: Array = np.clip(x + 3, 0, 6) / 6
    return found


def sparsemax(x: Array) -> Array:
    """max(x - tau, 0) along the last axis, with Keras' tau: it sums the partial sums of the support, where the paper
    (Martins and Astudillo 2016, algorithm 1) takes the last one. Nets were trained with Keras'.
    """
    ranked = -np.sort(-x, -1)
    sums = ranked.cumsum(-1)
    support = 1 + np.arange(1, x.shape[-1] + 1) * ranked > sums
    tau = ((sums * support).sum(-1, keepdims=True) - 1) / support.sum(-1, keepdims=True)
    found: Array = np.maximum(x - tau, 0)
    return found


def _sparse_plus(x: Array) -> Array:
    found: Array = np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))
    return found


def _mish(x: Array) -> Array:
    found: Array = x * np.tanh(softplus(x))
    return found


def _squareplus(x: Array) -> Array:
    found: Array = (x + np.sqrt(x * x + 4)) / 2
    return found


ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": relu,
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: leaky(x, 0.2),
    "elu": elu,
    "selu": selu,
    "celu": elu,  # of alpha 1, where both are the same
    "gelu": gelu,
    "silu": silu,
    "mish": _mish,  # Misra 2019
    "sigmoid": sigmoid,
    "hard_sigmoid": hard_sigmoid,
    "log_sigmoid": lambda x: -softplus(-x),
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "tanh": np.tanh,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "softmax": softmax,
    "log_softmax": log_softmax,
    "sparsemax": sparsemax,
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
    "squareplus": _squareplus,  # Barron 2021
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
}
"""By the catalogue's names; none has parameters."""


def activated(x: Array, name: str) -> Array:
    """The activation of this name of ``x``."""
    return ACTIVATIONS[name](x)


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """Axes counted with the batch (0) from the front, in increasing order."""
    given = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted(one % rank for one in given))


def along(weight: Array, axis: Any, x: Array) -> Array:
    """A weight of the sizes of some axes of ``x``, with an axis of 1 wherever it has none."""
    axes = axes_of(axis, x.ndim)
    return weight.reshape([weight.shape[axes.index(i)] if i in axes else 1 for i in range(x.ndim)])
