"""Optimizers and their parameters, as Keras 3 declares them, with limits that Keras leaves to the run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import LARGEST_FLOAT, Bool, Float, Int, Kind, Optional, Refused, closest
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown
from visualnn_shared.training.recipe import Optimizer

_RATE = Float(0, 100, above=True)
_SHARE = Float(0, 1)
_DECAY = Float(0, 0.9999999)  # of a running mean: 1 would never take a new value in
_EPSILON = (Float(0, above=True), 1e-7)
_CLIP = Optional(Float(0, above=True))
_COMMON: Mapping[str, tuple[Kind, Any]] = {
    "weight_decay": (Optional(Float(0)), None),
    "clipnorm": (_CLIP, None),
    "clipvalue": (_CLIP, None),
    "global_clipnorm": (_CLIP, None),
    "use_ema": (Bool(), False),
    "ema_momentum": (_SHARE, 0.99),
    "ema_overwrite_frequency": (Optional(Int(1)), None),
    "loss_scale_factor": (Optional(Float(0, above=True)), None),
    "gradient_accumulation_steps": (Optional(Int(2)), None),
}
FULL_BATCH = ""
"""In the place of Keras' class: an optimizer that takes all samples at once."""
_BETAS: Mapping[str, tuple[Kind, Any]] = {"beta_1": (_DECAY, 0.9), "beta_2": (_DECAY, 0.999), "epsilon": _EPSILON}


@dataclass(frozen=True, slots=True)
class OptimizerEntry:
    """An optimizer: Keras' class, and its parameters with kind and default."""

    keras_class: str
    params: Mapping[str, tuple[Kind, Any]]


def _entry(keras_class: str, rate: float = 0.001, /, **own: tuple[Kind, Any]) -> OptimizerEntry:
    return OptimizerEntry(keras_class, {**_COMMON, "learning_rate": (_RATE, rate), **own})


OPTIMIZERS: Mapping[str, OptimizerEntry] = {
    "sgd": _entry("SGD", 0.01, momentum=(_SHARE, 0.0), nesterov=(Bool(), False)),
    "rmsprop": _entry("RMSprop", rho=(_DECAY, 0.9), momentum=(_SHARE, 0.0), epsilon=_EPSILON, centered=(Bool(), False)),
    "adam": _entry("Adam", **_BETAS, amsgrad=(Bool(), False)),
    "adamw": _entry("AdamW", **_BETAS, amsgrad=(Bool(), False), weight_decay=(Float(0), 0.004)),
    "adagrad": _entry("Adagrad", initial_accumulator_value=(Float(0), 0.1), epsilon=_EPSILON),
    "adadelta": _entry("Adadelta", rho=(_DECAY, 0.95), epsilon=_EPSILON),
    "adamax": _entry("Adamax", **_BETAS),
    "nadam": _entry("Nadam", **_BETAS),
    "ftrl": _entry(
        "Ftrl",
        learning_rate_power=(Float(-LARGEST_FLOAT, 0), -0.5),
        initial_accumulator_value=(Float(0), 0.1),
        l1_regularization_strength=(Float(0), 0.0),
        l2_regularization_strength=(Float(0), 0.0),
        l2_shrinkage_regularization_strength=(Float(0), 0.0),
        beta=(Float(0), 0.0),
    ),
    "lion": _entry("Lion", beta_1=(_DECAY, 0.9), beta_2=(_DECAY, 0.99)),
    "lbfgs": OptimizerEntry(
        FULL_BATCH,
        {
            "learning_rate": (_RATE, 1.0),
            "history": (Int(1, 1000), 10),
            "line_search_steps": (Int(1, 1000), 20),
            "tolerance": (Float(0, 1), 1e-6),
        },
    ),
}
"""Name in a recipe -> entry. Source: the signatures of ``keras.optimizers``; lbfgs is ours."""


def clean_optimizer(given: Optimizer, learning_rate: float | None) -> tuple[Optimizer, list[Problem]]:
    """``given`` with its parameters in normal form and its learning rate filled in; and every problem.

    ``learning_rate`` is the job's own parameter: it counts where the optimizer does not name one.
    """
    entry = OPTIMIZERS[given.name]
    params: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in (given.model_extra or {}).items():
        where = f"params.optimizer.{name}"[:200]
        if name not in entry.params:
            hint = closest(name, list(entry.params)) or f"it has {', '.join(sorted(entry.params))}"
            problems.append(
                problem(f"{given.name} must have a parameter of this name", shown(name), field=where, hint=hint)
            )
            continue
        try:
            params[name] = entry.params[name][0].clean(value)
        except Refused as refused:
            problems.append(problem(f"{name} must be {refused.must_be}", shown(refused.received), field=where))
    problems += _together(params, learning_rate)
    default = learning_rate if learning_rate is not None else entry.params["learning_rate"][1]
    params.setdefault("learning_rate", float(default))
    return Optimizer(name=given.name, **params), problems


def _together(params: Mapping[str, Any], learning_rate: float | None) -> list[Problem]:
    problems = []
    own = params.get("learning_rate")
    if own is not None and learning_rate is not None and own != learning_rate:
        rule = "learning_rate must be given once, beside the optimizer or in it"
        problems.append(problem(rule, [learning_rate, own], field="params.learning_rate"))
    clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if params.get(name) is not None]
    if len(clips) > 1:
        rule = "only one of clipnorm, clipvalue and global_clipnorm may be given"
        problems.append(problem(rule, clips, field="params.optimizer"))
    if params.get("nesterov") and not params.get("momentum"):
        problems.append(problem("nesterov must come with a momentum above 0", params.get("momentum"),
                                field="params.optimizer.nesterov"))  # fmt: skip
    return problems
