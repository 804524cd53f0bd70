"""Activations with parameters of their own."""

from visualnn_shared.catalogue.activation_maps import activation_maps
from visualnn_shared.catalogue.axis_lenses import Axis as FileAxis
from visualnn_shared.catalogue.caffe_maps import ENGINE, Filler, read_shared, write_shared
from visualnn_shared.catalogue.common import variable
from visualnn_shared.catalogue.entry import Example, Param, Params, Shapes, Weight
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Axis, Float, Int, ListOf, Optional
from visualnn_shared.catalogue.lenses import Around, At, AtInput, Fn, Is, IsInput, Map, Only, Sets, Training
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import axes_of, axis_shape, same_shape
from visualnn_shared.catalogue.steps import Without
from visualnn_shared.catalogue.tensorflow_maps import TENSORFLOW_RELU
from visualnn_shared.catalogue.torch_lenses import Dims
from visualnn_shared.catalogue.torch_maps import torch_prelu

NO_LIMITS = (Only("max_value", (None,)), Only("negative_slope", (0.0,)), Only("threshold", (0.0,)))

layer(
    "ReLU",
    doc="Negative values to 0: x from threshold to max_value, max_value above, negative_slope * (x - threshold) below.",
    group="activation",
    params=[
        Param("max_value", Optional(Float(0)), None, "Largest output; null is no limit."),
        Param("negative_slope", Float(0), 0.0, "Slope below the threshold."),
        Param("threshold", Float(0), 0.0, "Where the slope begins."),
    ],
    shape=same_shape,
    maps={
        "keras": [keras("ReLU")],
        "caffe": [Map("ReLU", [*NO_LIMITS, Is("negative_slope", 0, 0), ENGINE])],
        "onnx": [
            Map("Relu", NO_LIMITS),
            Map(
                "Clip",
                [
                    Only("threshold", (0.0,)),
                    Only("negative_slope", (0.0,)),
                    IsInput("min", 1, "float32", 0.0),
                    AtInput("max_value", "max", 2, "float32"),
                ],
            ),
            Map(
                "ThresholdedRelu",
                [At("threshold", "alpha", 1.0), Only("max_value", (None,)), Only("negative_slope", (0.0,))],
            ),
            Map(
                "LeakyRelu",
                [At("negative_slope", "alpha", 0.01), Only("max_value", (None,)), Only("threshold", (0.0,))],
                reads=False,
            ),
        ],
        "torch": [
            Map("F.relu", NO_LIMITS),
            Map("F.leaky_relu", [At("negative_slope", "negative_slope"), *NO_LIMITS[::2]]),
            Map(
                "relu",
                [
                    At("max_value", "max_value", None),
                    At("negative_slope", "negative_slope", 0.0),
                    At("threshold", "threshold", 0.0),
                ],
            ),
        ],
        "tensorflow": TENSORFLOW_RELU,
    },
    example=Example(((8, 8, 4),), {"max_value": 6.0}),
)

layer(
    "LeakyReLU",
    doc="Negative values are multiplied by a small slope.",
    group="activation",
    params=[Param("negative_slope", Float(0), 0.3, "Slope below 0.")],
    shape=same_shape,
    maps={
        "keras": [keras("LeakyReLU", old={"alpha": "negative_slope"})],
        "caffe": [Map("ReLU", [At("negative_slope", "negative_slope", 0), ENGINE])],
        "onnx": [Map("LeakyRelu", [At("negative_slope", "alpha", 0.01)])],
        "torch": [Map("F.leaky_relu", [At("negative_slope", "negative_slope")])],
        "tensorflow": [Map("LeakyRelu", [At("negative_slope", "alpha", 0.2)])],
    },
    example=Example(((128,),), {"negative_slope": 0.2}),
)

layer(
    "ELU",
    doc="Negative values become alpha * (exp(x) - 1).",
    group="activation",
    params=[Param("alpha", Float(), 1.0, "Limit of the negative part.")],
    shape=same_shape,
    maps={
        "keras": [keras("ELU")],
        "caffe": [Map("ELU", [At("alpha", "alpha", 1)])],
        "onnx": [Map("Elu", [At("alpha", "alpha", 1.0)])],
        "torch": [Map("F.elu", [At("alpha", "alpha", 1.0)])],
        "tensorflow": [Map("Elu", [Sets("alpha", 1.0)]), Map("@Elu", [At("alpha", "alpha")])],
    },
    example=Example(((128,),)),
)


