"""The first layer whose values differ on the two sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import known

from visualnn_standalone.verify.causes import causes
from visualnn_standalone.verify.certificate import Cause, Divergence
from visualnn_standalone.verify.comparing import Array, as_laid, distance
from visualnn_standalone.verify.runtimes.base import Arrays, last_of

ROUNDING = 5e-6
"""Share of a layer's largest value up to which two float32 runtimes may differ."""
_GROWTH = 8.0
"""A layer that multiplies its inputs' difference by less than this passes it on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A layer's values on both sides, in the spec's layout."""

    ours: Array
    theirs: Array
    distance: float


def bisect(
    resolved: Resolved,
    ours: Arrays,
    theirs: Arrays,
    inputs: Arrays,
    *,
    weights: Mapping[str, Array],
    renamed: Mapping[str, str],
    between: str,
    gate: float,
) -> Divergence:
    """Compare layer by layer, in the order of computation. ``theirs`` has the file's names and layout."""
    limit = max(gate / 10, ROUNDING)
    seen = _pairs(resolved, ours, theirs, renamed)
    for layer in resolved.layers:
        pair = seen.get(layer.name)
        if pair is None or pair.distance <= limit:
            continue
        before, unseen = _behind(layer, resolved, seen)
        if pair.distance <= _GROWTH * max((seen[name].distance for name in before), default=0.0):
            continue
        return Divergence(
            layer=layer.name,
            type=layer.type,
            between=between,
            max_abs=_largest(pair),
            agreeing=tuple(before),
            unseen=tuple(unseen),
            causes=causes(layer, resolved, {**ours, **inputs}, weights, pair.theirs, limit),
        )
    text = "no layer's values differ by more than float32 rounds: the errors of many layers add up"
    return Divergence(layer=None, between=between, causes=(Cause(kind="rounding", text=text),))


def _largest(pair: Seen) -> float | None:
    import numpy as np

    if pair.ours.shape != pair.theirs.shape:
        return None
    found = float(np.abs(np.asarray(pair.ours, np.float64) - np.asarray(pair.theirs, np.float64)).max())
    return found if np.isfinite(found) else None


def _pairs(resolved: Resolved, ours: Arrays, theirs: Arrays, renamed: Mapping[str, str]) -> dict[str, Seen]:
    """Layers that both sides show."""
    names = list(theirs)
    told = {layer.name: renamed.get(layer.name, layer.name) for layer in resolved.layers}
    others = frozenset(told.values())
    found = {}
    for layer in resolved.layers:
        name = None if layer.type == "Input" else last_of(told[layer.name], names, others)
        if name is None or layer.name not in ours:
            continue
        mine = ours[layer.name]
        flattened = [known(n) or 1 for n in layer.input_shapes[0]] if layer.type == "Flatten" else None
        laid = as_laid(mine, theirs[name], flattened)
        found[layer.name] = Seen(mine, laid, distance(mine, laid))
    return found


def _behind(layer: ResolvedLayer, resolved: Resolved, seen: Mapping[str, Seen]) -> tuple[Sequence[str], Sequence[str]]:
    """The nearest layers that feed ``layer`` and are seen, and those between that are not."""
    layers = {one.name: one for one in resolved.layers}
    before: dict[str, None] = {}
    unseen: dict[str, None] = {}
    waiting = [ref.layer for ref in layer.inputs]
    while waiting:
        name = waiting.pop()
        if name in seen:
            before[name] = None
        elif name not in unseen and layers[name].type != "Input":
            unseen[name] = None
            waiting += [ref.layer for ref in layers[name].inputs]
    return list(before), list(unseen)
