"""Maps of the functions that ``Activation`` names, for formats that have an operator for each."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.axis_lenses import LastAxis
from visualnn_shared.catalogue.lenses import Is, IsInput, Lens, Sets
from visualnn_shared.catalogue.maps import Map
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_function
from visualnn_shared.catalogue.torch_maps import FUNCTIONS

_ONNX: Mapping[str, tuple[str, tuple[Lens, ...], str]] = {
    "linear": ("Identity", (), ""),
    "relu": ("Relu", (), ""),
    "sigmoid": ("Sigmoid", (), ""),
    "tanh": ("Tanh", (), ""),
    "softmax": ("Softmax", (LastAxis(),), ""),
    "log_softmax": ("LogSoftmax", (LastAxis(),), ""),
    "elu": ("Elu", (), ""),
    "selu": ("Selu", (), ""),
    "celu": ("Celu", (), ""),
    "gelu": ("Gelu", (), ""),
    "mish": ("Mish", (), ""),
    "softplus": ("Softplus", (), ""),
    "softsign": ("Softsign", (), ""),
    "exponential": ("Exp", (), ""),
    "leaky_relu": ("LeakyRelu", (Is("alpha", 0.2),), ""),
    "hard_sigmoid": ("HardSigmoid", (Is("alpha", 1 / 6), Is("beta", 0.5)), ""),
    "sparse_sigmoid": ("HardSigmoid", (Is("alpha", 0.5), Is("beta", 0.5)), ""),
    "hard_silu": ("HardSwish", (), ""),
    "relu6": ("Clip", (IsInput("min", 1, "float32", 0.0), IsInput("max", 2, "float32", 6.0)), ""),
    "hard_tanh": ("Clip", (IsInput("min", 1, "float32", -1.0), IsInput("max", 2, "float32", 1.0)), ""),
    "soft_shrink": ("Shrink", (Is("bias", 0.5), Is("lambd", 0.5)), ""),
    "hard_shrink": ("Shrink", (Is("lambd", 0.5),), ""),
    # Two or more nodes; the format's function of this name adds the others.
    "silu": ("Sigmoid", (), "times_input"),  # x * sigmoid(x)
    "tanh_shrink": ("Tanh", (), "input_minus"),  # x - tanh(x)
    "log_sigmoid": ("Softplus", (), "negated"),  # -softplus(-x)
    "squareplus": ("Sqrt", (), "squareplus"),
    "sparse_plus": ("Clip", (), "sparse_plus"),
    "sparsemax": ("TopK", (), "sparsemax"),
}
_CAFFE: Mapping[str, str] = {
    "tanh": "TanH",
    "sigmoid": "Sigmoid",
    "exponential": "Exp",
    "softplus": "BNLL",
    "silu": "Swish",
}


def onnx_activations() -> list[Map]:
    """One map for each function; ``ReLU`` and ``Softmax`` layers are canonical for reading theirs."""
    return [
        Map(op, (Sets("activation", name), *lenses), around=around, reads=not around)
        for name, (op, lenses, around) in _ONNX.items()
    ]


def caffe_activations() -> list[Map]:
    """Functions that Caffe has as layers without parameters; ``relu`` and ``softmax`` are layers of their own."""
    return [Map(op, (Sets("activation", name), *_caffe_lenses(name))) for name, op in _CAFFE.items()]


def _caffe_lenses(name: str) -> list[Lens]:
    defaults: dict[str, tuple[tuple[str, Any], ...]] = {
        "exponential": (("base", -1.0), ("scale", 1.0), ("shift", 0.0)),
        "silu": (("beta", 1.0),),
    }
    return [Is(key, value, value) for key, value in defaults.get(name, ())]


def activation_maps(name: str) -> dict[str, list[Map]]:
    """Maps of a layer type that is one of Activation's functions: it is written as that, and Activation reads it."""
    maps = {"keras": [Map("Activation", (Is("activation", name),), reads=False)]}
    if name in _CAFFE:
        maps["caffe"] = [Map(_CAFFE[name], _caffe_lenses(name), reads=False)]
    if name in _ONNX:
        op, lenses, around = _ONNX[name]
        maps["onnx"] = [Map(op, lenses, around=around, reads=False)]
    maps["torch"] = [Map(*FUNCTIONS[name])]
    maps["tensorflow"] = tensorflow_function(name)
    return maps
