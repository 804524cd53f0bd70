"""Layers that join several tensors into one."""

from visualnn_shared.catalogue.axis_lenses import Axis as FileAxis
from visualnn_shared.catalogue.caffe_maps import (
    equal_shares,
    has_concat_dim,
    is_difference,
    read_coefficients,
    take_coefficients,
    write_coefficients,
    write_difference,
    write_shares,
)
from visualnn_shared.catalogue.entry import MANY, Broken, Example, Param, Params, Ports, Shapes
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Float, ListOf, Optional
from visualnn_shared.catalogue.lenses import Around, Drop, Fn, Is, Map, Only
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axis_of, broadcast

UNWEIGHTED = Only("coefficients", (None,))
WEIGHTED = Around(("coefficients",))

SEVERAL = Ports(2, MANY, ("inputs",))
EXAMPLE = Example(((4, 8), (4, 8)))


def _concatenated(p: Params, ins: Shapes) -> list[Shape]:
    first = ins[0]
    index = axis_of(p["axis"], first)
    for other in ins[1:]:
        if len(other) != len(first) or any(
            a != b for i, (a, b) in enumerate(zip(first, other, strict=True)) if i != index
        ):
            rule = f"the inputs must have the same shape but for axis {index + 1}, along which they are joined"
            raise Broken(rule, list(ins))
    total = sum([shape[index] for shape in ins[1:]], first[index])
    return [(*first[:index], total, *first[index + 1 :])]


layer(
    "Concatenate",
    doc="The inputs one after the other along an axis.",
    group="utility",
    params=[Param("axis", Axis(), -1, "The axis along which the inputs are joined; the others must agree.")],
    ports=SEVERAL,
    shape=_concatenated,
    maps={
        "keras": [keras("Concatenate")],
        "caffe": [
            Map("Concat", [FileAxis("axis", "axis", 1)]),
            Map("Concat", [FileAxis("axis", "concat_dim")], when=has_concat_dim),
        ],
        "onnx": [Map("Concat", [FileAxis("axis", "axis")])],
        "torch": [Map("torch.cat", [FileAxis("axis", "dim")], around="concatenated")],
        "tensorflow": [Map("ConcatV2", [Around(("axis",))], around="concat")],
    },
    example=Example(((4, 8), (4, 3))),
)


def _weighted_sum(p: Params, ins: Shapes) -> list[Shape]:
    factors = p["coefficients"]
    if factors is not None and len(factors) != len(ins):
        raise Broken(
            f"coefficients must be one number for each of the {len(ins)} inputs", factors, param="coefficients"
        )
    return broadcast(p, ins)


layer(
    "Add",
    doc="The sum of the inputs, each times its coefficient.",
    group="utility",
    params=[Param("coefficients", Optional(ListOf(Float(), 1, 10_000)), None, "A factor for each input; null: all 1.")],
    ports=SEVERAL,
    shape=_weighted_sum,
    maps={
        "keras": [keras("Add", Only("coefficients", (None,)))],
        "caffe": [
            Map(
                "Eltwise",
                [
                    Is("operation", "SUM", "SUM"),
                    Drop(("stable_prod_grad",)),
                    Fn(("coefficients",), read_coefficients, write_coefficients),
                ],
            )
        ],
        "onnx": [
            Map("Add", [UNWEIGHTED], arity=2),
            Map("Sum", [UNWEIGHTED]),
            Map("Sum", [WEIGHTED], around="weighted", reads=False),
        ],
        "torch": [Map("torch.add", [UNWEIGHTED], around="add"), Map("torch.add", [WEIGHTED], around="weighted")],
        "tensorflow": [
            Map("Add", [UNWEIGHTED], arity=2),
            Map("AddN", [UNWEIGHTED], around="add_all"),
            Map("AddN", [WEIGHTED], around="weighted", reads=False),
        ],
    },
    example=EXAMPLE,
)
layer(
    "Subtract",
    doc="The first input minus the second.",
    group="utility",
    ports=Ports(2, 2, ("minuend", "subtrahend")),
    shape=broadcast,
    maps={
        "keras": [keras("Subtract")],
        "caffe": [
            Map(
                "Eltwise",
                [
                    Is("operation", "SUM", "SUM"),
                    Drop(("stable_prod_grad",)),
                    Fn((), take_coefficients, write_difference),
                ],
                when=is_difference,
            )
        ],
        "onnx": [Map("Sub")],
        "torch": [Map("torch.sub", around="subtract")],
        "tensorflow": [Map("Sub")],
    },
    example=EXAMPLE,
)
layer(
    "Multiply",
    doc="The product of the inputs.",
    group="utility",
    ports=SEVERAL,
    shape=broadcast,
    maps={
        "keras": [keras("Multiply")],
        "caffe": [Map("Eltwise", [Is("operation", "PROD", "SUM"), Drop(("stable_prod_grad",))])],
        "onnx": [Map("Mul", arity=2), Map("Mul", around="chained", reads=False)],
        "torch": [Map("torch.mul", around="multiply")],
        "tensorflow": [Map("Mul", arity=2), Map("Mul", around="chained", reads=False)],
    },
    example=EXAMPLE,
)
layer(
    "Average",
    doc="The mean of the inputs.",
    group="utility",
    ports=SEVERAL,
    shape=broadcast,
    maps={
        "keras": [keras("Average")],
        "caffe": [
            Map(
                "Eltwise",
                [Is("operation", "SUM", "SUM"), Drop(("stable_prod_grad",)), Fn((), take_coefficients, write_shares)],
                when=equal_shares,
            )
        ],
        "onnx": [Map("Mean")],
        "torch": [Map("torch.mean", around="average")],
        "tensorflow": [Map("AddN", around="average", reads=False)],
    },
    example=EXAMPLE,
)
layer(
    "Maximum",
    doc="The largest of the inputs, value by value.",
    group="utility",
    ports=SEVERAL,
    shape=broadcast,
    maps={
        "keras": [keras("Maximum")],
        "caffe": [Map("Eltwise", [Is("operation", "MAX", "SUM"), Drop(("stable_prod_grad",))])],
        "onnx": [Map("Max")],
        "torch": [Map("torch.maximum", around="chained")],
        "tensorflow": [Map("Maximum", arity=2), Map("Maximum", around="chained", reads=False)],
    },
    example=EXAMPLE,
)
layer(
    "Minimum",
    doc="The smallest of the inputs, value by value.",
    group="utility",
    ports=SEVERAL,
    shape=broadcast,
    maps={
        "keras": [keras("Minimum")],
        "onnx": [Map("Min")],
        "torch": [Map("torch.minimum", around="chained")],
        "tensorflow": [Map("Minimum", arity=2), Map("Minimum", around="chained", reads=False)],
    },
    example=EXAMPLE,
)
