"""Blocks replaced for good by the layers they stand for, in a spec that people go on with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visualnn_shared.analysis.expand import expand_layer, is_block
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Entry
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import MAX_LAYERS, Group, Layer, Spec
from visualnn_shared.spec.problem import Problem, problem


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The spec with layers in place of blocks, and the names of the layers that each block became."""

    spec: Spec
    made: dict[str, list[str]]


def unfold(spec: Spec, names: Sequence[str] | None = None, catalogue: Mapping[str, Entry] = CATALOGUE) -> Unfolded:
    """Replace the named blocks, or all; those that share weights with one of them go along.

    The last layer has the block's name and note, the others are ``block/part``: variables keep their names, so weights
    fit before and after. Groups keep what they hold, and each block becomes a group of its own. Raises SpecInvalid.
    """
    blocks = {layer.name: layer for layer in spec.layers if is_block(layer, catalogue)}
    chosen = _with_sharers(blocks, set(blocks) if names is None else set(names))
    problems = [_no_block(name, spec, blocks) for name in sorted(chosen - set(blocks))]
    inside: dict[str, list[Layer]] = {}
    for name in sorted(chosen & set(blocks)):
        problems += clean_params(catalogue[blocks[name].type], blocks[name].params, name)[1]
        inside[name] = expand_layer(blocks[name], catalogue)
    layers = [made for layer in spec.layers for made in _noted(layer, inside.get(layer.name))]
    problems = problems or _clashes(spec, inside, len(layers))
    if problems:
        raise SpecInvalid(problems, spec.name)
    made = {name: [one.name for one in found] for name, found in inside.items()}
    return Unfolded(spec.model_copy(update={"layers": tuple(layers), "groups": _groups(spec, made)}), made)


def _with_sharers(blocks: Mapping[str, Layer], chosen: set[str]) -> set[str]:
    """Two that share weights are both blocks, or neither is."""
    pairs = [(name, layer.weights_of) for name, layer in blocks.items() if layer.weights_of in blocks]
    while more := {one for pair in pairs if chosen & set(pair) for one in pair if one} - chosen:
        chosen = chosen | more
    return chosen


def _no_block(name: str, spec: Spec, blocks: Mapping[str, Layer]) -> Problem:
    found = next((layer.type for layer in spec.layers if layer.name == name), None)
    rule = "only blocks can be unfolded" if found else "layer must name a layer of the spec"
    return problem(rule, found or name, layer=name if found else None, field="layer", hint=closest(name, list(blocks)))


def _noted(layer: Layer, inside: Sequence[Layer] | None) -> list[Layer]:
    if inside is None or layer.note is None:
        return [layer] if inside is None else list(inside)
    return [one.model_copy(update={"note": layer.note}) if one.name == layer.name else one for one in inside]


def _clashes(spec: Spec, inside: Mapping[str, Sequence[Layer]], count: int) -> list[Problem]:
    if count > MAX_LAYERS:
        rule = f"a spec must have at most {MAX_LAYERS} layers once its blocks are replaced by theirs"
        return [problem(rule, count, field="layers")]
    taken = {layer.name for layer in spec.layers} - set(inside)
    rule, hint = "a layer's name must occur once", "rename the block, or the layer of this name"
    return [
        problem(rule, one.name, layer=name, hint=hint)
        for name, layers in inside.items()
        for one in layers
        if one.name in taken
    ]


def _groups(spec: Spec, made: Mapping[str, Sequence[str]]) -> tuple[Group, ...]:
    kept = [
        one.model_copy(update={"layers": tuple(new for old in one.layers for new in made.get(old, [old]))})
        for one in spec.groups
    ]
    known = {one.name for one in kept} | {""}
    return (*kept, *(Group(name=name, layers=tuple(layers)) for name, layers in made.items() if name not in known))
