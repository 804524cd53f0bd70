"""Caffe's functions of each value, reductions and searches; activations of several operators."""

from collections.abc import Callable
from math import log

import numpy as np

from visualnn_converter.formats.onnx.composed.normal import file_axes
from visualnn_converter.formats.onnx.emission import Emission
from visualnn_converter.formats.onnx.graph import Value

_LAST = np.iinfo(np.int64).min


def _affine(e: Emission) -> str:
    """shift + scale x."""
    name = e.inputs[0].name
    name = e.op("Mul", name, float(e.p["scale"])) if e.p["scale"] != 1 else name
    return str(e.op("Add", name, float(e.p["shift"])) if e.p["shift"] != 0 else name)


def power(e: Emission) -> list[Value]:
    """(shift + scale x) ^ power."""
    exponent = float(e.p["power"])
    return [e.made(e.op("Pow", _affine(e), exponent) if exponent != 1 else e.op("Identity", _affine(e)))]


def _log_of_base(e: Emission) -> float:
    return 1.0 if e.p["base"] == -1 else log(e.p["base"])


def exponential(e: Emission) -> list[Value]:
    """base ^ (shift + scale x)."""
    factor = _log_of_base(e)
    return [e.made(e.op("Exp", e.op("Mul", _affine(e), factor) if factor != 1 else _affine(e)))]


def logarithm(e: Emission) -> list[Value]:
    """log of (shift + scale x) to the base."""
    found = e.op("Log", _affine(e))
    return [e.made(e.op("Div", found, _log_of_base(e)) if e.p["base"] != -1 else found)]


def above(e: Emission) -> list[Value]:
    """Threshold: 1 where x is above, else 0."""
    return [e.made(e.op("Cast", e.op("Greater", e.inputs[0], float(e.p["threshold"])), to=1))]


_REDUCTIONS = {"SUM": "ReduceSum", "ASUM": "ReduceL1", "SUMSQ": "ReduceSumSquare", "MEAN": "ReduceMean"}
_EACH = {"SUM": "Identity", "ASUM": "Abs", "SUMSQ": "Mul", "MEAN": "Identity"}


def reduction(e: Emission) -> list[Value]:
    """A sum or a mean along axes that vanish, times ``coeff``."""
    value, operation = e.inputs[0], e.p["operation"]
    axes = list(range(1, value.rank)) if e.p["axis"] is None else file_axes(e, e.p["axis"])
    if axes:
        found = e.op(_REDUCTIONS[operation], value, axes, keepdims=0)
    else:  # ONNX takes no axes for all of them
        found = e.op(_EACH[operation], *[value] * (2 if operation == "SUMSQ" else 1))
    kept = [axis for place, axis in enumerate(e.label) if place not in axes]
    label = tuple(sorted(kept).index(axis) for axis in kept)
    return [e.made(e.op("Mul", found, float(e.p["coeff"])), label=label)]


def largest(e: Emission) -> list[Value]:
    """ArgMax. TopK takes the first of equal values, Caffe the last: the axis is searched from its end."""
    p, value = e.p, e.inputs[0]
    axis = 1 if p["axis"] is None else file_axes(e, p["axis"])[0]
    searched = value.name if p["axis"] is not None else e.op("Flatten", e.plain(), axis=1)
    back = e.op("Slice", searched, [-1], [_LAST], [axis], [-1])
    values, places = e.op("TopK", back, [p["top_k"]], outputs=2, axis=axis)
    size = e.op("Shape", searched, start=axis, end=axis + 1)
    places = e.op("Cast", e.op("Sub", e.op("Sub", size, [1]), places), to=1)
    if p["axis"] is not None:
        return [e.made(values if p["out_max_val"] else places, label=e.label)]
    rows = [e.op("Unsqueeze", one, [1]) for one in ([places, values] if p["out_max_val"] else [places])]
    return [e.made(e.op("Concat", *rows, axis=1), label=(0, 1, 2))]


def squareplus(e: Emission) -> list[Value]:
    """(x + sqrt(x x + 4)) / 2."""
    value = e.inputs[0]
    root = e.op("Sqrt", e.op("Add", e.op("Mul", value, value), 4.0))
    return [e.made(e.op("Div", e.op("Add", value, root), 2.0))]


def sparse_plus(e: Emission) -> list[Value]:
    """0 up to -1, (x + 1)^2 / 4 up to 1, then x."""
    value = e.inputs[0]
    inside = e.op("Clip", value, -1.0, 1.0)
    more = e.op("Add", inside, 1.0)
    curve = e.op("Div", e.op("Mul", more, more), 4.0)
    return [e.made(e.op("Add", curve, e.op("Relu", e.op("Sub", value, 1.0))))]


def sparsemax(e: Emission) -> list[Value]:
    """max(x - tau, 0) along the last axis, with the tau of Keras.

    Keras adds up all running sums of the largest values where the paper (Martins and Astudillo 2016) takes the last.
    """
    value = e.inputs[0]
    axis = e.label.index(value.rank - 1)
    size = e.size(value, axis)
    ordered, _ = e.op("TopK", value, size, outputs=2, axis=axis)
    sums = e.op("CumSum", ordered, e.graph.constant("int64", axis))
    start, step = (e.graph.constant("int64", n) for n in (1, 1))
    numbers = e.op("Range", start, e.op("Add", e.op("Squeeze", size, [0]), step), step)
    shape = [-1 if place == axis else 1 for place in range(value.rank)]
    ranks = e.op("Reshape", e.op("Cast", numbers, to=1), shape)
    inside = e.op("Greater", e.op("Add", e.op("Mul", ranks, ordered), 1.0), sums)
    inside = e.op("Cast", inside, to=1)
    count = e.op("ReduceSum", inside, [axis])
    total = e.op("ReduceSum", e.op("Mul", inside, sums), [axis])
    tau = e.op("Div", e.op("Sub", total, 1.0), count)
    return [e.made(e.op("Relu", e.op("Sub", value, tau)))]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (
    power, exponential, logarithm, above, reduction, largest, squareplus, sparse_plus, sparsemax,
)  # fmt: skip
