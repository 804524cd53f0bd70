"""Normalisation and scaling: sums and products along axes, in whatever order the input has them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.steps import Array

from visualnn_converter.formats.onnx.emission import Emission, axes_of, fixed
from visualnn_converter.formats.onnx.graph import Value

KERAS_EPSILON = 1e-7
"""``keras.backend.epsilon()``: what Normalization's deviation is at least."""


def file_axes(e: Emission, axis: object) -> list[int]:
    """Spec axes as axes of the first input as it lies."""
    return [e.label.index(found) for found in sorted(axes_of(axis, e.inputs[0].rank))]


def grouped(e: Emission) -> list[Value]:
    """GroupNormalization: groups as the channels of an InstanceNormalization, then gamma and beta of each channel."""
    value, groups = e.inputs[0], e.p["groups"]
    axis = axes_of(e.p["axis"], value.rank)
    cells = value.shape[axis[0] - 1]
    groups = fixed(cells) if groups == -1 else groups
    apart = e.reshaped(value, [0, groups, -1])
    ones, zeros = (e.constant(np.full(groups, fill, np.float32)) for fill in (1, 0))
    found = e.op("InstanceNormalization", apart, ones, zeros, epsilon=float(e.p["epsilon"]))
    found = e.op("Reshape", found, e.op("Shape", value))
    gamma, beta = e.along("gamma", axis, e.label), e.along("beta", axis, e.label)
    found = e.op("Mul", found, gamma) if gamma else found
    return [e.made(e.op("Add", found, beta) if beta else found)]


def root_mean_square(e: Emission) -> list[Value]:
    """RMSNormalization: x / sqrt(mean(x x) + epsilon) * scale."""
    value = e.inputs[0]
    mean = e.op("ReduceMean", e.op("Mul", value, value), file_axes(e, e.p["axis"]))
    found = e.op("Div", value, e.op("Sqrt", e.op("Add", mean, float(e.p["epsilon"]))))
    return [e.made(e.op("Mul", found, e.along("scale", axes_of(e.p["axis"], value.rank), e.label)))]


def to_unit_length(e: Emission, value: Value | str, axes: Sequence[int]) -> str:
    """x times the least of 1 / |x| and 1e12, as Keras has it."""
    square = e.op("ReduceSum", e.op("Mul", value, value), list(axes))
    inverse = e.op("Min", e.op("Reciprocal", e.op("Sqrt", square)), 1e12)
    return str(e.op("Mul", value, inverse))


def unit(e: Emission) -> list[Value]:
    """UnitNormalization."""
    return [e.made(to_unit_length(e, e.inputs[0], file_axes(e, e.p["axis"])))]


def spread(e: Emission, array: Array, axes: Sequence[int]) -> str:
    """An array over some spec axes as a constant that broadcasts over the first input as it lies."""
    value = e.inputs[0]
    shape = [1] * value.rank
    for size, axis in zip(array.shape, sorted(axes), strict=True):
        shape[axis] = size
    return e.constant(np.ascontiguousarray(array.reshape(shape).transpose(e.label), np.float32))


def _number(e: Emission, given: Any) -> str:
    """One number, or one for each cell of the last axis."""
    return spread(e, np.asarray(given, np.float32), [e.inputs[0].rank - 1] if isinstance(given, tuple) else [])


def rescaled(e: Emission) -> list[Value]:
    """x * scale + offset."""
    found = e.op("Mul", e.inputs[0], _number(e, e.p["scale"]))
    return [e.made(e.op("Add", found, _number(e, e.p["offset"])))]


def standardized(e: Emission) -> list[Value]:
    """Normalization: (x - mean) / max(sqrt(variance), 1e-7), or the inverse."""
    value, p = e.inputs[0], e.p
    axes = [] if p["axis"] is None else axes_of(p["axis"], value.rank)
    if p["mean"] is None:
        mean = e.along("mean", axes, e.label)
        root = e.op("Sqrt", e.along("variance", axes, e.label))
        deviation = e.op("Max", root, KERAS_EPSILON)
    else:
        kept = tuple(fixed(value.shape[axis - 1]) for axis in sorted(axes))
        given = [np.broadcast_to(np.asarray(p[name], np.float32), kept) for name in ("mean", "variance")]
        mean = spread(e, given[0], axes)
        deviation = spread(e, np.maximum(np.sqrt(given[1]), np.float32(KERAS_EPSILON)), axes)
    if p["invert"]:
        return [e.made(e.op("Add", mean, e.op("Mul", value, deviation)))]
    return [e.made(e.op("Div", e.op("Sub", value, mean), deviation))]


def mean_and_variance(e: Emission) -> list[Value]:
    """MVN: (x - mean) / (deviation + eps) of each sample."""
    value = e.inputs[0]
    axes = list(range(1, value.rank)) if e.p["across_channels"] else file_axes(e, tuple(range(1, value.rank - 1)))
    found = e.op("Sub", value, e.op("ReduceMean", value, axes))
    if e.p["normalize_variance"]:
        deviation = e.op("Sqrt", e.op("ReduceMean", e.op("Mul", found, found), axes))
        found = e.op("Div", found, e.op("Add", deviation, float(e.p["eps"])))
    return [e.made(found)]


def layer_scale(e: Emission) -> list[Value]:
    """x * gamma along the last axis."""
    return [e.made(e.op("Mul", e.inputs[0], e.along("gamma", [e.inputs[0].rank - 1], e.label)))]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (
    grouped, root_mean_square, unit, rescaled, standardized, mean_and_variance, layer_scale,
)  # fmt: skip
