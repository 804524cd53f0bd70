"""Losses with parameters of their own: which, their limits, and what Keras calls them."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.catalogue.kinds import Bool, Float, Kind, Refused, closest
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown
from visualnn_shared.training.recipe import LossChoice

_LOGITS: Mapping[str, tuple[Kind, Any]] = {"from_logits": (Bool(), False)}
_SMOOTHED: Mapping[str, tuple[Kind, Any]] = {**_LOGITS, "label_smoothing": (Float(0, 0.999), 0.0)}
_MARGIN: Mapping[str, tuple[Kind, Any]] = {"margin": (Float(0, 1e6, above=True), 1.0)}

LOSS_OPTIONS: Mapping[str, Mapping[str, tuple[Kind, Any]]] = {
    "categorical_crossentropy": _SMOOTHED,
    "sparse_categorical_crossentropy": _LOGITS,
    "binary_crossentropy": _SMOOTHED,
    "huber": {"delta": (Float(0, 1e6, above=True), 1.0)},
    "multiclass_hinge": _MARGIN,
    "contrastive": _MARGIN,
}
"""Loss -> its parameters with kind and default. Source: ``keras.losses``, and the papers in docs/06-training.md."""


def name_of(loss: str | LossChoice) -> str:
    """The loss's name."""
    return loss.name if isinstance(loss, LossChoice) else loss


def as_choice(loss: str | LossChoice) -> LossChoice:
    """The same as an object."""
    return loss if isinstance(loss, LossChoice) else LossChoice.model_validate({"name": loss})


def options_of(loss: str | LossChoice | None) -> dict[str, Any]:
    """All parameters of a loss that ``clean_loss`` has cleaned: those given, and the defaults of the rest."""
    if loss is None:
        return {}
    known = {name: default for name, (_kind, default) in LOSS_OPTIONS.get(name_of(loss), {}).items()}
    return known | ((loss.model_extra or {}) if isinstance(loss, LossChoice) else {})


def clean_loss(given: str | LossChoice | None, field: str = "params.loss") -> tuple[Any, list[Problem]]:
    """``given`` in normal form (the name alone where no parameter is left), and every problem of its parameters."""
    if not isinstance(given, LossChoice):
        return given, []
    known = LOSS_OPTIONS.get(given.name, {})
    params: dict[str, Any] = {}
    problems = []
    for name, value in (given.model_extra or {}).items():
        where = f"{field}.{name}"[:200]
        if name not in known:
            hint = closest(name, list(known)) or (f"it has {', '.join(sorted(known))}" if known else "it has none")
            rule = f"{given.name} must have a parameter of this name"
            problems.append(problem(rule, shown(name), field=where, hint=hint))
            continue
        try:
            params[name] = known[name][0].clean(value)
        except Refused as refused:
            problems.append(problem(f"{name} must be {refused.must_be}", shown(refused.received), field=where))
    return (LossChoice(name=given.name, **params) if params else given.name), problems
