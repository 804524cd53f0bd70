"""Which running trials are ended early: pure functions of what all trials have reported."""

from collections.abc import Sequence

from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning.trials import Told, upwards

LEAST_FOR_MEDIAN = 4
"""Other trials that must have got to an epoch before their median ends one."""


def verdict(trial: Told, trials: Sequence[Told], params: TuneParams) -> int | None:
    """The epoch at which the trial falls behind, or None: it goes on."""
    if params.pruner == "none" or not trial.epochs or trial.epochs[-1][0] >= _last(trial, params):
        return None
    others = [one for one in trials if one.number != trial.number]
    return (_asha if params.pruner == "asha" else _median)(trial, others, params)


def _last(trial: Told, params: TuneParams) -> int:
    """Its last epoch: nothing is saved by ending it there."""
    return int(trial.values.get("params.epochs", params.recipe.epochs))


def _median(trial: Told, others: Sequence[Told], params: TuneParams) -> int | None:
    """Its best value is below the median of the others' best at the same epoch (Golovin et al. 2017, Vizier)."""
    epoch, higher = trial.epochs[-1][0], upwards(params)
    if epoch < params.min_epochs:
        return None
    own = trial.best_until(epoch, higher)
    seen = sorted(value for one in others if (value := one.best_until(epoch, higher)) is not None)
    if own is None or len(seen) < LEAST_FOR_MEDIAN:
        return None
    middle = (seen[(len(seen) - 1) // 2] + seen[len(seen) // 2]) / 2
    return epoch if (own < middle if higher else own > middle) else None


def _asha(trial: Told, others: Sequence[Told], params: TuneParams) -> int | None:
    """At the last rung that it reached it is not among the best 1/``reduction`` of all that got there (Li et al. 2020,
    the variant that stops). As many as ``reduction`` must have reached a rung before it ends any.
    """
    higher, rung = upwards(params), params.min_epochs
    if trial.epochs[-1][0] < rung:
        return None
    while rung * params.reduction <= trial.epochs[-1][0]:
        rung *= params.reduction
    own = trial.best_until(rung, higher)
    seen = [value for one in others if (value := one.best_until(rung, higher)) is not None]
    if own is None or len(seen) + 1 < params.reduction:
        return None
    ahead = sum(value > own if higher else value < own for value in seen)
    return rung if ahead >= max(1, (len(seen) + 1) // params.reduction) else None
