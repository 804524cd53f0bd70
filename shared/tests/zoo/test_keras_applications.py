"""Networks that Keras has too are the same: every layer's name, class, output shape and variables."""

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.summary import LayerSummary, Summary, summary

pytestmark = pytest.mark.slow

BUILDERS = {
    "vgg16": "VGG16", "vgg19": "VGG19", "resnet50": "ResNet50", "resnet101": "ResNet101", "resnet152": "ResNet152",
    "inception_v3": "InceptionV3", "inception_resnet_v2": "InceptionResNetV2", "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2", "densenet121": "DenseNet121", "densenet169": "DenseNet169",
    "densenet201": "DenseNet201",
}  # fmt: skip
TYPES = {"InputLayer": "Input", "CustomScaleLayer": "Add"}
"""Classes of Keras that are another type here; their names differ too."""


@pytest.fixture(scope="module", params=BUILDERS)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Summary]]:
    """Keras' model with random weights, and the summary of ours."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TensorFlow's own
        keras = pytest.importorskip("keras")
    keras.utils.clear_session()  # layers without a name are numbered from the start
    yield getattr(keras.applications, BUILDERS[request.param])(weights=None), summary(zoo.load(request.param))
    keras.utils.clear_session()


def flat(layers: list[Any]) -> Iterator[Any]:
    """The layers, those of inner models in their place."""
    for layer in layers:
        yield from flat(layer.layers) if hasattr(layer, "layers") else [layer]


def test_the_parameters_are_those_of_keras(pair: tuple[Any, Summary]) -> None:
    model, ours = pair
    assert ours.params == model.count_params()
    assert ours.trainable_params == sum(int(w.value.shape.num_elements()) for w in model.trainable_weights)


def test_every_layer_is_that_of_keras(pair: tuple[Any, Summary]) -> None:
    model, ours = pair
    theirs = Counter(row(layer) for layer in flat(model.layers) if type(layer).__name__ != "InputLayer")
    assert theirs == Counter(our_row(layer) for layer in ours.layers if layer.type != "Input")


def row(layer: Any) -> tuple[Any, ...]:
    kind = type(layer).__name__
    variables = tuple((w.name, tuple(w.shape), w.trainable) for w in layer.weights)
    name = "" if kind in TYPES else layer.name
    return name, TYPES.get(kind, kind), tuple(layer.output.shape[1:]), variables


def our_row(layer: LayerSummary) -> tuple[Any, ...]:
    name = "" if layer.type in TYPES.values() and layer.name.startswith("block") else layer.name
    variables = tuple((w.name.split("/")[1], w.shape, w.trainable) for w in layer.weights)
    return name, layer.type, layer.output_shape, variables


def test_layers_are_connected_as_in_keras(pair: tuple[Any, Summary]) -> None:
    """Every layer's depth, counted in layers from the picture, is that of Keras."""
