"""Caffe normalises in one layer and scales in the next; here both are one BatchNormalization."""

from typing import Any

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_SCALED = {"Scale": ("gamma", "beta"), "BiasAdd": ("bias",)}


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """A bare ``BatchNormalization`` and the ``Scale`` or ``BiasAdd`` that alone reads it become one layer."""
    normalised = {layer.name: layer for layer in spec.layers if _is_bare(layer)}
    if not normalised:
        return spec, weights
    pairs = _pairs(spec, normalised)
    names, layers, tensors = Renaming(spec), list[Layer](), dict(weights) if weights is not None else None
    followers = {second.name: first for first, second in pairs.items()}
    for layer in spec.layers:
        if layer.name in followers:
            continue
        second = pairs.get(layer.name)
        if second is None:
            layers.append(layer)
            continue
        layers.append(layer.model_copy(update={"params": _merged(layer.params, second)}))
        names.removes(second.name, layer.name)
        report.rewrote(layer.name, f"merged with {second.name}", "BatchNormalization scales and shifts by itself")
        _move(tensors, second, layer.name)
    return names.apply(spec, layers), tensors


def _is_bare(layer: Layer) -> bool:
    bare = layer.params.get("scale", True) is False and layer.params.get("center", True) is False
    return layer.type == "BatchNormalization" and bare and layer.weights_of is None


def _pairs(spec: Spec, normalised: dict[str, Layer]) -> dict[str, Layer]:
    """Name of the first layer -> the second, where nothing else reads the first or shares weights with either."""
    readers: dict[str, list[Layer]] = {}
    for layer in spec.layers:
        for ref in layer.inputs:
            if ref in normalised:
                readers.setdefault(ref, []).append(layer)
    owners = {layer.weights_of for layer in spec.layers}
    found = {}
    for name, users in readers.items():
        second = users[0]
        shared = second.weights_of is not None or name in owners or second.name in owners
        axis = normalised[name].params.get("axis", -1)
        alike = second.type in _SCALED and second.params.get("axis", -1) == axis
        if len(users) == 1 and alike and not shared and name not in spec.outputs:
            found[name] = second
    return found


def _merged(params: dict[str, Any], second: Layer) -> dict[str, Any]:
    merged = {key: value for key, value in params.items() if key not in ("scale", "center")}
    if second.type == "BiasAdd":
        renamed = {key.replace("bias_", "beta_"): value for key, value in second.params.items()}
        merged["scale"] = False
    else:
        renamed = {key: value for key, value in second.params.items() if key != "use_bias"}
        if not second.params.get("use_bias", True):
            merged["center"] = False
    return {**merged, **{key: value for key, value in renamed.items() if key != "axis"}}


def _move(tensors: dict[str, Any] | None, second: Layer, name: str) -> None:
    for variable in _SCALED[second.type]:
        tensor = None if tensors is None else tensors.pop(f"{second.name}/{variable}", None)
        if tensors is not None and tensor is not None:
            tensors[f"{name}/{'beta' if variable == 'bias' else variable}"] = tensor
