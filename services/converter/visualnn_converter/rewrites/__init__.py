"""Rewrites of layers that a format cannot say into layers that it can: one module each, found by listing this folder.

Each has ``NAME``, ``WHAT`` (for hints), and ``rewrite(layer) -> Rewrite | None``. They are applied only where the user
allows it, and only to layers that are obstacles: they may cost speed, or change what training would do.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.problem import Problem

from visualnn_converter.report import Report
from visualnn_converter.rewrites.base import Place, Rewrite
from visualnn_converter.rewriting import Names, Weights

MOST_ROUNDS = 4
"""Rewritten layers may be obstacles again: ``SeparableConv2D`` -> ``DepthwiseConv2D`` with uneven padding."""


@cache
def rewrites() -> Mapping[str, ModuleType]:
    """Every rewrite by name."""
    found = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {module.NAME: module for module in found if hasattr(module, "NAME")}


def suggested(spec: Spec, problems: Sequence[Problem]) -> list[Problem]:
    """The problems, each with the rewrite that may remove it as a hint."""
    places = _places(spec)
    return [_hinted(one, _found(one, places)) for one in problems]


def _hinted(one: Problem, found: tuple[ModuleType, Rewrite] | None) -> Problem:
    if found is None:
        return one
    hint = f"it can be rewritten: {found[0].WHAT}; allow it with --allow-rewrite"
    if found[1].needs_weights:
        hint += ", and give the weights"
    return one.model_copy(update={"hint": f"{one.hint}; {hint}" if one.hint else hint})


def remaining(before: Sequence[Problem], after: Sequence[Problem]) -> list[Problem]:
    """What is left once rewrites were tried: problems of layers that they made, as those of the layers they were."""
    owners, left = {one.where.layer for one in before}, dict[str | None, Problem]()
    others: list[Problem] = []
    for new in after:
        owner = _owner(new.where.layer, owners)
        if owner is None:
            others.append(new)
        else:
            left.setdefault(owner, new)
    stays = [one for one in before if one.where.layer in left]
    return [_tried(one, left[one.where.layer]) for one in stays] + others


def _owner(layer: str | None, owners: Container[str | None]) -> str | None:
    """The layer that had the problem: rewrites name what they make ``layer/part``."""
    while layer and layer not in owners:
        layer = layer.rpartition("/")[0]
    return layer or None


def _tried(one: Problem, inner: Problem) -> Problem:
    if inner.where.layer == one.where.layer:
        return one
    hint = f"rewriting it does not help: {inner.rule}; received {inner.received!r}"
    return one.model_copy(update={"hint": f"{one.hint}; {hint}" if one.hint else hint})


def apply(
    spec: Spec, weights: Weights | None, problems: Iterable[Problem], report: Report
) -> tuple[Spec, Weights | None]:
    """The spec with every layer rewritten that has a problem and a rewrite; the same spec where none has."""
    places, chosen = _places(spec), dict[str, tuple[ModuleType, Rewrite]]()
    for one in problems:
        found = _found(one, places)
        if found is not None and (weights is not None or not found[1].needs_weights):
            chosen.setdefault(found[1].layers[-1].name, found)
    if not chosen:
        return spec, weights
    names, tensors = Names(layer.name for layer in spec.layers), dict(weights) if weights is not None else None
    layers: list[Layer] = []
    for layer in spec.layers:
        if layer.name not in chosen:
            layers.append(layer)
            continue
        module, made = chosen[layer.name]
        renamed = {one.name: names.fresh(one.name) for one in made.layers[:-1]}
        layers += [_renamed(one, renamed) for one in made.layers]
        if tensors is not None:
            _move(tensors, layer.name, made, renamed)
        report.rewrote(layer.name, module.NAME, f"{report.target} cannot say it otherwise: {module.WHAT}")
        if made.bound is not None:
            report.approximates(layer.name, module.NAME, made.bound)
    return spec.model_copy(update={"layers": tuple(layers)}), tensors


def _renamed(layer: Layer, names: Mapping[str, str]) -> Layer:
    inputs = tuple(names.get(ref, ref) for ref in layer.inputs)
    return layer.model_copy(update={"name": names.get(layer.name, layer.name), "inputs": inputs})


def _move(tensors: dict[str, Any], layer: str, made: Rewrite, names: Mapping[str, str]) -> None:
    own = {key[len(layer) + 1 :]: value for key, value in tensors.items() if key.startswith(f"{layer}/")}
    own = {key: own[key] for key in made.takes if key in own}
    for key in own:
        del tensors[f"{layer}/{key}"]
    for name, values in made.tensors(own).items():
        owner, _, variable = name.rpartition("/")
        tensors[f"{names.get(owner, owner)}/{variable}"] = values


def _places(spec: Spec) -> dict[str, Place]:
    """Layers that rewrites may look at, with what feeds them."""
    resolved = resolve(spec)
    layers = {layer.name: layer for layer in resolved.layers}
    shared = {layer.weights_of for layer in resolved.layers if layer.weights_of}
    return {
        name: Place(layer, layers)
        for name, layer in layers.items()
        if layer.weights_of is None and name not in shared and layer.type != "Input"
    }


def _found(one: Problem, places: Mapping[str, Place]) -> tuple[ModuleType, Rewrite] | None:
    """The first rewrite of the layer that the problem is of; passes name parts of a layer ``layer/part``."""
    name = one.where.layer or ""
    while name and name not in places:
        name = name.rpartition("/")[0]
    if not name:
        return None
    for module in rewrites().values():
        made = module.rewrite(places[name], one)
        if made is not None:
            return module, made
    return None


__all__ = ["MOST_ROUNDS", "apply", "remaining", "rewrites", "suggested"]
