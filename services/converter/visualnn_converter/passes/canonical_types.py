"""Layers that say the same in several ways, in the one way that reading gives them."""

from collections.abc import Callable, Mapping
from typing import Any

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_FUNCTIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "relu": ("ReLU", {}),
    "relu6": ("ReLU", {"max_value": 6.0}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "elu": ("ELU", {}),
    "softmax": ("Softmax", {}),
}


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """``Activation("relu")`` -> ``ReLU``, and the like: no value changes, so nothing is reported."""
    layers = [_FORMS[layer.type](layer) if layer.type in _FORMS else layer for layer in spec.layers]
    if all(new is old for new, old in zip(layers, spec.layers, strict=True)):
        return spec, weights
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _with(layer: Layer, type: str, params: dict[str, Any]) -> Layer:
    return layer.model_copy(update={"type": type, "params": params})


def _activation(layer: Layer) -> Layer:
    function = layer.params.get("activation")
    known = _FUNCTIONS.get(function) if isinstance(function, str) else None
    return layer if known is None else _with(layer, *known)


def _relu(layer: Layer) -> Layer:
    slope = layer.params.get("negative_slope", 0)
    bounded = layer.params.get("max_value") is not None or layer.params.get("threshold", 0)
    return _with(layer, "LeakyReLU", {"negative_slope": slope}) if slope and not bounded else layer


def _leaky_relu(layer: Layer) -> Layer:
    return _with(layer, "ReLU", {}) if layer.params.get("negative_slope") == 0 else layer


def _bnll(layer: Layer) -> Layer:
    return _with(layer, "Activation", {"activation": "softplus"})


def _exp(layer: Layer) -> Layer:
    plain = {"base": -1.0, "scale": 1.0, "shift": 0.0}
    if any(layer.params.get(name, value) != value for name, value in plain.items()):
        return layer
    return _with(layer, "Activation", {"activation": "exponential"})


_FORMS: Mapping[str, Callable[[Layer], Layer]] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "BNLL": _bnll,
    "Exp": _exp,
}
