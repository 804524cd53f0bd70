"""Weights of another run as a beginning: which layers take them."""

from visualnn_shared.analysis.walk import Resolved, Variable
from visualnn_shared.spec.problem import Problem, problem


def taken(resolved: Resolved, source: Resolved) -> tuple[list[str], list[Problem]]:
    """The layers that find all their weights in ``source``, by name and shape; a problem where there is none."""
    theirs = {layer.name: _shapes(layer.weights) for layer in source.layers if layer.weights and not layer.weights_of}
    owners = [layer for layer in resolved.layers if layer.weights and not layer.weights_of]
    found = [layer.name for layer in owners if theirs.get(layer.name) == _shapes(layer.weights)]
    if found or not owners:
        return found, []
    rule = "initial_weights must have a layer of the network, of the same name and with weights of the same shapes"
    return [], [problem(rule, ", ".join(list(theirs)[:10]) or "none", field="params.initial_weights")]


def _shapes(weights: tuple[Variable, ...]) -> list[tuple[str, tuple[object, ...]]]:
    return [(weight.name, tuple(weight.shape)) for weight in weights]
