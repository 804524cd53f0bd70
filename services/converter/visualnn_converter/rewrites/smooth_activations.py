"""Activations that are products and powers of others: their parts."""

from collections.abc import Callable

from visualnn_shared.spec.model import Layer
from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite, Tensors

NAME = "activation in parts"
WHAT = "the activation as the simpler layers that it is made of"


def rewrite(place: Place, problem: Problem) -> Rewrite | None:
    """``relu6`` -> two ``ReLU`` and their difference, ``mish`` -> softplus, tanh and a product, and so on."""
    layer = place.layer
    function = layer.params.get("activation")
    if layer.type == "ReLU" and layer.params.get("max_value") is not None and problem.where.param == "max_value":
        plain = not layer.params["negative_slope"] and not layer.params["threshold"]
        return _clipped(place, place.inputs[0], float(layer.params["max_value"]), ()) if plain else None
    if (
        problem.where.param not in ("activation", "max_value")
        or not isinstance(function, str)
        or function not in _PARTS
    ):
        return None
    if layer.type == "Activation":
        return _PARTS[function](place, place.inputs[0], ())
    before = place.part("linear", layer.type, place.params("activation"), place.inputs)
    made = _PARTS[function](place, before.name, (before,))
    names = tuple(one.name for one in layer.weights)

    def tensors(own: Tensors) -> Tensors:
        return {f"{before.name}/{name}": own[name] for name in names}

    return Rewrite(made.layers, names, tensors, made.bound)


def _clipped(place: Place, x: str, top: float, before: tuple[Layer, ...]) -> Rewrite:
    """min(max(x, 0), top) = relu(x) - relu(x - top)."""
    low = place.part("from_zero", "ReLU", {}, (x,))
    moved = place.part("moved", "Power", {"shift": -top}, (x,))
    high = place.part("beyond", "ReLU", {}, (moved.name,))
    last = place.last("Add", {"coefficients": [1.0, -1.0]}, (low.name, high.name))
    bound = f"1e-7 of the input: x - (x - {top:g}) is rounded where x is beyond {top:g}"
    return Rewrite((*before, low, moved, high, last), bound=bound)


def _relu6(place: Place, x: str, before: tuple[Layer, ...]) -> Rewrite:
    return _clipped(place, x, 6.0, before)


def _gate(place: Place, x: str, before: tuple[Layer, ...], first: str) -> tuple[list[Layer], str]:
    """hard_sigmoid of Keras 3, clip(x / 6 + 1/2, 0, 1) = (relu(x + 3) - relu(x - 3)) / 6."""
    parts = [*before]
    for name, shift in (("up", 3.0), ("down", -3.0)):
        parts.append(place.part(f"{name}_moved", "Power", {"shift": shift}, (x,)))
        parts.append(place.part(name, "ReLU", {}, (parts[-1].name,)))
    ends = (parts[-3].name, parts[-1].name)
    parts.append(place.part(first, "Add", {"coefficients": [1 / 6, -1 / 6]}, ends))
    return parts, parts[-1].name


_ROUNDED = "1e-7 of the input: x + 3 - (x - 3) is rounded where x is beyond 3"


def _hard_sigmoid(place: Place, x: str, before: tuple[Layer, ...]) -> Rewrite:
    parts, _ = _gate(place, x, before, "gate")
    last = place.last("Add", parts[-1].params, tuple(parts[-1].inputs))
    return Rewrite((*parts[:-1], last), bound=_ROUNDED)


def _hard_silu(place: Place, x: str, before: tuple[Layer, ...]) -> Rewrite:
    parts, gate = _gate(place, x, before, "gate")
    return Rewrite((*parts, place.last("Multiply", {}, (x, gate))), bound=_ROUNDED)


def _silu(place: Place, x: str, before: tuple[Layer, ...]) -> Rewrite:
    gate = place.part("gate", "Activation", {"activation": "sigmoid"}, (x,))
    return Rewrite((*before, gate, place.last("Multiply", {}, (x, gate.name))))


def _mish(place: Place, x: str, before: tuple[Layer, ...]) -> Rewrite:
    soft = place.part("softplus", "Activation", {"activation": "softplus"}, (x,))
    gate = place.part("gate", "Activation", {"activation": "tanh"}, (soft.name,))
    return Rewrite((*before, soft, gate, place.last("Multiply", {}, (x, gate.name))))


_PARTS: dict[str, Callable[[Place, str, tuple[Layer, ...]], Rewrite]] = {
    "relu6": _relu6, "hard_sigmoid": _hard_sigmoid, "hard_silu": _hard_silu, "silu": _silu, "mish": _mish,
}  # fmt: skip
