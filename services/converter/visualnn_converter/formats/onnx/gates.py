"""Functions of recurrent operators: names, alphas and betas of all directions to the activations of a layer."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable

FUNCTIONS: Mapping[str, int] = {"LSTM": 3, "GRU": 2, "RNN": 1}
"""Functions of one direction: f of the gates, g of the new content, h of the output."""
_DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
_PLAIN = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "softsign": "softsign", "softplus": "softplus"}
_SHAPED: Mapping[str, tuple[float, float | None]] = {
    "elu": (1.0, None), "leakyrelu": (0.01, None), "hardsigmoid": (0.2, 0.5), "affine": (1.0, 0.0),
    "thresholdedrelu": (1.0, None), "scaledtanh": (1.0, 1.0),
}  # fmt: skip
"""Functions that take an alpha, and perhaps a beta: the operators' own defaults."""


def read_functions(op: str, given: dict[str, Any], directions: int) -> list[dict[str, Any]]:
    """Takes the three attributes; ``activation`` and ``recurrent_activation`` of each direction. Raises."""
    count = FUNCTIONS[op]
    names = given.pop("activations", None) or _DEFAULTS[op] * directions
    alphas, betas = list(given.pop("activation_alpha", ())), list(given.pop("activation_beta", ()))
    if len(names) != count * directions:
        raise Unmappable(f"activations must be {count} for each direction", names)
    found = [_one(str(name).lower(), alphas, betas) for name in names]
    if alphas or betas:
        raise Unmappable("activation_alpha and activation_beta must be those of functions that take one", names)
    return [_params(op, found[i * count : (i + 1) * count], names) for i in range(directions)]


def _one(name: str, alphas: list[float], betas: list[float]) -> str:
    if name in _PLAIN:
        return _PLAIN[name]
    if name not in _SHAPED:
        raise Unmappable("activations must be functions that ONNX knows", name)
    default_alpha, default_beta = _SHAPED[name]
    alpha = alphas.pop(0) if alphas else default_alpha
    beta = betas.pop(0) if betas and default_beta is not None else default_beta
    known: dict[tuple[str, float, float | None], str] = {
        ("elu", 1.0, None): "elu",
        ("leakyrelu", 0.2, None): "leaky_relu",
        ("hardsigmoid", 1 / 6, 0.5): "hard_sigmoid",
        ("hardsigmoid", 0.5, 0.5): "sparse_sigmoid",
        ("affine", 1.0, 0.0): "linear",
        ("scaledtanh", 1.0, 1.0): "tanh",
    }
    if (name, alpha, beta) not in known:
        raise Unmappable("activations must be functions that Keras has", {"name": name, "alpha": alpha, "beta": beta})
    return known[name, alpha, beta]


def _params(op: str, found: list[str], names: Any) -> dict[str, Any]:
    """f, g, h as the parameters of a layer; g and h are one there."""
    if op == "RNN":
        return {"activation": found[0]}
    if op == "LSTM" and found[1] != found[2]:
        raise Unmappable("activations must have the last two of a direction alike", names)
    return {"recurrent_activation": found[0], "activation": found[1]}
