"""Blocks replaced by the layers they stand for: the first thing that is done to a spec."""

from collections.abc import Mapping

from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.spec.model import MAX_LAYERS, Layer, Spec
from visualnn_shared.spec.problem import Problem, problem

DEEPEST = 8
"""Blocks within blocks."""


def expand(spec: Spec, catalogue: Mapping[str, Entry] = CATALOGUE) -> Spec:
    """The spec without blocks, as far as they are sound; a block that is not stays, to be reported."""
    return expanded(spec, catalogue)[0]


def expanded(spec: Spec, catalogue: Mapping[str, Entry] = CATALOGUE) -> tuple[Spec, list[Problem]]:
    """The spec without blocks, and what is wrong with blocks as such.

    The last layer of a block has its name, so that what it feeds needs no change; the others are ``block/part``. With
    ``weights_of`` each of them uses the weights of its counterpart in the named block.
    """
    problems: list[Problem] = []
    for _ in range(DEEPEST):
        blocks = {layer.name: layer for layer in spec.layers if is_block(layer, catalogue)}
        if not blocks:
            break
        layers: list[Layer] = []
        for layer in spec.layers:
            if layer.name in blocks:
                problems += _sharing(layer, blocks)
            layers += expand_layer(layer, catalogue)
            if len(layers) > MAX_LAYERS:
                rule = f"a spec must have at most {MAX_LAYERS} layers once its blocks are replaced by theirs"
                return spec, [problem(rule, f"{len(layers)} and more", layer=layer.name, field="layers")]
        if len(layers) == len(spec.layers):
            break
        spec = spec.model_copy(update={"layers": tuple(layers)})
    return spec, problems


def is_block(layer: Layer, catalogue: Mapping[str, Entry] = CATALOGUE) -> bool:
    """Whether a layer stands for several."""
    entry = catalogue.get(layer.type)
    return entry is not None and entry.expand is not None


def _sharing(layer: Layer, blocks: Mapping[str, Layer]) -> list[Problem]:
    """A block shares the weights of a block of its own type."""
    owner = layer.weights_of
    if owner is None or (owner in blocks and blocks[owner].type == layer.type):
        return []
    rule = f"weights_of must name a {layer.type}, as the layer is one"
    return [problem(rule, owner, layer=layer.name, field="weights_of", hint=closest(owner, blocks))]


def expand_layer(layer: Layer, catalogue: Mapping[str, Entry] = CATALOGUE) -> list[Layer]:
    """What a block stands for; the layer itself where it is none, or not sound."""
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
