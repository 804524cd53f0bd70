"""What one operator cannot say: functions named by a map's ``around``, which add nodes or wiring to it.

Each takes an ``Emission`` and gives the layer's output values.
"""

from collections.abc import Callable, Mapping

from visualnn_converter.formats.onnx import composed
from visualnn_converter.formats.onnx.emission import Emission, Mask
from visualnn_converter.formats.onnx.emission import axes_of as _axes
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import permuted

Around = Callable[[Emission], list[Value]]


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
    if e.p["mask_zero"]:
        zero = e.op("Equal", ids, e.graph.constant(ids.dtype, 0))
        e.mask = Mask(e.op("Not", zero), ids.rank)
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


AROUND: Mapping[str, Around] = {
    function.__name__: function
    for function in (
        add_bias, slope, scale_and_shift, along_axis, lookup, relabel, flattened, trailing_axes, weighted, chained,
        times_input, input_minus, negated, *(f for module in composed.MODULES for f in module.FUNCTIONS),
    )
}  # fmt: skip
