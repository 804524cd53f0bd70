"""Memory that a net needs, in float32: what is counted, and what is not.

Inference: every variable, and the largest set of layer outputs that must be there at once when layers run in
dependency order and an output is dropped after its last use, times the batch. Training: every variable, a gradient and
the optimizer's slots for each trainable value, and every layer's output, kept for the backward pass, times the batch.
Not counted: workspace of the kernels, dropout masks, copies that a framework makes, and the framework itself.
"""

from collections.abc import Mapping
from math import prod
from typing import Any

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.catalogue.free import Dim
from visualnn_shared.spec.problem import Problem, problem

FLOAT = 4
"""Bytes of a float32 value."""

SLOTS: Mapping[str, int] = {
    "sgd": 0, "rmsprop": 1, "adam": 2, "adamw": 2, "adagrad": 1, "adadelta": 2, "adamax": 2, "nadam": 2,
    "ftrl": 2, "lion": 1, "lamb": 2,
}  # fmt: skip
"""Variables that a Keras optimizer keeps for each trainable value, at its defaults."""


def slots(optimizer: str | Mapping[str, Any]) -> int:
    """Slots of an optimizer, by name or with parameters: ``{"name": "sgd", "momentum": 0.9}``. Raises ``KeyError``."""
    if isinstance(optimizer, str):
        return SLOTS[optimizer]
    count = SLOTS[optimizer["name"]]
    if optimizer["name"] in ("sgd", "rmsprop"):
        count += bool(optimizer.get("momentum"))
    return count + bool(optimizer.get("centered")) + bool(optimizer.get("amsgrad"))


def optimizer_problems(optimizer: str | Mapping[str, Any]) -> list[Problem]:
    """What keeps ``slots`` from knowing the optimizer."""
    name = optimizer if isinstance(optimizer, str) else optimizer.get("name")
    if isinstance(name, str) and name in SLOTS:
        return []
    return [problem(f"optimizer must be one of {', '.join(SLOTS)}", name, field="optimizer")]


def peak_values(resolved: Resolved) -> Dim:
    """Largest number of output values of one sample that are needed at once; FREE where an axis is free."""
    kept = {ref.layer for ref, _shape in resolved.outputs}
    last_use = {ref.layer: i for i, layer in enumerate(resolved.layers) for ref in layer.inputs}
    sizes: dict[str, Dim] = {}
    live: Dim = 0
    peak: Dim = 0
    for i, layer in enumerate(resolved.layers):
        sizes[layer.name] = values = layer_values(layer.output_shapes)
        live = live + values
        peak = live if not isinstance(live, int) or live > peak else peak
        for name in {ref.layer for ref in layer.inputs}:
            if last_use[name] == i and name not in kept:
                live = live - sizes[name]
    return peak


def layer_values(shapes: tuple[tuple[Dim, ...], ...]) -> Dim:
    """Number of values of all outputs of a layer, for one sample."""
    total: Dim = prod(shapes[0])
    for other in shapes[1:]:
        total = total + prod(other)
    return total
