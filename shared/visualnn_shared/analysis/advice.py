"""Likely mistakes of nets that are valid: each is told, none forbids anything."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.spec.problem import Problem, problem

_DROPS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout",
                    "GaussianNoise", "AlphaDropout"})  # fmt: skip
_LINEAR = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D"})
_NORMALISES = frozenset({"BatchNormalization"})
_FOLLOWERS = _NORMALISES | {"Softmax", "Activation", "Dense"}
"""Types whose use says something of the layer before."""


class _Found(NamedTuple):
    """One likely mistake."""

    rule: str
    received: Any
    layer: str
    hint: str
    param: str | None = None


def advice(resolved: Resolved, *, loss: Any = None, classes: int | None = None) -> list[Problem]:
    """What a teacher would point at, each rule once: with the first layer it is about, and the others in its hint.

    ``loss`` is a training's, by name or as ``{"name", "from_logits"}``; ``classes`` is how many a data set has.
    """
    by_name = {layer.name: layer for layer in resolved.layers}
    users = Counter([ref.layer for layer in resolved.layers for ref in layer.inputs])
    told = _Told()
    for one in _ends(resolved, by_name, loss, classes):
        told.tell(one)
    for layer in resolved.layers:
        if "strides" in layer.params:
            told.like(id(layer.params), (layer.name,), _of_layer, layer)
        if layer.type in _FOLLOWERS and len(layer.inputs) == 1:
            before = by_name[layer.inputs[0].layer]
            alone = users[before.name] == 1
            key = (id(before.params), id(layer.params), alone)
            told.like(key, (before.name, layer.name), _of_pair, before, layer, alone)
    return told.problems()


class _Told:
    """Each rule with the first layer it is about, and the names of the others."""

    def __init__(self) -> None:
        self._rules: dict[str, tuple[_Found, list[str]]] = {}
        self._known: dict[Any, list[tuple[str, int]]] = {}

    def tell(self, one: _Found) -> None:
        """Something of one layer."""
        known = self._rules.get(one.rule)
        if known is None:
            self._rules[one.rule] = (one, [])
        else:
            known[1].append(one.layer)

    def like(self, key: Any, names: tuple[str, ...], find: Callable[..., Iterable[_Found]], *about: Any) -> None:
        """What ``find`` says of layers of these names; asked once for all that are alike, by ``key``."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = []
            for one in find(*about):
                self.tell(one)
                known.append((one.rule, names.index(one.layer)))
        else:
            for rule, place in known:
                self._rules[rule][1].append(names[place])

    def problems(self) -> list[Problem]:
        """In the order in which rules were first broken."""
        told = []
        for rule, (first, others) in self._rules.items():
            names = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
            more = f"; {len(others)} more: {names}" if others else ""
            told.append(problem(rule, first.received, layer=first.layer, param=first.param, hint=first.hint + more))
        return told


def _activation(layer: ResolvedLayer) -> str | None:
    """The function that a layer ends with."""
    if layer.type == "Softmax":
        return "softmax"
    name = layer.params.get("activation")
    return name if isinstance(name, str) else None


def _ends(resolved: Resolved, by_name: dict[str, ResolvedLayer], loss: Any, classes: int | None) -> Iterator[_Found]:
    logits = isinstance(loss, dict) and bool(loss.get("from_logits"))
    for ref, shape in resolved.outputs:
        layer = by_name[ref.layer]
        if layer.type in _DROPS:
            hint = "its noise would reach the loss; move it before the last layer with weights"
            yield _Found(f"{layer.type} should not be the last layer", layer.type, layer.name, hint)
        function = _activation(layer)
        if function in ("softmax", "sigmoid") and logits:
            hint = f"leave out the {function}, or from_logits"
            yield _Found("a loss from logits should follow no softmax or sigmoid", function, layer.name, hint=hint)
        if function == "softmax" and shape and shape[-1] == 1:
            hint = "use sigmoid for one value, or two units"
            yield _Found("a softmax should be over several values: over one it is always 1", 1, layer.name, hint=hint)
        units = shape[-1] if function == "softmax" and shape else None
        if classes is not None and isinstance(units, int) and units > classes:
            hint = f"the data set has {classes} classes; the other outputs can only learn to be 0"
            yield _Found("the head should have one output for each class", units, layer.name, hint)


def _of_layer(layer: ResolvedLayer) -> Iterator[_Found]:
    p = layer.params
    strides = p.get("strides")
    if not isinstance(strides, tuple) or max(strides) == 1 or layer.type.endswith("Transpose"):
        return
    size = p.get("kernel_size") or p.get("pool_size")
    if not isinstance(size, tuple):
        return
    reach = [(n - 1) * d + 1 for n, d in zip(size, p.get("dilation_rate") or (1,) * len(size), strict=True)]
    if any(step > wide > 1 for step, wide in zip(strides, reach, strict=True)):
        hint = f"the window is {' x '.join(map(str, reach))}: cells between two windows are never seen"
        yield _Found(
            "strides should not be larger than the window", list(strides), layer.name, param="strides", hint=hint
        )


def _of_pair(before: ResolvedLayer, layer: ResolvedLayer, alone: bool) -> Iterator[_Found]:
    """What two layers in a row say; ``alone`` where the second is the only user of the first."""
    function = _activation(before)
    if function == "softmax" and _activation(layer) == "softmax" and layer.type in ("Softmax", "Activation"):
        yield _Found(
            "a softmax should not follow a softmax",
            function,
            layer.name,
            hint=f"remove one; {before.name} has it already",
        )
    if not alone or before.type not in _LINEAR:
        return
    if layer.type in _NORMALISES and before.params["use_bias"] and function == "linear":
        hint = "batch normalisation subtracts the mean, and the bias with it; set use_bias to false"
        yield _Found("a layer before batch normalisation needs no bias", True, before.name, param="use_bias", hint=hint)
    if layer.type == before.type == "Dense" and function == "linear":
        hint = "two linear layers in a row are one: give the first an activation"
        yield _Found(
            "a hidden dense layer should have an activation", "linear", before.name, param="activation", hint=hint
        )
