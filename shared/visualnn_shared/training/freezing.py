"""Layers that keep their weights while the others learn."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.spec.problem import Problem, problem


def frozen_layers(resolved: Resolved, patterns: Sequence[str]) -> tuple[set[str], list[Problem]]:
    """The layers with weights of their own that match a pattern (``conv1``, ``block1/*``), and every problem."""
    owners = [layer.name for layer in resolved.layers if layer.weights and layer.weights_of is None]
    frozen: set[str] = set()
    problems = []
    for index, pattern in enumerate(patterns):
        found = [name for name in owners if name == pattern or fnmatchcase(name, pattern)]
        frozen.update(found)
        if not found:
            rule = "frozen must name layers with weights of their own"
            hint = closest(pattern, owners)
            problems.append(problem(rule, pattern, field=f"params.frozen.{index}", hint=hint))
    return frozen, problems


def freeze(resolved: Resolved, frozen: set[str]) -> Resolved:
    """The same net, in which the variables of these layers are not trained."""
    layers = [
        layer
        if layer.name not in frozen
        else layer._replace(weights=tuple([weight._replace(trainable=False) for weight in layer.weights]))
        for layer in resolved.layers
    ]
    return Resolved(resolved.name, layers, resolved.inputs, resolved.outputs, resolved.problems)
