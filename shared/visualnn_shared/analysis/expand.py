"""Blocks replaced by the layers they stand for: the first thing that is done to a spec."""

from collections.abc import Mapping

from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.spec.model import MAX_LAYERS, Layer, Spec

DEEPEST = 8
"""Blocks within blocks."""


def expand(spec: Spec, catalogue: Mapping[str, Entry] = CATALOGUE) -> Spec:
    """The spec without blocks, as far as their parameters are sound; a block that is not stays, to be reported.

    The last layer of a block has its name, so that what it feeds needs no change; the others are ``block/part``. With
    ``weights_of`` each of them uses the weights of its counterpart in the named block.
    """
    for _ in range(DEEPEST):
        if not any((entry := catalogue.get(layer.type)) and entry.expand for layer in spec.layers):
            break
        layers: list[Layer] = []
        for layer in spec.layers:
            layers += _layers(layer, catalogue)
            if len(layers) > MAX_LAYERS:  # reported by the walk: a block cannot make a net that could not be posted
                return spec
        if len(layers) == len(spec.layers):
            break
        spec = spec.model_copy(update={"layers": tuple(layers)})
    return spec


def _layers(layer: Layer, catalogue: Mapping[str, Entry]) -> list[Layer]:
    entry = catalogue.get(layer.type)
    if entry is None or entry.expand is None:
        return [layer]
    params, problems = clean_params(entry, layer.params, layer.name)
    if problems or not entry.ports.least <= len(layer.inputs) <= (entry.ports.most or len(layer.inputs)):
        return [layer]
    made = [_within(layer, inner, catalogue) for inner in entry.expand(layer.name, params, layer.inputs)]
    return made if params.get("trainable", True) else [_frozen(inner, catalogue) for inner in made]


def _within(outer: Layer, inner: Layer, catalogue: Mapping[str, Entry]) -> Layer:
    if outer.weights_of is None or not _has_weights(inner, catalogue):
        return inner
    owner = outer.weights_of + inner.name[len(outer.name) :]
    return inner.model_copy(update={"weights_of": owner})


def _frozen(layer: Layer, catalogue: Mapping[str, Entry]) -> Layer:
    if not _has_weights(layer, catalogue):
        return layer
    return layer.model_copy(update={"params": {**layer.params, "trainable": False}})


def _has_weights(layer: Layer, catalogue: Mapping[str, Entry]) -> bool:
    entry = catalogue.get(layer.type)
    return entry is not None and entry.has_weights
