"""Layers that Caffe has and Keras lacks, and that compute: functions of each value, normalisation, reductions.

Names, defaults and formulas are those of Caffe's documentation; axes are counted as everywhere in a spec.
"""

from collections.abc import Iterator
from math import prod

from visualnn_shared.catalogue.caffe_axes import (
    is_not_plain,
    read_reduced,
    read_searched,
    write_reduced,
    write_searched,
)
from visualnn_shared.catalogue.caffe_maps import ENGINE
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Shapes
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.kinds import Axis, Bool, Choice, Float, Int, Optional
from visualnn_shared.catalogue.lenses import At, AtInput, Enum, Fn, Map, Sets
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axes_of, axis_of, same_shape
from visualnn_shared.catalogue.torch_lenses import Put

OWN = "visualnn_worker.keras_layers.caffe_math:"
AFFINE = (
    Param("scale", Float(), 1.0, "What each value is multiplied by first."),
    Param("shift", Float(), 0.0, "What is added after the scale."),
)
AFFINE_IN_CAFFE = (At("scale", "scale", 1), At("shift", "shift", 0))
AFFINE_IN_TORCH = (At("scale", "scale", 1.0), At("shift", "shift", 0.0))
BASE = Param("base", Float(), -1.0, "The base, above 0; -1 is e.")

layer(
    "AbsVal",
    doc="Each value without its sign.",
    keras_class=OWN + "AbsVal",
    group="activation",
    shape=same_shape,
    maps={
        "keras": [],
        "caffe": [Map("AbsVal")],
        "onnx": [Map("Abs", reads=False)],
        "torch": [Map("torch.abs")],
    },
    example=Example(((128,),)),
)

layer(
    "Power",
    doc="Each value scaled, shifted and raised to a power: (shift + scale * x) ^ power.",
    keras_class=OWN + "Power",
    group="activation",
    params=[Param("power", Float(), 1.0, "The exponent; a fraction needs a base that is not negative."), *AFFINE],
    shape=same_shape,
    maps={
        "keras": [],
        "caffe": [Map("Power", [At("power", "power", 1), *AFFINE_IN_CAFFE])],
        "onnx": [composed("Pow", "power", "power", "scale", "shift")],
        "torch": [Map("power", [At("power", "power", 1.0), *AFFINE_IN_TORCH])],
    },
    example=Example(((128,),), {"power": 2.0, "scale": 0.5, "shift": 1.0}),
)


def _base(p: Params) -> Iterator[Broken]:
    """1 has no logarithm to divide by; as a base of powers it would only make a constant."""
    if p["base"] != -1 and (p["base"] <= 0 or p["base"] == 1):
        yield Broken("base must be above 0 and other than 1, or -1 for e", p["base"], param="base")


layer(
    "Exp",
    doc="The base raised to each value, scaled and shifted: base ^ (shift + scale * x).",
    keras_class=OWN + "Exp",
    group="activation",
    params=[BASE, *AFFINE],
    shape=same_shape,
    rules=_base,
    maps={
        "keras": [],
        "caffe": [
            Map("Exp", [Sets("base", -1.0), Sets("scale", 1.0), Sets("shift", 0.0)], reads=False),  # as an Activation
            Map("Exp", [At("base", "base", -1), *AFFINE_IN_CAFFE], when=is_not_plain),
        ],
        "onnx": [composed("Exp", "exponential", "base", "scale", "shift")],
        "torch": [Map("exp", [At("base", "base", -1.0), *AFFINE_IN_TORCH])],
    },
    example=Example(((128,),), {"base": 2.0}),
)

layer(
    "Log",
    doc="The logarithm of each value, scaled and shifted: log to the base of (shift + scale * x).",
    keras_class=OWN + "Log",
    group="activation",
    params=[BASE, *AFFINE],
    shape=same_shape,
    rules=_base,
    maps={
        "keras": [],
        "caffe": [Map("Log", [At("base", "base", -1), *AFFINE_IN_CAFFE])],
        "onnx": [composed("Log", "logarithm", "base", "scale", "shift")],
        "torch": [Map("log", [At("base", "base", -1.0), *AFFINE_IN_TORCH])],
    },
    example=Example(((128,),), {"shift": 1.0}),
)

layer(
    "BNLL",
    doc="Binomial normal log likelihood: log(1 + exp(x)), computed so that large values do not overflow.",
    keras_class=OWN + "BNLL",
    group="activation",
    shape=same_shape,
    maps={
        "keras": [],
        "caffe": [Map("BNLL", [ENGINE], reads=False)],
        "onnx": [Map("Softplus", reads=False)],
        "torch": [Map("F.softplus")],
    },
    example=Example(((128,),)),
)

layer(
    "Threshold",
    doc="1 where a value is above the threshold, else 0; nothing is learnt through it.",
    keras_class=OWN + "Threshold",
    group="activation",
    params=[Param("threshold", Float(), 0.0, "What a value must exceed.")],
    shape=same_shape,
    maps={
        "keras": [],
        "caffe": [Map("Threshold", [At("threshold", "threshold", 0)])],
        "onnx": [composed("Greater", "above", "threshold")],
        "torch": [Map("above", [At("threshold", "threshold")])],
    },
    example=Example(((128,),), {"threshold": 0.5}),
)


def _limits(p: Params) -> Iterator[Broken]:
    if p["min"] > p["max"]:
        yield Broken("min must not exceed max", p["min"], param="min", hint=f"max is {p['max']:g}")


