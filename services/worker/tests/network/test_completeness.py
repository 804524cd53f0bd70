"""Every class of keras.layers has an entry of the catalogue, or a reason why it has none; so with what layers name."""

import inspect
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.named import ACTIVATION, CONSTRAINT, INITIALIZER, REGULARIZER

_BASE = "a base class that computes nothing"
_CODE = "holds code or another program's model, and a spec is never code"
_CELL = "one step of a recurrent layer: LSTM, GRU and SimpleRNN hold it, and layers after each other stack it"
_LABELS = "changes the labels together with the samples, and a layer of a spec has no labels"
_STRINGS = "takes strings, which are no values of an Input"
WITHOUT_ENTRY = {
    "Layer": _BASE,
    "Wrapper": _BASE,
    "InputSpec": "not a layer: what a layer expects of its inputs",
    "InputLayer": "the entry Input",
    "Pipeline": "layers one after the other, which is what a spec is",
    "Lambda": _CODE,
    "TFSMLayer": _CODE,
    "TorchModuleWrapper": _CODE,
    "JaxLayer": _CODE,
    "FlaxLayer": _CODE,
    "RNN": _CELL,
    "SimpleRNNCell": _CELL,
    "GRUCell": _CELL,
    "LSTMCell": _CELL,
    "StackedRNNCells": _CELL,
    "CutMix": _LABELS,
    "MixUp": _LABELS,
    "MaxNumBoundingBoxes": "works on the boxes of a detection data set, which a spec does not carry",
    "StringLookup": _STRINGS,
    "TextVectorization": _STRINGS,
    "ReversibleEmbedding": "its way back is an argument of the call, which layers of a spec do not have",
}


def classes(module: Any) -> Iterator[set[str]]:
    """The classes that a module exports, each under all of its names."""
    names: dict[type, set[str]] = {}
    for name in dir(module):
        found = getattr(module, name)
        if inspect.isclass(found):
            names.setdefault(found, set()).add(name)
    yield from names.values()


def test_every_layer_of_keras_has_an_entry_or_a_reason() -> None:
    unknown = [names for names in classes(keras.layers) if not names & {*CATALOGUE, *WITHOUT_ENTRY}]
    assert unknown == []


def test_reasons_are_of_layers_that_keras_has_and_the_catalogue_lacks() -> None:
    there = set().union(*classes(keras.layers))
    assert {*WITHOUT_ENTRY} <= there
    assert {*WITHOUT_ENTRY} & set(CATALOGUE) == set()
    assert all(len(reason) > 10 for reason in WITHOUT_ENTRY.values())


_ABSTRACT = {"Initializer", "Regularizer", "Constraint"}
_WITHOUT_NAME = {
    "get": "not an activation: finds one",
    "serialize": "not an activation: writes one",
    "deserialize": "not an activation: reads one",
    "glu": "halves an axis, and an activation keeps the shape",
    "threshold": "has no defaults for its threshold and its value",
}
_MODULES = [
    (keras.initializers, INITIALIZER.variants),
    (keras.regularizers, REGULARIZER.of.variants),
    (keras.constraints, CONSTRAINT.of.variants),
]
_MODULE_NAMES = ["initializers", "regularizers", "constraints"]
_SET_BY_LAYERS = {"input_axes", "output_axes"}
"""Parameters of Keras that a layer sets when it is built: which axes of its kernel are inputs, and which outputs."""


@pytest.mark.parametrize(("module", "variants"), _MODULES, ids=_MODULE_NAMES)
def test_every_class_that_keras_has_can_be_named(module: Any, variants: Any) -> None:
    ours = {variant.keras_class for variant in variants.values()}
    assert [names for names in classes(module) if not names & (ours | _ABSTRACT)] == []
    assert {name for name in ours if not inspect.isclass(getattr(module, name, None))} == set()


@pytest.mark.parametrize(("module", "variants"), _MODULES, ids=_MODULE_NAMES)
def test_every_named_thing_has_the_parameters_and_defaults_of_keras(module: Any, variants: Any) -> None:
    for variant in variants.values():
        theirs = inspect.signature(getattr(module, variant.keras_class).__init__).parameters
        given = {
            name: p.default
            for name, p in theirs.items()
            if p.kind is p.POSITIONAL_OR_KEYWORD and name not in _SET_BY_LAYERS | {"self"}
        }
        ours = {name: kind.clean(default) for name, (kind, default) in variant.params.items()}
        assert ours == {name: variant.params[name][0].clean(default) for name, default in given.items()}, variant.name


def test_every_function_of_keras_can_be_named() -> None:
    theirs: dict[Any, set[str]] = {}
    for name in set(dir(keras.activations)) - set(_WITHOUT_NAME):
        if callable(getattr(keras.activations, name)):
            theirs.setdefault(getattr(keras.activations, name), set()).add(name)
    assert [names for names in theirs.values() if not names & set(ACTIVATION.variants)] == []
    assert all(callable(getattr(keras.activations, name, None)) for name in ACTIVATION.variants)
