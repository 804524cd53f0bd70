"""Layers that courses and papers use and Keras lacks."""

from collections.abc import Iterator
from math import prod

from visualnn_shared.catalogue.common import ACTIVITY, SEED, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Same, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.kinds import Choice, Float, Int, ListOf, Tuple
from visualnn_shared.catalogue.lenses import Around, At, Map, Training
from visualnn_shared.catalogue.onnx_maps import composed, passed_on
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import same_shape
from visualnn_shared.catalogue.steps import Perm
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_composed, tensorflow_passes_on
from visualnn_shared.catalogue.torch_lenses import InSize
from visualnn_shared.catalogue.torch_maps import BIAS
from visualnn_shared.catalogue.window_lenses import Ints, OnnxPads
from visualnn_shared.catalogue.window_params import padding
from visualnn_shared.catalogue.windows import need_spatial, windows

OWN = "visualnn_worker.keras_layers.taught:"
POOLING = "visualnn_worker.keras_layers.pyramid:"
FACTORS = Map("Mul", [Training(("init_values",))], blobs=[("gamma",)], around="along_axis", reads=False)
CLOSED = {"name": "constant", "value": -1.0}


def _need_axis(ins: Shapes) -> None:
    if not ins[0]:
        raise Broken("the input must have at least one axis besides the batch", ins[0])


def _along_last(_p: Params, ins: Shapes) -> list[Shape]:
    _need_axis(ins)
    return [ins[0]]


def _square(_p: Params, ins: Shapes) -> Shape:
    return (ins[0][-1], ins[0][-1])


def _last(_p: Params, ins: Shapes) -> Shape:
    return (ins[0][-1],)


layer(
    "Highway",
    doc="A dense layer beside the input itself, mixed by a learnt gate T: T * H(x) + (1 - T) * x (Srivastava 2015).",
    keras_class=OWN + "Highway",
    group="common",
    params=[
        activation("relu", "Function of H; the gate's is always the sigmoid."), USE_BIAS,
        *variable("kernel", "glorot_uniform"), *variable("bias", "zeros"),
        *variable("transform_kernel", "glorot_uniform"),
        *(Param(p.name, p.kind, CLOSED if p.name.endswith("initializer") else p.default, p.doc)
          for p in variable("transform_bias", "zeros")),
        ACTIVITY,
    ],
    shape=_along_last,
    weights=[
        Weight("kernel", _square, initializer="kernel_initializer"),
        Weight("bias", _last, when="use_bias", initializer="bias_initializer"),
        Weight("transform_kernel", _square, initializer="transform_kernel_initializer"),
        Weight("transform_bias", _last, when="use_bias", initializer="transform_bias_initializer"),
    ],
    macs=lambda _p, ins, outs: 2 * prod(outs[0]) * ins[0][-1],
    layout="plain",
    maps={
        "keras": [],
        "onnx": [
            composed(
                "MatMul", "highway", "activation", "use_bias", training=("activity_regularizer",),
                weights=("kernel", "bias", "transform_kernel", "transform_bias"),
            )
        ],
        "tensorflow": tensorflow_composed("highway", "activation", "use_bias"),
        "torch": [Map("Highway", [Around(("activation", "use_bias")), Training()], blobs=[
            ("kernel", Perm("io", "oi")), ("bias",), ("transform_kernel", Perm("io", "oi")), ("transform_bias",),
        ], around="highway")],
    },
    example=Example(((16,),), {"activation": "tanh"}),
)  # fmt: skip


def _units(p: Params, ins: Shapes) -> list[Shape]:
    _need_axis(ins)
    return [(*ins[0][:-1], p["units"])]


layer(
    "Maxout",
    doc="Each output is the largest of several weighted sums of the values along the last axis (Goodfellow 2013).",
    keras_class=OWN + "Maxout",
    group="common",
    params=[
        Param("units", Int(1), doc="Size of the output's last axis."),
        Param("pieces", Int(1), 2, "How many sums each output is the largest of."),
        USE_BIAS, *variable("kernel", "glorot_uniform"), *variable("bias", "zeros"), ACTIVITY,
    ],
    shape=_units,
    weights=[
        Weight("kernel", lambda p, ins: (ins[0][-1], p["units"] * p["pieces"]), initializer="kernel_initializer"),
        Weight("bias", lambda p, _ins: (p["units"] * p["pieces"],), when="use_bias", initializer="bias_initializer"),
    ],
    macs=lambda p, ins, outs: prod(outs[0]) * p["pieces"] * ins[0][-1],
    layout="plain",
    maps={
        "keras": [],
        "onnx": [
            composed("ReduceMax", "maxout", "units", "pieces", "use_bias", training=("activity_regularizer",),
                     weights=("kernel", "bias"))
        ],
        "tensorflow": tensorflow_composed("maxout", "units", "pieces", "use_bias"),
        "torch": [Map("Maxout", [InSize("in_features"), At("units", "out_features"), At("pieces", "pieces"), BIAS,
                              Training()], blobs=[("kernel", Perm("io", "oi")), ("bias",)])],
    },
    example=Example(((16,),), {"units": 8, "pieces": 4}),
)  # fmt: skip