layer(
    "Clip",
    doc="Values below a smallest and above a largest one become these.",
    keras_class=OWN + "Clip",
    group="activation",
    params=[Param("min", Float(), doc="The smallest output."), Param("max", Float(), doc="The largest output.")],
    shape=same_shape,
    rules=_limits,
    maps={
        "keras": [],
        "caffe": [Map("Clip", [At("min", "min"), At("max", "max")])],
        "onnx": [Map("Clip", [AtInput("min", "min", 1, "float32"), AtInput("max", "max", 2, "float32")], reads=False)],
        "torch": [Map("torch.clamp", [At("min", "min"), At("max", "max")])],
    },
    example=Example(((128,),), {"min": -1.0, "max": 1.0}),
)


def _mvn_shape(p: Params, ins: Shapes) -> list[Shape]:
    least = 1 if p["across_channels"] else 2
    if len(ins[0]) < least:
        hint = "set across_channels, or give an axis before the channels" if ins[0] else None
        raise Broken(f"the input must have at least {least} axes besides the batch", ins[0], hint=hint)
    return [ins[0]]


layer(
    "MVN",
    doc="Each sample to mean 0 and variance 1, by itself: each channel over its positions, or all values together.",
    keras_class=OWN + "MVN",
    group="normalization",
    params=[
        Param("normalize_variance", Bool(), True, "Whether the variance becomes 1; else only the mean is taken away."),
        Param("across_channels", Bool(), False, "Whether the channels share one mean and variance."),
        Param("eps", Float(0, above=True), 1e-9, "Small number added to the standard deviation (not to the variance)."),
    ],
    shape=_mvn_shape,
    layout="spatial",
    maps={
        "keras": [],
        "caffe": [
            Map(
                "MVN",
                [
                    At("normalize_variance", "normalize_variance", True),
                    At("across_channels", "across_channels", False),
                    At("eps", "eps", 1e-9),
                ],
            )
        ],
        "onnx": [
            composed("ReduceMean", "mean_and_variance", "normalize_variance", "across_channels", "eps", layout="any")
        ],
        "torch": [
            Map(
                "mvn",
                [
                    Put("dim", lambda p, _: (1, 2, 3) if p["across_channels"] else (2, 3), ("across_channels",)),
                    At("normalize_variance", "normalize_variance"),
                    At("eps", "eps"),
                ],
            )
        ],
    },
    example=Example(((8, 8, 4),), {"eps": 1e-6}),
)

OPERATIONS = ("SUM", "ASUM", "SUMSQ", "MEAN")


def _reduced(p: Params, ins: Shapes) -> list[Shape]:
    if p["axis"] is None:
        return [()]
    gone = axes_of(p["axis"], ins[0])
    return [tuple(n for i, n in enumerate(ins[0]) if i not in gone)]


layer(
    "Reduction",
    doc="One number from all values along some axes: their sum, the sum of their sizes or squares, or their mean.",
    keras_class=OWN + "Reduction",
    group="utility",
    params=[
        Param("operation", Choice(OPERATIONS), "SUM", "SUM, ASUM (of absolute values), SUMSQ (of squares) or MEAN."),
        Param("axis", Optional(Axis(several=True)), None, "The axis or axes that vanish; null is all but the batch."),
        Param("coeff", Float(), 1.0, "What the result is multiplied by."),
    ],
    shape=_reduced,
    maps={
        "keras": [],
        "caffe": [
            Map(
                "Reduction",
                [
                    Enum("operation", "operation", {name: name for name in OPERATIONS}, "SUM"),
                    Fn(("axis",), read_reduced, write_reduced),
                    At("coeff", "coeff", 1),
                ],
            )
        ],
        "onnx": [composed("ReduceSum", "reduction", "operation", "axis", "coeff")],
    },
    example=Example(((8, 8, 4),), {"operation": "MEAN", "axis": [1, 2]}),
)


def _searched(p: Params, ins: Shapes) -> list[Shape]:
    shape, axis, k = ins[0], p["axis"], p["top_k"]
    index = None if axis is None else axis_of(axis, shape)
    size = prod(shape) if index is None else shape[index]
    if k > size:
        rule = "top_k must not exceed the number of values that are compared"
        raise Broken(rule, k, param="top_k", hint=f"there are {size}")
    if index is None:
        return [(2 if p["out_max_val"] else 1, k)]
    return [(*shape[:index], k, *shape[index + 1 :])]


layer(
    "ArgMax",
    doc="Where the largest values are, largest first, as numbers from 0; of equal ones the last comes first.",
    keras_class=OWN + "ArgMax",
    group="utility",
    params=[
        Param("top_k", Int(1), 1, "How many are found."),
        Param("out_max_val", Bool(), False,
              "Whether the values are given too: with an axis in place of their positions, else in a second row."),
        Param("axis", Optional(Axis()), None,
              "The axis that is searched, which then has top_k cells; null searches a whole sample: one row of top_k."),
    ],
    shape=_searched,
    layout="any",
    maps={
        "keras": [],
        "caffe": [
            Map(
                "ArgMax",
                [
                    At("top_k", "top_k", 1),
                    At("out_max_val", "out_max_val", False),
                    Fn(("axis",), read_searched, write_searched),
                ],
            )
        ],
        "onnx": [composed("TopK", "largest", "top_k", "out_max_val", "axis")],
    },
    example=Example(((10,),), {"top_k": 3}),
)  # fmt: skip
