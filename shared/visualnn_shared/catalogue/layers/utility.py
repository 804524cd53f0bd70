"""Layers that repeat, mark or pass on values, and general products."""

from math import prod

from visualnn_shared.catalogue.common import activation, variable
from visualnn_shared.catalogue.einsum import Equation, Letters, Solved, solve
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Ports, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Bool, Float, Int, ListOf, Optional, Tuple
from visualnn_shared.catalogue.lenses import Around, At, Map, Training
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axis_of, need_rank, same_shape
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_composed, tensorflow_passes_on


def _repeated(p: Params, ins: Shapes) -> list[Shape]:
    need_rank(ins[0], 1, "features")
    return [(p["n"], *ins[0])]


layer(
    "RepeatVector",
    doc="The same vector at each of n steps.",
    group="utility",
    params=[Param("n", Int(1), doc="Number of steps.")],
    shape=_repeated,
    layout="plain",
    maps={
        "keras": [keras("RepeatVector")],
        "onnx": [composed("Tile", "repeated", "n")],
        "tensorflow": tensorflow_composed("repeated", "n"),
        "torch": [Map("torch.repeat", [Around(("n",))], around="repeated")],
    },
    example=Example(((32,),), {"n": 3}),
)


def _dot_axes(p: Params, ins: Shapes) -> tuple[int, int]:
    first, second = p["axes"]
    return axis_of(first, ins[0], "axes"), axis_of(second, ins[1], "axes")


def _dot_shape(p: Params, ins: Shapes) -> list[Shape]:
    """What is left of both shapes without the axes that are summed along; one number where nothing is left."""
    first, second = _dot_axes(p, ins)
    if ins[0][first] != ins[1][second]:
        raise Broken("axes must name axes of the same size", list(ins), param="axes")
    out = (*ins[0][:first], *ins[0][first + 1 :], *ins[1][:second], *ins[1][second + 1 :])
    return [out or (1,)]


def _dot_macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """Each output value sums as many products as the axes have cells."""
    return prod(outs[0]) * ins[0][_dot_axes(p, ins)[0]]


layer(
    "Dot",
    doc="Products of two inputs summed along an axis of each: a matrix product for each sample.",
    group="utility",
    params=[
        Param("axes", Tuple(2, Axis()), doc="The axis of each input to sum along; one number stands for both."),
        Param("normalize", Bool(), False, "Whether both are divided by their length first: the cosine of the angle."),
    ],
    ports=Ports(2, 2, ("first", "second")),
    shape=_dot_shape,
    macs=_dot_macs,
    layout="plain",
    maps={
        "keras": [keras("Dot")],
        "onnx": [composed("Einsum", "dot", "axes", "normalize")],
        "torch": [Map("dot", [At("axes", "axes"), At("normalize", "normalize", False)])],
    },
    example=Example(((10, 32), (7, 32)), {"axes": 2}),
)

layer(
    "Masking",
    doc="Marks the steps whose values all equal mask_value, so that later layers skip them; the values become 0.",
    group="utility",
    params=[Param("mask_value", Float(), 0.0, "Value of a step that is to be skipped.")],
    shape=same_shape,
    maps={
        "keras": [keras("Masking")],
        "onnx": [composed("Equal", "masked", "mask_value", layout="plain")],
    },
    example=Example(((10, 8),)),
)

layer(
    "ActivityRegularization",
    doc="Passes its input on, and adds a penalty on its size to the loss while training.",
    group="utility",
    params=[
        Param("l1", Float(0), 0.0, "Factor of the sum of absolute values."),
        Param("l2", Float(0), 0.0, "Factor of the sum of squares."),
    ],
    shape=same_shape,
    maps={
        "keras": [keras("ActivityRegularization")],
        "onnx": [Map("Identity", [Training(("l1", "l2"))], reads=False)],
        "torch": [Map("nothing", [Training(("l1", "l2"))], around="nothing")],
        "tensorflow": tensorflow_passes_on("l1", "l2"),
    },
    example=Example(((128,),), {"l2": 0.01}),
)

layer(
    "Identity",
    doc="Passes its input on as it is.",
    group="utility",
    shape=same_shape,
    maps={
        "keras": [keras("Identity")],
        "onnx": [Map("Identity", reads=False)],
        "torch": [Map("nothing", around="nothing")],
        "tensorflow": tensorflow_passes_on(),
    },
    example=Example(((128,),)),
)


def _solved(p: Params, ins: Shapes) -> Solved:
    return solve(p["equation"], p["output_shape"], p["bias_axes"], ins[0])


def _einsum_weights(p: Params, ins: Shapes) -> list[Weight]:
    solved = _solved(p, ins)
    found = [Weight("kernel", lambda _p, _ins: solved.kernel, initializer="kernel_initializer")]
    bias = solved.bias
    if bias is not None:
        found.append(Weight("bias", lambda _p, _ins: bias, initializer="bias_initializer"))
    return found


layer(
    "EinsumDense",
    doc="A dense layer whose product is an Einstein summation: any axes of the input with any axes of the kernel.",
    group="common",
    params=[
        Param("equation", Equation(), doc="Input, kernel and output by letters: 'abc,cd->abd' is a Dense of steps."),
        Param("output_shape", ListOf(Optional(Int(1)), 1, alone=True),
              doc="Size of each of the output's letters but the batch's; null is unknown."),
        activation(),
        Param("bias_axes", Optional(Letters()), None, "Letters of the output that a bias lies along; null: no bias."),
        *variable("kernel", "glorot_uniform"),
        *variable("bias", "zeros"),
    ],
    shape=lambda p, ins: [_solved(p, ins).output],
    weights_rule=_einsum_weights,
    macs=lambda p, ins, _outs: _solved(p, ins).products,
    layout="plain",
    maps={
        "keras": [keras("EinsumDense")],
        "onnx": [composed("Einsum", "einsum", "equation", "output_shape", "bias_axes", "activation")],
        "tensorflow": tensorflow_composed("einsum", "equation", "output_shape", "bias_axes"),
        "torch": [Map("EinsumDense", [Around(("equation", "output_shape", "activation", "bias_axes")), Training()],
                      blobs=[("kernel",), ("bias",)], around="einsum")],
    },
    example=Example(((10, 32),), {"equation": "abc,cd->abd", "output_shape": [10, 64], "bias_axes": "d"}),
)  # fmt: skip
