"""Types that are short for others, as those: a file holds the long form, and reading gives it."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_FUNCTIONS: Mapping[str, str] = {
    "SELU": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "HardSigmoid": "hard_sigmoid",
    "GELU": "gelu",
    "Swish": "silu",
}
_WRAPPERS = frozenset(name for name, entry in CATALOGUE.items() if entry.group == "wrapper")


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """``SELU`` -> ``Activation("selu")`` and the like, within wrappers too. No value changes: nothing is reported."""
    layers = [_long(layer) for layer in spec.layers]
    if all(new is old for new, old in zip(layers, spec.layers, strict=True)):
        return spec, weights
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _long(layer: Layer) -> Layer:
    form = long_form(layer.type, layer.params)
    return layer if form is None else layer.model_copy(update={"type": form[0], "params": form[1]})


def long_form(type: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Type and parameters of the long form, or None where it is that already."""
    if type in _FUNCTIONS:
        return "Activation", {"activation": _FUNCTIONS[type]}
    if type == "ThresholdedReLU":
        return "ReLU", {"threshold": params.get("theta", 1.0)}
    if type not in _WRAPPERS:
        return None
    long = {name: _inner(value) if name in ("layer", "backward_layer") else value for name, value in params.items()}
    if _mirrors(long.get("layer"), long.get("backward_layer")):
        del long["backward_layer"]
    return (type, long) if long != params else None


def _inner(value: Any) -> Any:
    if not isinstance(value, Mapping) or not isinstance(value.get("params", {}), Mapping):
        return value
    form = long_form(str(value.get("type")), value.get("params", {}))
    return value if form is None else {"type": form[0], "params": form[1]}


def _mirrors(forward: Any, backward: Any) -> bool:
    """Whether the backward layer is the forward one the other way, which Bidirectional makes by itself."""
    kind = CATALOGUE["Bidirectional"].kinds["layer"]
    try:
        one, other = kind.clean(forward), kind.clean(backward)
    except Refused:  # one is null, or the check tells what is wrong
        return False
    return bool({"type": one["type"], "params": {**one["params"], "go_backwards": True}} == other)
