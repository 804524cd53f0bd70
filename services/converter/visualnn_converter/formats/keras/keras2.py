"""A Keras 3 document as Keras 2 wrote it: other keys, calls as nested lists, and fewer classes and functions.

The classes and their arguments are those of TensorFlow's Keras 2.15; the numbers are compared in
``tests/formats/keras/test_keras2_itself.py``. Modules are named as Keras 2.13 and later do: earlier ones ignore them,
and without them Keras 3 does not find the classes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable, plain
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem

from visualnn_converter.formats.keras.calls import read_call
from visualnn_converter.formats.keras.writer import draft, lower_all
from visualnn_converter.passes import legal_names
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

VERSION = "2.15.0"
"""The Keras whose files these are: the last before version 3."""
HARD_SIGMOID = "hard_sigmoid"
_ILLEGAL = re.compile(r"[^A-Za-z0-9_.>-]")
"""TensorFlow's graphs allow no other characters in the names of scopes, which Keras 2 makes of layers' names."""
_RANKS = ("1D", "2D", "3D")
CLASSES = frozenset({
    "InputLayer", "Activation", "ActivityRegularization", "Add", "AdditiveAttention", "AlphaDropout", "Attention",
    "Average", "BatchNormalization", "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate", "Dense",
    "DepthwiseConv1D", "DepthwiseConv2D", "Discretization", "Dot", "Dropout", "ELU", "EinsumDense", "Embedding",
    "Flatten", "GRU", "GaussianDropout", "GaussianNoise", "GroupNormalization", "HashedCrossing", "Hashing",
    "Identity", "IntegerLookup", "LSTM", "LayerNormalization", "LeakyReLU", "Masking", "Maximum", "Minimum",
    "MultiHeadAttention", "Multiply", "Normalization", "PReLU", "Permute", "RandomBrightness",
    "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape",
    "Resizing", "SeparableConv1D", "SeparableConv2D", "SimpleRNN", "Softmax", "Subtract",
    "TimeDistributed", "UnitNormalization",
    *(f"{name}{rank}" for rank in _RANKS for name in (
        "AveragePooling", "Conv", "ConvLSTM", "Cropping", "GlobalAveragePooling", "GlobalMaxPooling", "MaxPooling",
        "SpatialDropout", "UpSampling", "ZeroPadding")),
    *(f"Conv{rank}Transpose" for rank in _RANKS),
})  # fmt: skip
ACTIVATIONS = {
    **{name: name for name in (
        "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "mish", "sigmoid", "tanh", "softmax",
        "log_softmax", "softplus", "softsign", "exponential", HARD_SIGMOID)},
    "silu": "swish",
}  # fmt: skip
_NO_SEED: Mapping[str, Any] = {"seed": None}
_UNKNOWN: Mapping[str, Mapping[str, Any]] = {
    "SimpleRNN": _NO_SEED,
    **{f"ConvLSTM{rank}": _NO_SEED for rank in _RANKS},
    "MultiHeadAttention": {"seed": None, "sliding_window": None, "use_gate": False, "flash_attention": None},
    "Attention": {"seed": None},
    "AdditiveAttention": {"seed": None},
    "IntegerLookup": {"oov_method": "floormod", "salt": None},
    "Resizing": {"pad_to_aspect_ratio": False, "fill_mode": "constant", "fill_value": 0.0, "antialias": False},
}
"""Keys that Keras 2 has not, with the value at which they say nothing."""
_SCORES = ("score_mode", "dot")
"""What attention does anyway: Keras 3 takes the word in an old file for a function's name."""
_RENAMED = {"LeakyReLU": {"negative_slope": "alpha"}}
_FUNCTIONS = ("activation", "recurrent_activation")
_LAYERS = ("layer", "backward_layer")
_RECURRENT = frozenset({"SimpleRNN", "LSTM", "GRU", "Bidirectional", *(f"ConvLSTM{rank}" for rank in _RANKS)})
_MOST_NAMED = 5
_NO_INITIALIZERS = ("STFT",)


