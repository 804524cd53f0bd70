"""Keras 2's document as the layers of TensorFlow.js 4 understand it.

Classes, arguments and names of variables are those that version 4.22 has; the numbers are compared in
``tests/formats/tfjs/test_tfjs.py``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.maps import Unmappable, plain
from visualnn_shared.spec.problem import Problem, problem

from visualnn_converter.report import Report

Refuse = Callable[[Unmappable], None]
CLASSES = frozenset({
    "InputLayer", "Activation", "Add", "AlphaDropout", "Average", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "BatchNormalization", "Bidirectional", "Concatenate", "Conv1D", "Conv2D",
    "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "ConvLSTM2D", "Cropping2D", "Dense", "DepthwiseConv2D", "Dot",
    "Dropout", "ELU", "Embedding", "Flatten", "GRU", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "LSTM", "LayerNormalization", "LeakyReLU",
    "Masking", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum", "Minimum", "Multiply", "PReLU", "Permute",
    "ReLU", "RepeatVector", "Rescaling", "Reshape", "SeparableConv2D", "SimpleRNN", "Softmax", "SpatialDropout1D",
    "TimeDistributed", "UpSampling2D", "ZeroPadding2D",
})  # fmt: skip
ACTIVATIONS = ("linear", "relu", "relu6", "elu", "selu", "gelu", "swish", "mish", "sigmoid", "tanh", "softmax",
               "log_softmax", "softplus", "softsign")  # fmt: skip
_ONE_GROUP: Mapping[str, Any] = {"groups": 1}
_PLAIN_GLOBAL: Mapping[str, Any] = {"keepdims": False}
_ONLY: Mapping[str, Mapping[str, Any]] = {
    "ReLU": {"negative_slope": 0.0, "threshold": 0.0},
    "ELU": {"alpha": 1.0},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _ONE_GROUP),
    "Conv2DTranspose": {"dilation_rate": [1, 1], "output_padding": None},
    "Conv3DTranspose": {"dilation_rate": [1, 1, 1], "output_padding": None},
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
                    _PLAIN_GLOBAL),
    "GRU": {"reset_after": False},
    "Bidirectional": {"backward_layer": None},
}  # fmt: skip
"""Arguments that TensorFlow.js does not know or refuses, with the value at which they say nothing."""
_SOME: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "UpSampling2D": ("interpolation", ("nearest",)),  # its bilinear one has other corners
    "Conv1D": ("padding", ("valid", "same")),
}
_FUNCTIONS = ("activation", "recurrent_activation")
_INITIALIZERS = {
    **{name: name for name in (
        "Zeros", "Ones", "Constant", "RandomUniform", "RandomNormal", "TruncatedNormal", "Identity", "GlorotUniform",
        "GlorotNormal", "HeUniform", "HeNormal", "Orthogonal")},
    "LecunUniform": "LeCunUniform", "LecunNormal": "LeCunNormal",
}  # fmt: skip
_CONSTRAINTS = ("MaxNorm", "UnitNorm", "NonNeg", "MinMaxNorm")
_UNTRAINED = "TensorFlow.js has no such object; it matters to further training only"


def topology(document: Mapping[str, Any], report: Report, problems: list[Problem]) -> dict[str, Any]:
    """``modelTopology``; a problem for each layer that TensorFlow.js cannot say goes to ``problems``."""
    config = document["config"]
    layers = [_item(item, report, problems) for item in config["layers"]]
    model = {"class_name": "Model", "config": {**config, "layers": layers}}
    return {"keras_version": document["keras_version"], "backend": document["backend"], "model_config": model}


def _item(item: Mapping[str, Any], report: Report, problems: list[Problem]) -> dict[str, Any]:
    name = item["name"]
    refuse: Refuse = lambda broken: problems.append(broken.problem(name))  # noqa: E731
    config = _config(item["class_name"], item["config"], refuse, name, report)
    return {
        "class_name": item["class_name"],
        "config": config,
        "name": name,
        "inbound_nodes": item["inbound_nodes"],
    }


def axis_problems(layers: Iterable[ResolvedLayer]) -> list[Problem]:
    """TensorFlow.js normalises along the last axis, whatever axis is given."""
    rule = "axis must be the last: TensorFlow.js takes no other"
    return [
        problem(rule, layer.params["axis"], layer=layer.name, param="axis")
        for layer in layers
        if layer.type == "BatchNormalization" and layer.params["axis"] not in (-1, len(layer.input_shapes[0]))
    ]


def variable_name(layer: str, type: str, variable: str, inner: str | None = None) -> str:
    """What TensorFlow.js calls a variable of a layer; ``inner`` is the type within a wrapper."""
    part, _, own = variable.rpartition("/")
    if type == "Bidirectional":
        return f"{layer}/{part.removesuffix('_layer')}_{layer}/{own}"
    if type == "DepthwiseConv2D" or inner == "DepthwiseConv2D":
        own = "depthwise_kernel" if own == "kernel" else own
    return f"{layer}/{own}"


def _config(type: str, config: Mapping[str, Any], refuse: Refuse, layer: str, report: Report) -> dict[str, Any]:
    """The config of one layer; what TensorFlow.js cannot say goes to ``refuse``."""
    if type not in CLASSES:
        refuse(Unmappable("the layer type must have a counterpart in TensorFlow.js", type))
    only = _ONLY.get(type, {})
    made: dict[str, Any] = {}
    for key, value in config.items():
        if key in only and value != only[key]:
            rule = f"{key} must be {plain(only[key])!r}: TensorFlow.js has nothing else"
            refuse(Unmappable(rule, plain(value), key))
        elif key in only:
            if key in ("reset_after", "alpha"):
                made[key] = value
        else:
            _put(made, type, key, value, refuse, layer, report)
    return made


def _put(made: dict[str, Any], type: str, key: str, value: Any, refuse: Refuse, layer: str, rep: Report) -> None:
    words = _SOME.get(type)
    if words is not None and key == words[0] and value not in words[1]:
        refuse(Unmappable(f"{key} must be one of {', '.join(words[1])} in TensorFlow.js", plain(value), key))
    if key in _FUNCTIONS and isinstance(value, str) and value not in ACTIVATIONS:
        refuse(Unmappable(f"{key} must be one of {', '.join(ACTIVATIONS)} in TensorFlow.js", value, key))
    if key == "layer":
        inner = _config(value["class_name"], value["config"], lambda broken: refuse(_within(key, broken)), layer, rep)
        made[key] = {"class_name": value["class_name"], "config": {**inner, "name": layer}}
    elif isinstance(value, Mapping) and "class_name" in value:
        found = _training(key, value)
        if found is None:
            rep.drops(layer, f"{key} = {value['class_name']}", _UNTRAINED)
        else:
            made[key] = found
    else:
        made[key] = value


def _training(key: str, value: Mapping[str, Any]) -> dict[str, Any] | None:
    """An initializer, regularizer or constraint as TensorFlow.js has it, or None."""
    name, config = value["class_name"], value["config"]
    if name in ("L1", "L2", "L1L2"):
        return {"class_name": "L1L2", "config": {"l1": config.get("l1", 0.0), "l2": config.get("l2", 0.0)}}
    if name == "VarianceScaling" and config.get("distribution") != "untruncated_normal":
        return {"class_name": name, "config": config}
    if key.endswith("_initializer") and name in _INITIALIZERS:
        return {"class_name": _INITIALIZERS[name], "config": config}
    return {"class_name": name, "config": config} if name in _CONSTRAINTS else None


def _within(key: str, broken: Unmappable) -> Unmappable:
    path = f"{key}.params.{broken.param}" if broken.param else key
    return Unmappable(broken.rule, broken.received, path, hint=broken.hint)
