"""Functions of each value and reductions that are Caffe's, by its caffe.proto."""

import math

import numpy as np

from visualnn_shared.reference.calling import Array, Call, forward
from visualnn_shared.reference.layers.functions import axes_of, softplus


def _affine(c: Call) -> Array:
    return np.asarray(c.p["shift"] + c.p["scale"] * c.x)


def _log_of_base(c: Call) -> float:
    """-1 stands for e."""
    return 1.0 if c.p["base"] == -1 else math.log(c.p["base"])


@forward("AbsVal")
def absolute(c: Call) -> Array:
    """|x|."""
    return np.abs(c.x)


@forward("Power")
def power(c: Call) -> Array:
    """(shift + scale x) ^ power."""
    found: Array = _affine(c) ** c.p["power"]
    return found


@forward("Exp")
def exp(c: Call) -> Array:
    """base ^ (shift + scale x)."""
    return np.asarray(np.exp(_affine(c) * _log_of_base(c)))


@forward("Log")
def log(c: Call) -> Array:
    """log(shift + scale x) to the base."""
    found: Array = np.log(_affine(c)) / _log_of_base(c)
    return found


@forward("BNLL")
def bnll(c: Call) -> Array:
    """log(1 + e^x)."""
    return softplus(c.x)


@forward("Threshold")
def threshold(c: Call) -> Array:
    """1 above the threshold, else 0."""
    return np.asarray(c.x > c.p["threshold"], np.float64)


@forward("Clip")
def clip(c: Call) -> Array:
    """min(max(x, min), max)."""
    return np.asarray(np.clip(c.x, c.p["min"], c.p["max"]))


@forward("Reduction")
def reduction(c: Call) -> Array:
    """``coeff`` times a sum or mean along axes; without them all but the batch."""
    each = {"ASUM": np.abs, "SUMSQ": np.square}.get(c.p["operation"], np.asarray)(c.x)
    axes = tuple(range(1, c.x.ndim)) if c.p["axis"] is None else axes_of(c.p["axis"], c.x.ndim)
    found: Array = c.p["coeff"] * (each.mean(axes) if c.p["operation"] == "MEAN" else each.sum(axes))
    return found


@forward("ArgMax")
def arg_max(c: Call) -> Array:
    """Places of the largest values, of equal ones the last first; or, or beside them, the values."""
    axis, count = c.p["axis"], c.p["top_k"]
    x = c.x.reshape(len(c.x), -1) if axis is None else np.moveaxis(c.x, axis, -1)
    places = x.shape[-1] - 1 - np.argsort(-x[..., ::-1], -1, kind="stable")[..., :count]
    values = np.take_along_axis(x, places, -1)
    if axis is None:
        both = [places, values] if c.p["out_max_val"] else [places]
        return np.stack(both, 1).astype(np.float64)
    return np.moveaxis(values if c.p["out_max_val"] else places, -1, axis).astype(np.float64)