def lower(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """The spec in Keras' terms with names that TensorFlow allows, and its weights under them."""
    spec, weights = legal_names.run(spec, weights, report, legal_name)
    return lower_all(spec, weights, report)


def legal_name(name: str) -> str:
    """Letters, digits and ``_.>-``, and a letter or digit to begin with: HDF5 takes ``.`` for the group itself."""
    legal = _ILLEGAL.sub("_", name)
    return legal if legal[0] not in "_.>-" else f"layer{legal}"


def document2(lowered: Spec, report: Report) -> dict[str, Any]:
    """The document of a spec in Keras' terms. Raises ``ConversionImpossible`` with every obstacle."""
    document, problems = draft2(lowered, report)
    if problems:
        raise ConversionImpossible(problems, report.source, report.target)
    tell_keras3(document, report)
    return document


def tell_keras3(document: Mapping[str, Any], report: Report) -> None:
    """A note on the layers that Keras 3 does not load from Keras 2's form; it refuses Keras 2's own files too."""
    items = document["config"]["layers"]
    told = {
        "attention with the shapes that Keras 2 needs": [
            item["name"] for item in items if item["class_name"] == "MultiHeadAttention"
        ],
        "initial states": [
            item["name"]
            for item in items
            if item["class_name"] in _RECURRENT and any(len(node) > 1 for node in item["inbound_nodes"])
        ],
    }
    for what, names in told.items():
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if names[_MOST_NAMED:] else ""
            shown = ", ".join(names[:_MOST_NAMED]) + more
            report.note(f"Keras 3 does not load this file: {what} ({shown}); Keras 2 does. For Keras 3 write .keras")


def draft2(lowered: Spec, report: Report) -> tuple[dict[str, Any], list[Problem]]:
    """The document without the layers that Keras cannot say, and a problem for each that Keras 2 cannot."""
    document, problems = draft(lowered, report)
    config = document["config"]
    made = {
        "class_name": "Model",
        "module": "keras",
        "registered_name": None,
        "config": {
            "name": legal_name(config["name"]),
            "trainable": True,
            "layers": [_item(item, problems) for item in config["layers"]],
            "input_layers": _ends(config["input_layers"]),
            "output_layers": _ends(config["output_layers"]),
        },
        "keras_version": VERSION,
        "backend": "tensorflow",
    }
    return made, under_own_names(problems, report)


def under_own_names(problems: list[Problem], report: Report) -> list[Problem]:
    """The problems with the names that layers had before they were renamed."""
    before = {new: old for old, new in report.renamed.items()}

    def named(found: Problem) -> Problem:
        name = found.where.layer
        for _ in before:
            if name not in before:
                break
            name = before[name]
        return found.model_copy(update={"where": found.where.model_copy(update={"layer": name})})

    return [named(found) for found in problems]


def functions(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The activations that a config names, those of layers within it too, with their paths."""
    for key in _FUNCTIONS:
        if key in config:
            yield key, config[key]
    for key in _LAYERS:
        if isinstance(config.get(key), Mapping):
            yield from ((f"{key}.params.{path}", name) for path, name in functions(config[key]["config"]))


def _ends(value: list[Any]) -> list[Any]:
    return [value] if isinstance(value[0], str) else value


def _item(item: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    name = item["config"]["name"]
    config = _config(item["class_name"], item["config"], lambda broken: problems.append(broken.problem(name)))
    if item["class_name"] == "MultiHeadAttention":
        config |= _attended(item["build_config"])
    nodes = [_call(item["class_name"], node) for node in item["inbound_nodes"]]
    head = {"class_name": item["class_name"], "module": "keras.layers", "registered_name": None}
    return {**head, "config": config, "name": name, "inbound_nodes": nodes}


def _attended(built: Mapping[str, Any]) -> dict[str, Any]:
    """Keras 2 makes the weights of an attention layer from shapes in its config."""
    shapes = built.get("shapes_dict", {})
    query = shapes.get("query_shape", built.get("input_shape"))
    value = shapes.get("value_shape", query)
    return {"query_shape": query, "key_shape": shapes.get("key_shape", value), "value_shape": value}


def _call(type: str, node: Any) -> list[Any]:
    """Keras 2 gives attention its other tensors by name."""
    found = [[one.layer, one.node, one.index] for one in read_call(node).tensors]
    if type == "MultiHeadAttention":
        return [[*found[0], dict(zip(("value", "key"), found[1:], strict=False))]]
    return [[*one, {}] for one in found]


def _config(type: str, config: Mapping[str, Any], refuse: Callable[[Unmappable], None]) -> dict[str, Any]:
    """The config of one layer; what Keras 2 cannot say goes to ``refuse``."""
    if type not in CLASSES:
        refuse(Unmappable("the layer type must have a counterpart in Keras 2", type))
    unknown, renamed = _UNKNOWN.get(type, {}), _RENAMED.get(type, {})
    made: dict[str, Any] = {}
    for key, value in config.items():
        if (key, value) == _SCORES:
            continue
        if key in unknown:
            if value != unknown[key]:
                rule = f"{key} must be {unknown[key]!r}: Keras 2 has no word for it"
                refuse(Unmappable(rule, plain(value), key))
            continue
        made[renamed.get(key, key)] = _value(key, value, refuse)
    if "batch_shape" in made:
        made["batch_input_shape"] = made.pop("batch_shape")
        made.pop("optional", None)
    return made


def _value(key: str, value: Any, refuse: Callable[[Unmappable], None]) -> Any:
    if key in _FUNCTIONS and isinstance(value, str):
        if value not in ACTIVATIONS:
            refuse(Unmappable(f"{key} must be one of {', '.join(ACTIVATIONS)} in Keras 2", value, key))
        return ACTIVATIONS.get(value, value)
    if key == "dtype" and isinstance(value, Mapping):
        return value["config"]["name"]
    if not isinstance(value, Mapping) or "class_name" not in value:
        return value
    if key in _LAYERS:
        config = _config(value["class_name"], value["config"], lambda broken: refuse(_within(key, broken)))
        return {**value, "config": config}
    if value["class_name"] in _NO_INITIALIZERS:
        refuse(Unmappable(f"{key} must be one that Keras 2 has", value["class_name"], key))
    return {"class_name": value["class_name"], "config": value["config"]}


def _within(key: str, broken: Unmappable) -> Unmappable:
    path = f"{key}.params.{broken.param}" if broken.param else key
    return Unmappable(broken.rule, broken.received, path, hint=broken.hint)