def _alpha(p: Params, ins: Shapes) -> Shape:
    shared = axes_of(p["shared_axes"], ins[0], "shared_axes") if p["shared_axes"] is not None else []
    return tuple(1 if i in shared else n for i, n in enumerate(ins[0]))


def _prelu_shape(p: Params, ins: Shapes) -> list[Shape]:
    _alpha(p, ins)  # refuses axes that the input does not have
    return [ins[0]]


layer(
    "PReLU",
    doc="Negative values are multiplied by a slope that is learnt, one for each value of a sample unless axes share.",
    group="activation",
    params=[
        *variable("alpha", "zeros"),
        Param("shared_axes", Optional(ListOf(Int(1), 1, alone=True)), None,
              "Axes, counted from 1, along which one slope is shared: [1, 2] for one slope a channel of a picture."),
    ],
    shape=_prelu_shape,
    weights=[Weight("alpha", _alpha, initializer="alpha_initializer")],
    layout="spatial",
    maps={
        "keras": [keras("PReLU")],
        "caffe": [Map("PReLU", [Fn(("shared_axes",), read_shared, write_shared),
                                Filler("alpha_initializer", "filler", {"name": "constant", "value": 0.25}),
                                Training()], blobs=[("alpha", Without("shared_axes"))])],
        "onnx": [Map("PRelu", [Around(("shared_axes",)), Training()], blobs=[("alpha",)], layout="any",
                     around="slope")],
        "torch": torch_prelu(),
        "tensorflow": [Map("@PRelu", [Around(("shared_axes",)), Training()], blobs=[("alpha",)], around="template")],
    },
    example=Example(((8, 8, 4),), {"shared_axes": [1, 2]}),
)  # fmt: skip

layer(
    "Softmax",
    doc="Values along an axis become shares that sum to 1.",
    group="utility",
    params=[Param("axis", Axis(several=True), -1, "The axis or axes that sum to 1.")],
    shape=axis_shape,
    maps={
        "keras": [keras("Softmax")],
        "caffe": [Map("Softmax", [FileAxis("axis", "axis", 1), ENGINE])],
        "onnx": [Map("Softmax", [FileAxis("axis", "axis")])],
        "torch": [Map("F.softmax", [FileAxis("axis", "dim")]), Map("softmax_over", [Dims("axis", "dim")])],
        "tensorflow": [Map("Softmax", [FileAxis("axis", "axis")], around="softmax")],
    },
    example=Example(((10,),)),
)

layer(
    "ThresholdedReLU",
    doc="Keeps values above theta, and sets all others to 0.",
    group="activation",
    params=[Param("theta", Float(0), 1.0, "Values up to and including this one become 0.")],
    shape=same_shape,
    maps={
        "keras": [
            Map("ReLU", [At("theta", "threshold", 0.0)], reads=False),  # Keras 3 has the function under this name only
            keras("ThresholdedReLU"),  # Keras 2
        ],
        "onnx": [Map("ThresholdedRelu", [At("theta", "alpha", 1.0)], reads=False)],
        "torch": [Map("F.threshold", [At("theta", "threshold"), Is("value", 0.0)])],
        "tensorflow": [Map("@ThresholdedRelu", [At("theta", "theta")], reads=False)],
    },
    example=Example(((128,),)),
)

_FUNCTIONS = {
    "SELU": ("selu", "An ELU whose scale and limit keep mean 0 and variance 1 from layer to layer."),
    "Softplus": ("softplus", "log(1 + exp(x)), a smooth ReLU."),
    "Softsign": ("softsign", "x / (1 + |x|), between -1 and 1."),
    "Sigmoid": ("sigmoid", "1 / (1 + exp(-x)), between 0 and 1."),
    "Tanh": ("tanh", "The hyperbolic tangent, between -1 and 1."),
    "HardSigmoid": ("hard_sigmoid", "x / 6 + 1 / 2, cut off at 0 and at 1."),
    "GELU": ("gelu", "x times the share of a standard normal distribution that lies below x."),
    "Swish": ("silu", "x times the sigmoid of x; also called SiLU."),
}
for _type, (_function, _doc) in _FUNCTIONS.items():
    layer(
        _type,
        doc=_doc,
        group="activation",
        shape=same_shape,
        maps=activation_maps(_function),
        example=Example(((128,),)),
    )
