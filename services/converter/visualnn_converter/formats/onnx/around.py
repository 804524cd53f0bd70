"""What one operator cannot say: functions named by a map's ``around``, which add nodes or wiring to it.

Each takes an ``Emission`` and gives the layer's output values.
"""

from collections.abc import Callable, Mapping

import numpy as np
from visualnn_shared.catalogue.maps import Label

from visualnn_converter.formats.onnx.emission import Emission
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity, permuted

Around = Callable[[Emission], list[Value]]
TIME_MAJOR: Label = (1, 0, 2)
_END = np.iinfo(np.int64).min
"""Slice: up to and including the first element, walking back."""


def _axes(axis: object, rank: int) -> list[int]:
    """Spec axes from 0, batch included."""
    return [a % rank for a in (axis if isinstance(axis, tuple) else (axis,)) if isinstance(a, int)]


def add_bias(e: Emission) -> list[Value]:
    """MatMul(x, kernel) + bias: Dense along the last axis of any rank."""
    out, blobs = e.out(), e.blobs()
    product = e.hidden("product") if len(blobs) > 1 else out.name
    e.node("MatMul", [e.inputs[0].name, blobs[0]], product)
    if len(blobs) > 1:
        e.node("Add", [product, blobs[1]], out.name)
    return [out]


def slope(e: Emission) -> list[Value]:
    """PRelu's slope lies along the axes of the input, in whatever order that has."""
    out = e.out()
    rank = e.inputs[0].rank
    e.node("PRelu", [e.inputs[0].name, e.along("alpha", range(1, rank), e.label)], out.name)
    return [out]


def scale_and_shift(e: Emission) -> list[Value]:
    """x * gamma + beta along an axis."""
    out = e.out()
    axes = _axes(e.layer.params["axis"], e.inputs[0].rank)
    gamma, beta = e.along("gamma", axes, e.label), e.along("beta", axes, e.label)
    scaled = e.hidden("scaled") if beta else out.name
    e.node("Mul", [e.inputs[0].name, gamma], scaled)
    if beta:
        e.node("Add", [scaled, beta], out.name)
    return [out]


def along_axis(e: Emission) -> list[Value]:
    """x + bias along an axis."""
    out = e.out()
    axes = _axes(e.layer.params["axis"], e.inputs[0].rank)
    e.node("Add", [e.inputs[0].name, e.along("bias", axes, e.label)], out.name)
    return [out]


def lookup(e: Emission) -> list[Value]:
    """Gather(table, ids); the ids are whole numbers."""
    out = e.out()
    ids = e.inputs[0] if e.inputs[0].dtype in ("int32", "int64") else e.graph.cast(e.inputs[0], "int32")
    e.node("Gather", [*e.blobs(), ids.name], out.name)
    return [out]


def relabel(e: Emission) -> list[Value]:
    """A Permute moves no values: the axes of the same tensor get other meanings."""
    return [e.out(label=permuted(e.label, e.layer.params["dims"]), name=e.inputs[0].name)]


def flattened(e: Emission) -> list[Value]:
    """Global pooling without the axes of one cell that it leaves."""
    out, pooled = e.out(), e.hidden("pooled")
    e.main(pooled)
    e.node("Flatten", [pooled], out.name, axis=1)
    return [out]


def trailing_axes(e: Emission) -> list[Value]:
    """LayerNormalization works on the last axes: those to normalise along are moved there."""
    value = e.inputs[0]
    axes = sorted(_axes(e.layer.params["axis"], value.rank))
    label = (*(axis for axis in range(value.rank) if axis not in axes), *axes)
    e.inputs = [e.graph.moved(value, label)]
    e.written.attributes["axis"] = value.rank - len(axes)
    out = e.out(label=label)
    e.main(out.name)
    return [out]


def weighted(e: Emission) -> list[Value]:
    """A sum of products with constants."""
    out = e.out()
    terms = []
    for number, (value, factor) in enumerate(zip(e.inputs, e.layer.params["coefficients"], strict=True)):
        terms.append(e.hidden(f"term{number}"))
        e.node("Mul", [value.name, e.graph.constant("float32", factor)], terms[-1])
    e.node("Sum", terms, out.name)
    return [out]


