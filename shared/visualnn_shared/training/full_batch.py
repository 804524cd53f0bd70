"""L-BFGS: what a recipe must be like for an optimizer that takes all samples at once."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.optimizers import FULL_BATCH, OPTIMIZERS
from visualnn_shared.training.recipe import Optimizer, TrainParams

_RANDOM = frozenset({"noise", "augmentation"})
_OTHERWISE = frozenset({"BatchNormalization", "SpectralNormalization"})


def takes_all(params: TrainParams) -> bool:
    """Whether the recipe's optimizer takes all samples at once."""
    wanted = params.optimizer.name if isinstance(params.optimizer, Optimizer) else params.optimizer
    return wanted is not None and OPTIMIZERS[wanted].keras_class == FULL_BATCH


def differing(resolved: Resolved) -> list[str]:
    """Layers that compute something else while they are trained than after: noise, or statistics of a batch."""
    return [layer.name for layer in resolved.layers if _differs(layer.type, layer.entry.group, layer.params)]


def _differs(kind: str, group: str, params: Mapping[str, Any]) -> bool:
    inner = params.get("layer")
    if isinstance(inner, Mapping) and _differs(str(inner.get("type")), "", inner.get("params") or {}):
        return True
    drops = [value for name, value in params.items() if "dropout" in name or (name == "rate" and "Dropout" in kind)]
    return group in _RANDOM or kind in _OTHERWISE or any(isinstance(one, float | int) and one > 0 for one in drops)


def full_batch_problems(resolved: Resolved, params: TrainParams) -> list[Problem]:
    """Its line search needs one and the same function at each step, and steps of its own."""
    if not takes_all(params):
        return []
    problems = []
    if params.schedule is not None:
        rule = "lbfgs must come without a schedule: a line search finds its steps"
        problems.append(problem(rule, params.schedule.name, field="params.schedule"))
    if params.precision != "float32":
        rule = "lbfgs must come with precision float32: its line search compares losses that are close"
        problems.append(problem(rule, params.precision, field="params.precision"))
    if params.augmentation:
        rule = "lbfgs must come without augmentation: its line search needs the same samples at each step"
        problems.append(problem(rule, [step.step for step in params.augmentation], field="params.augmentation"))
    for name in differing(resolved)[:20]:
        rule = "lbfgs must come with layers that compute the same in training and after"
        hint = "remove noise and dropout, or use another optimizer"
        problems.append(problem(rule, name, layer=name, field="params.optimizer", hint=hint))
    return problems
