"""Layers that apply another layer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from visualnn_shared.catalogue.inner import Applied, applied
from visualnn_shared.catalogue.layers.wrappers import directions
from visualnn_shared.reference.calling import Answer, Array, Call, Mask, forward
from visualnn_shared.reference.running import compute


def _within(c: Call, prefix: str) -> dict[str, Array]:
    """The variables of the layer that stand under ``prefix``."""
    return {name.removeprefix(f"{prefix}/"): one for name, one in c.w.items() if name.startswith(f"{prefix}/")}


def _shapes(c: Call) -> list[tuple[int, ...]]:
    return [x.shape[1:] for x in c.inputs]


@forward("TimeDistributed")
def each_step(c: Call) -> Array:
    """The layer at every step, with its mask where that has further axes."""
    inner = applied(c.p["layer"], [c.x.shape[2:]])
    weights = _within(c, "layer")
    steps = []
    for i in range(c.x.shape[1]):
        mask: Mask = c.mask[:, i] if c.mask is not None and c.mask.ndim > 2 else None
        steps.append(compute(Call(inner.entry.type, inner.params, [c.x[:, i]], weights, [mask]))[0])
    return np.stack(steps, 1)


@forward("SpectralNormalization")
def as_it_is(c: Call) -> Answer:
    """Outside training the layer with its kernel as training left it. Miyato et al. 2018, section 2.1."""
    inner = applied(c.p["layer"], _shapes(c))
    return compute(Call(inner.entry.type, inner.params, c.inputs, _within(c, "layer"), c.masks))


@forward("Bidirectional")
def both_directions(c: Call) -> Answer:
    """One layer from each end; what the one from the end gives is turned around. Schuster and Paliwal 1997."""
    half = (len(c.inputs) - 1) // 2
    states = c.inputs[1:]
    forward_, backward = directions(c.p, _shapes(c))
    ours = _one_way(c, forward_, "forward_layer", states[:half])
    theirs = _one_way(c, backward, "backward_layer", states[half:])
    first, second = ours[0], theirs[0]
    if forward_.params["return_sequences"]:
        second = second[:, ::-1]
    return [*_merged(first, second, c.p), *ours[1:], *theirs[1:]]


def _one_way(c: Call, layer: Applied, prefix: str, states: Any) -> list[Array]:
    params = {**layer.params, "zero_masked": True}  # as Keras' Bidirectional sets it
    return compute(Call(layer.entry.type, params, [c.x, *states], _within(c, prefix), [c.mask]))


def _merged(first: Array, second: Array, p: Mapping[str, Any]) -> list[Array]:
    match p["merge_mode"]:
        case "concat":
            return [np.concatenate([first, second], -1)]
        case "sum":
            return [first + second]
        case "ave":
            return [(first + second) / 2]
        case "mul":
            return [first * second]
    return [first, second]
