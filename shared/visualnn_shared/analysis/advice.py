"""Likely mistakes of nets that are valid: each is told, none forbids anything."""

from collections.abc import Iterator
from typing import Any

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.spec.problem import Problem, problem

_DROPS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout",
                    "GaussianNoise", "AlphaDropout"})  # fmt: skip
_LINEAR = frozenset({"Dense", "Conv1D", "Conv2D", "Conv3D"})
_NORMALISES = frozenset({"BatchNormalization"})


def advice(resolved: Resolved, *, loss: Any = None, classes: int | None = None) -> list[Problem]:
    """What a teacher would point at. ``loss`` is a training's, by name or as ``{"name", "from_logits"}``; ``classes``
    is how many a data set has."""
    by_name = {layer.name: layer for layer in resolved.layers}
    users: dict[str, int] = {}
    for layer in resolved.layers:
        for ref in layer.inputs:
            users[ref.layer] = users.get(ref.layer, 0) + 1
    found = list(_ends(resolved, by_name, loss, classes))
    for layer in resolved.layers:
        before = by_name[layer.inputs[0].layer] if len(layer.inputs) == 1 else None
        found += _of_layer(layer)
        if before is not None:
            alone = users[before.name] == 1
            found += _of_pair(before, layer, alone)
    return found


def _activation(layer: ResolvedLayer) -> str | None:
    """The function that a layer ends with."""
    if layer.type == "Softmax":
        return "softmax"
    name = layer.params.get("activation")
    return name if isinstance(name, str) else None


def _ends(resolved: Resolved, by_name: dict[str, ResolvedLayer], loss: Any, classes: int | None) -> Iterator[Problem]:
    logits = isinstance(loss, dict) and bool(loss.get("from_logits"))
    for ref, shape in resolved.outputs:
        layer = by_name[ref.layer]
        if layer.type in _DROPS:
            hint = "its noise would reach the loss; move it before the last layer with weights"
            yield problem(f"{layer.type} should not be the last layer", layer.type, layer=layer.name, hint=hint)
        function = _activation(layer)
        if function in ("softmax", "sigmoid") and logits:
            hint = f"leave out the {function}, or from_logits"
            yield problem(
                "a loss from logits should follow no softmax or sigmoid", function, layer=layer.name, hint=hint
            )
        if function == "softmax" and shape and shape[-1] == 1:
            hint = "use sigmoid for one value, or two units"
            yield problem(
                "a softmax should be over several values: over one it is always 1", 1, layer=layer.name, hint=hint
            )
        units = shape[-1] if function == "softmax" and shape else None
        if classes is not None and isinstance(units, int) and units > classes:
            hint = f"the data set has {classes} classes; the other outputs can only learn to be 0"
            yield problem("the head should have one output for each class", units, layer=layer.name, hint=hint)


def _of_layer(layer: ResolvedLayer) -> Iterator[Problem]:
    p = layer.params
    size, strides = p.get("kernel_size") or p.get("pool_size"), p.get("strides")
    if layer.type.endswith("Transpose") or not isinstance(size, tuple) or not isinstance(strides, tuple):
        return
    reach = [(n - 1) * d + 1 for n, d in zip(size, p.get("dilation_rate") or (1,) * len(size), strict=True)]
    if any(step > wide > 1 for step, wide in zip(strides, reach, strict=True)):
        hint = f"the window is {' x '.join(map(str, reach))}: cells between two windows are never seen"
        yield problem(
            "strides should not be larger than the window", list(strides), layer=layer.name, param="strides", hint=hint
        )


def _of_pair(before: ResolvedLayer, layer: ResolvedLayer, alone: bool) -> Iterator[Problem]:
    """What two layers in a row say; ``alone`` where the second is the only user of the first."""
    function = _activation(before)
    if function == "softmax" and _activation(layer) == "softmax" and layer.type in ("Softmax", "Activation"):
        yield problem(
            "a softmax should not follow a softmax",
            function,
            layer=layer.name,
            hint=f"remove one; {before.name} has it already",
        )
    if not alone or before.type not in _LINEAR:
        return
    if layer.type in _NORMALISES and before.params["use_bias"] and function == "linear":
        hint = "batch normalisation subtracts the mean, and the bias with it; set use_bias to false"
        yield problem(
            "a layer before batch normalisation needs no bias", True, layer=before.name, param="use_bias", hint=hint
        )
    if layer.type == before.type == "Dense" and function == "linear":
        hint = "two linear layers in a row are one: give the first an activation"
        yield problem(
            "a hidden dense layer should have an activation", "linear", layer=before.name, param="activation", hint=hint
        )
