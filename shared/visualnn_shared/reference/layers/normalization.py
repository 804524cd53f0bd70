"""Normalisation: values less a mean, divided by a deviation, times a factor and plus a summand that are learnt."""

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.functions import along, axes_of
from visualnn_shared.reference.layers.windows import padded, taps


def _scaled(c: Call, x: Array, axis: object) -> Array:
    """``x * gamma + beta`` along the axes, of those that the layer has."""
    if "gamma" in c.w:
        x = x * along(c.w["gamma"], axis, x)
    return x + along(c.w["beta"], axis, x) if "beta" in c.w else x


@forward("BatchNormalization")
def batch(c: Call) -> Array:
    """With the statistics that training has gathered. Ioffe and Szegedy 2015, algorithm 2."""
    axis = c.p["axis"]
    mean, variance = (along(c.w[name], axis, c.x) for name in ("moving_mean", "moving_variance"))
    return _scaled(c, (c.x - mean) / np.sqrt(variance + c.p["epsilon"]), axis)


@forward("LayerNormalization")
def layer(c: Call) -> Array:
    """Over the axes of each sample. Ba, Kiros and Hinton 2016, equation 4."""
    axes = axes_of(c.p["axis"], c.x.ndim)
    mean, variance = c.x.mean(axes, keepdims=True), c.x.var(axes, keepdims=True)
    return _scaled(c, (c.x - mean) / np.sqrt(variance + c.p["epsilon"]), c.p["axis"])


@forward("GroupNormalization")
def group(c: Call) -> Array:
    """Over each sample's groups of channels and all other axes. Wu and He 2018, equation 2; -1: a channel a group."""
    moved = np.moveaxis(c.x, c.p["axis"], -1)
    groups = moved.shape[-1] if c.p["groups"] == -1 else c.p["groups"]
    apart = moved.reshape(*moved.shape[:-1], groups, -1)
    axes = (*range(1, apart.ndim - 2), apart.ndim - 1)
    mean, variance = apart.mean(axes, keepdims=True), apart.var(axes, keepdims=True)
    found = ((apart - mean) / np.sqrt(variance + c.p["epsilon"])).reshape(moved.shape)
    return _scaled(c, np.moveaxis(found, -1, c.p["axis"]), c.p["axis"])


@forward("RMSNormalization")
def root_mean_square(c: Call) -> Array:
    """Divided by the root of the mean square. Zhang and Sennrich 2019, equation 4."""
    axes = axes_of(c.p["axis"], c.x.ndim)
    found = c.x / np.sqrt((c.x**2).mean(axes, keepdims=True) + c.p["epsilon"])
    return np.asarray(found * along(c.w["scale"], c.p["axis"], c.x))


@forward("UnitNormalization")
def unit(c: Call) -> Array:
    """Divided by the Euclidean length."""
    axes = axes_of(c.p["axis"], c.x.ndim)
    found: Array = c.x / np.maximum(np.sqrt((c.x**2).sum(axes, keepdims=True)), 1e-12)
    return found


@forward("LRN")
def local_response(c: Call) -> Array:
    """x / (k + alpha / n * sum of squares of n neighbours) ^ beta. Krizhevsky et al. 2012, section 3.3, with Caffe's
    division of alpha: by n across channels, by n^2 in the n x n square within one.
    """
    n = c.p["local_size"]
    half = (n - 1) // 2
    if c.p["norm_region"] == "ACROSS_CHANNELS":
        squares = np.pad(c.x**2, [(0, 0)] * (c.x.ndim - 1) + [(half, half)])
        total = sum(squares[..., i : i + c.x.shape[-1]] for i in range(n)) / n
    else:
        squares = padded(c.x**2, [(half, half)] * 2)
        total = sum(one for _cell, one in taps(squares, (n, n), (1, 1))) / n**2
    found: Array = c.x / (c.p["k"] + c.p["alpha"] * total) ** c.p["beta"]
    return found


@forward("MVN")
def mean_variance(c: Call) -> Array:
    """(x - mean) / (deviation + eps) of each sample's channels, or across them."""
    axes = tuple(range(1, c.x.ndim if c.p["across_channels"] else c.x.ndim - 1))
    centred = c.x - c.x.mean(axes, keepdims=True)
    if not c.p["normalize_variance"]:
        return np.asarray(centred)
    return np.asarray(centred / (np.sqrt((centred**2).mean(axes, keepdims=True)) + c.p["eps"]))


@forward("Scale")
def scale(c: Call) -> Array:
    """x gamma + beta along its axes."""
    return _scaled(c, c.x, c.p["axis"])


@forward("BiasAdd")
def bias_add(c: Call) -> Array:
    """x + bias along its axes."""
    return c.x + along(c.w["bias"], c.p["axis"], c.x)


@forward("LayerScale")
def layer_scale(c: Call) -> Array:
    """A factor for each channel. Touvron et al. 2021, section 2.1."""
    return c.x * c.w["gamma"]
