"""Networks that Keras has too are the same: each layer's name, class, inputs, output shape and variables."""

import json
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.walk import Resolved, ResolvedLayer, resolve

pytestmark = pytest.mark.slow

BUILDERS = {
    "vgg16": "VGG16", "vgg19": "VGG19", "resnet50": "ResNet50", "resnet101": "ResNet101", "resnet152": "ResNet152",
    "inception_v3": "InceptionV3", "inception_resnet_v2": "InceptionResNetV2", "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2", "densenet121": "DenseNet121", "densenet169": "DenseNet169",
    "densenet201": "DenseNet201", "xception": "Xception", "efficientnet_b0": "EfficientNetB0",
    "convnext_tiny": "ConvNeXtTiny",
}  # fmt: skip
TYPES = {"InputLayer": "Input", "CustomScaleLayer": "Add"}
"""Keras' classes that are another type here."""
SETTINGS = ("strides", "padding", "epsilon", "momentum", "max_value", "rate", "activation", "pool_size", "use_bias")
"""Parameters that shapes and variables do not tell."""
UNNAMED = {"Input", "Add"}
"""Types of the layers whose names are not Keras': there they are numbered, or no layers."""


@pytest.fixture(scope="module", params=BUILDERS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Resolved]]:
    """Keras' model with random weights, and our network."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow's own
        keras = pytest.importorskip("keras")
    keras.utils.clear_session()  # layers without a name are numbered from the start
    yield getattr(keras.applications, BUILDERS[request.param])(weights=None), resolve(zoo.load(request.param))
    keras.utils.clear_session()


def test_the_parameters_are_those_of_keras(pair: tuple[Any, Resolved]) -> None:
    model, ours = pair
    variables = [variable for layer in ours.layers for variable in layer.weights]
    assert count(v.shape for v in variables) == model.count_params()
    assert count(v.shape for v in variables if v.trainable) == count(w.shape for w in model.trainable_weights)


def test_every_layer_is_that_of_keras(pair: tuple[Any, Resolved]) -> None:
    model, ours = pair
    names = common_names(model, ours)
    assert Counter(row(layer, names) for layer in ours.layers) == Counter(keras_row(op, names) for op in flat(model))
    assert {layer.type for layer in ours.layers if layer.name not in names} <= UNNAMED


def test_layers_are_connected_as_in_keras(pair: tuple[Any, Resolved]) -> None:
    """Layers that Keras names otherwise are known by the layers that feed them."""
    model, ours = pair
    names = common_names(model, ours)
    found = {
        (layer.name if layer.name in names else "", *(ref.layer if ref.layer in names else "" for ref in layer.inputs))
        for layer in ours.layers
    }
    theirs = {tuple(one.name if one.name in names else "" for one in (op, *sources)) for op, sources in wired(model)}
    assert found == theirs


def common_names(model: Any, ours: Resolved) -> set[str]:
    return {layer.name for layer in ours.layers} & {op.name for op in flat(model)}


def count(shapes: Any) -> int:
    total = 0
    for shape in shapes:
        size = 1
        for n in shape:
            size *= n
        total += size
    return total


def row(layer: ResolvedLayer, names: set[str]) -> tuple[Any, ...]:
    name = layer.name if layer.name in names else ""
    settings = {key: layer.params[key] for key in SETTINGS if key in layer.params}
    return name, layer.type, layer.output_shapes[0], tuple(tuple(w) for w in layer.weights), plain(settings)


def keras_row(op: Any, names: set[str]) -> tuple[Any, ...]:
    kind, name = type(op).__name__, op.name if op.name in names else ""
    owner = "gamma" if kind == "LayerScale" else None  # Keras leaves it without a name
    weights = tuple((owner or w.name, tuple(w.shape), w.trainable) for w in getattr(op, "weights", []))
    config = op.get_config() if weights or kind not in TYPES else {}
    settings = {key: config[key] for key in SETTINGS if key in config}
    return name, TYPES.get(kind, kind), tuple(op.output.shape[1:]), weights, plain(settings)


def plain(settings: dict[str, Any]) -> str:
    """As JSON, so that lists and tuples are alike."""
    return json.dumps(settings, sort_keys=True)


def flat(model: Any) -> Iterator[Any]:
    """The layers and other operations, those of inner models in their place."""
    return (op for op, _sources in wired(model))


def wired(model: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Each operation of a functional model, and the operations that feed it; inner models are chains."""
    for op in model.operations:
        sources = [end(parent.operation) for parent in op._inbound_nodes[0].parent_nodes]
        if not hasattr(op, "layers"):
            yield op, sources
            continue
        for inner in op.layers:
            yield inner, sources
            sources = [inner]


def end(op: Any) -> Any:
    """The layer that an operation's output comes from."""
    return op.layers[-1] if hasattr(op, "layers") else op