def chained(e: Emission) -> list[Value]:
    """A product of more than two."""
    out, product = e.out(), e.inputs[0].name
    for number, value in enumerate(e.inputs[1:], start=1):
        name = out.name if number == len(e.inputs) - 1 else e.hidden(f"product{number}")
        e.node(e.written.op, [product, value.name], name)
        product = name
    return [out]


def times_input(e: Emission) -> list[Value]:
    """x * f(x)."""
    out, gate = e.out(), e.hidden("gate")
    e.main(gate)
    e.node("Mul", [e.inputs[0].name, gate], out.name)
    return [out]


def input_minus(e: Emission) -> list[Value]:
    """x - f(x)."""
    out, part = e.out(), e.hidden("part")
    e.main(part)
    e.node("Sub", [e.inputs[0].name, part], out.name)
    return [out]


def negated(e: Emission) -> list[Value]:
    """-f(-x)."""
    out, inner, part = e.out(), e.hidden("negative"), e.hidden("part")
    e.node("Neg", [e.inputs[0].name], inner)
    e.main(part, first=[inner])
    e.node("Neg", [part], out.name)
    return [out]


def lstm(e: Emission) -> list[Value]:
    """Time first, one direction: Y (steps, 1, batch, units), Y_h and Y_c (1, batch, units).

    Keras' ``go_backwards`` gives the sequence in walked order, ONNX' reverse direction in the original one.
    """
    p, graph = e.layer.params, e.graph
    sequence = graph.moved(e.inputs[0], TIME_MAJOR).name
    if p["go_backwards"] and p["return_sequences"]:
        turned = e.hidden("turned")
        numbers = [graph.constant("int64", [n]) for n in (-1, _END, 0, -1)]
        graph.node("Slice", [sequence, *numbers], turned, turned)
        sequence = turned
    elif p["go_backwards"]:
        e.written.attributes["direction"] = "reverse"
    states = [_with_direction(e, value, number) for number, value in enumerate(e.inputs[1:])]
    blobs = e.blobs()
    blobs += [""] * (3 - len(blobs) if states else 0)
    wanted = [p["return_sequences"], p["return_state"] or not p["return_sequences"], p["return_state"]]
    raw = [e.hidden(f"Y{suffix}") if use else "" for suffix, use in zip(("", "_h", "_c"), wanted, strict=True)]
    outputs = raw[: 3 if raw[2] else 2 if raw[1] else 1]
    inputs = [sequence, *blobs, *(["", *states] if states else [])]
    graph.node("LSTM", inputs, outputs, e.layer.name, **e.written.attributes)
    first = _without(e, raw[0], 1, 0, TIME_MAJOR) if p["return_sequences"] else _without(e, raw[1], 0, 0, (0, 1))
    if not p["return_state"]:
        return [first]
    return [first, _without(e, raw[1], 0, 1, (0, 1)), _without(e, raw[2], 0, 2, (0, 1))]


def _with_direction(e: Emission, value: Value, number: int) -> str:
    """An initial state (batch, units) as (1, batch, units)."""
    name = e.hidden(f"initial{number}")
    plain = e.graph.moved(value, identity(value.rank))
    e.graph.node("Unsqueeze", [plain.name, e.graph.constant("int64", [0])], name, name)
    return name


def _without(e: Emission, raw: str, axis: int, index: int, label: Label) -> Value:
    """An output without the axis of directions."""
    out = Value(e.name(index, label), label, e.layer.output_shapes[index])
    e.node("Squeeze", [raw, e.graph.constant("int64", [axis])], out.name)
    return out


AROUND: Mapping[str, Around] = {
    function.__name__: function
    for function in (
        add_bias, slope, scale_and_shift, along_axis, lookup, relabel, flattened, trailing_axes, weighted, chained,
        times_input, input_minus, negated, lstm,
    )
}  # fmt: skip