def _clusters(p: Params) -> int:
    classes: int = p["classes"]
    per: int = p["classes_per_cluster"]
    return -(-classes // per)


def _classes(p: Params, ins: Shapes) -> list[Shape]:
    _need_axis(ins)
    return [(*ins[0][:-1], p["classes"])]


def _two_levels(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    columns: int = p["classes"] + _clusters(p)
    return prod(outs[0][:-1]) * ins[0][-1] * columns


layer(
    "HierarchicalSoftmax",
    doc="Shares of classes in two steps: that of a class's cluster, times that of the class in it (Goodman 2001).",
    keras_class=OWN + "HierarchicalSoftmax",
    group="common",
    params=[
        Param("classes", Int(1), doc="Number of classes: size of the output's last axis."),
        Param("classes_per_cluster", Int(1), doc="Number of classes of a cluster; the last one may have fewer."),
        USE_BIAS,
        *variable("cluster_kernel", "glorot_uniform"), *variable("cluster_bias", "zeros"),
        *variable("kernel", "glorot_uniform"), *variable("bias", "zeros"), ACTIVITY,
    ],
    shape=_classes,
    weights=[
        Weight("cluster_kernel", lambda p, ins: (ins[0][-1], _clusters(p)), initializer="cluster_kernel_initializer"),
        Weight("cluster_bias", lambda p, _: (_clusters(p),), when="use_bias", initializer="cluster_bias_initializer"),
        Weight("kernel", lambda p, ins: (ins[0][-1], p["classes"]), initializer="kernel_initializer"),
        bias("classes"),
    ],
    macs=_two_levels,
    layout="plain",
    maps={
        "keras": [],
        "onnx": [
            composed(
                "Softmax", "clustered", "classes", "classes_per_cluster", "use_bias",
                training=("activity_regularizer",), weights=("cluster_kernel", "cluster_bias", "kernel", "bias"),
            )
        ],
    },
    example=Example(((16,),), {"classes": 10, "classes_per_cluster": 4}),
)  # fmt: skip


def _pooled(p: Params, ins: Shapes) -> list[Shape]:
    need_spatial(ins[0], 2)
    return [(*windows(p, ins[0], p["pool_size"], "pool_size"), ins[0][-1])]


def _padding_rules(p: Params) -> Iterator[Broken]:
    if isinstance(p["padding"], str):
        return
    if any(max(sides) >= size for size, sides in zip(p["pool_size"], p["padding"], strict=True)):
        hint = f"pool_size is {list(p['pool_size'])}"
        yield Broken("padding must be smaller than pool_size", p["padding"], param="padding", hint=hint)


layer(
    "L2NormPooling2D",
    doc="The square root of the sum of the squares of each window.",
    keras_class=POOLING + "L2NormPooling2D",
    group="vision",
    params=[
        Param("pool_size", Tuple(2), (2, 2), "Height and width of the window."),
        Param(
            "strides", Tuple(2), Same("pool_size"), "Steps of the window down and right; default: the window's size."
        ),
        padding(2),
    ],
    shape=_pooled,
    rules=_padding_rules,
    layout="spatial",
    maps={
        "keras": [],
        "onnx": [
            Map(
                "LpPool",
                [Ints("pool_size", "kernel_shape"), Ints("strides", "strides", (1, 1)), OnnxPads("pool_size", rank=2)],
                reads=False,
            )
        ],
    },
    example=Example(((8, 8, 4),)),
)


def _pyramid(p: Params, ins: Shapes) -> list[Shape]:
    need_spatial(ins[0], 2)
    return [(sum(bins * bins for bins in p["bins"]) * ins[0][-1],)]


layer(
    "SpatialPyramidPooling",
    doc="As many values for a picture of any size: each level has bins x bins windows (He 2014; Caffe's is SPP).",
    keras_class=POOLING + "SpatialPyramidPooling",
    group="vision",
    params=[
        Param("bins", ListOf(Int(1), 1, 16), (1, 2, 4), "Windows a side, for each level of the pyramid."),
        Param("pool", Choice(("max", "average")), "max", "The largest value of a window, or its mean."),
    ],
    shape=_pyramid,
    layout="plain",
    maps={
        "keras": [],
        "onnx": [composed("Concat", "pyramid", "bins", "pool")],
    },
    example=Example(((7, 9, 3),)),
)

layer(
    "LayerScale",
    doc="Multiplies each channel by a learnt factor that starts small, at the end of a residual branch (Touvron 2021).",
    keras_class=OWN + "LayerScale",
    group="normalization",
    params=[
        Param("init_values", Float(), 1e-6, "What the factors start at."),
        *(p for p in variable("gamma", "ones") if not p.name.endswith("initializer")),
    ],
    shape=_along_last,
    weights=[Weight("gamma", _last)],
    layout="plain",
    maps={
        "keras": [],
        "onnx": [composed("Mul", "layer_scale", training=("init_values",), weights=("gamma",), layout="any")],
        "tensorflow": [FACTORS],
        "torch": [Map("Scale", [Training(("init_values",))], blobs=[("gamma",)], around="along")],
    },
    example=Example(((8, 8, 4),)),
)

layer(
    "StochasticDepth",
    doc="Leaves out whole samples of a branch at random while training, and scales the others up (Huang 2016).",
    keras_class=OWN + "StochasticDepth",
    group="noise",
    params=[Param("rate", Float(0, 1), doc="Share of the samples that is left out."), SEED],
    shape=same_shape,
    maps={
        "keras": [],
        "onnx": [passed_on("rate", "seed")],
        "tensorflow": tensorflow_passes_on("rate", "seed"),
        "torch": [Map("StochasticDepth", [At("rate", "p"), Training(("seed",))])],
    },
    example=Example(((8, 8, 4),), {"rate": 0.1}),
)
