"""Layers that share weights as calls of one layer, for formats where only the calls' order tells them apart."""

from collections.abc import Collection, Mapping

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.passes import legal_names
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, split_tensor


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """The first call in dependency order owns the weights under the owner's name; others are ``name@1``, ``name@2``."""
    if not any(layer.weights_of for layer in spec.layers):
        return spec, weights
    groups: dict[str, list[str]] = {layer.weights_of: [] for layer in spec.layers if layer.weights_of}
    for layer in resolve(spec).layers:
        owner = layer.weights_of or layer.name
        if owner in groups:
            groups[owner].append(layer.name)
    first = {name: calls[0] for calls in groups.values() for name in calls}
    names = {
        name: owner if number == 0 else f"{owner}@{number}"
        for owner, calls in groups.items()
        for number, name in enumerate(calls)
    }
    layers = tuple(_owned(layer, first) for layer in spec.layers)
    known = {layer.name for layer in spec.layers}
    moved = None if weights is None else {_tensor(name, known, first): tensor for name, tensor in weights.items()}
    ordered = spec.model_copy(update={"layers": layers})
    return legal_names.run(ordered, moved, report, lambda name: names.get(name, name))


def _owned(layer: Layer, first: dict[str, str]) -> Layer:
    owner = first.get(layer.name)
    if owner is None:
        return layer
    return layer.model_copy(update={"weights_of": None if owner == layer.name else owner})


def _tensor(name: str, layers: Collection[str], first: Mapping[str, str]) -> str:
    layer, variable = split_tensor(name, layers)
    return f"{first.get(layer, layer)}/{variable}"
