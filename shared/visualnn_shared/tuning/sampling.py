"""The values of the next trial: Optuna's samplers, told of every trial anew, so that nothing but the rows is state.

The same rows and the same number give the same values, in whichever process asks.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.training.space import Choices, FloatRange, IntRange, Values
from visualnn_shared.tuning.trials import OPEN, Told, best, upwards

_AT_RANDOM = 10
"""Trials before TPE begins to learn, or a third of all where they are few."""
AnyDimension = FloatRange | IntRange | Choices


def ready() -> None:
    """Load Optuna, which takes most of a second, outside of any transaction."""
    import optuna  # noqa: F401


def ask(params: TuneParams, trials: Sequence[Told], number: int) -> Values:
    """The values of trial ``number``."""
    space = dict(sorted(params.space.items()))
    if params.search == "coarse_to_fine":
        space = narrowed(space, params, trials, number)
    study = study_of(params, trials if params.search == "tpe" else (), number)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna's remarks on what is experimental in it
        drawn = study.ask({name: _distribution(one) for name, one in space.items()}).params
    return {name: _value(one, drawn[name]) for name, one in space.items()}


def study_of(params: TuneParams, trials: Sequence[Told], number: int = 0) -> Any:
    """An Optuna study in memory that has been told of these trials."""
    import optuna  # only a process that advances a search pays

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = (params.seed * 1_000_003 + number) % 2**32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler: Any = optuna.samplers.RandomSampler(seed)
        if params.search == "tpe":
            first = min(_AT_RANDOM, max(2, params.trials // 3))
            sampler = optuna.samplers.TPESampler(n_startup_trials=first, constant_liar=True, seed=seed)
        study = optuna.create_study(sampler=sampler, direction="maximize" if upwards(params) else "minimize")
        distributions = {name: _distribution(one) for name, one in params.space.items()}
        for one in trials:
            study.add_trial(_frozen(optuna, one, distributions, params.space))
    return study


def narrowed(
    space: Mapping[str, AnyDimension], params: TuneParams, trials: Sequence[Told], number: int
) -> dict[str, AnyDimension]:
    """The ranges of this trial's stage; choices stay."""
    stage = min(number * params.stages // params.trials, params.stages - 1)
    leader = best(trials, upwards(params))
    if stage == 0 or leader is None:
        return dict(space)
    return {name: _around(one, leader.values[name], 3.0**-stage) for name, one in space.items()}


def _around(dimension: AnyDimension, centre: Any, width: float) -> AnyDimension:
    if isinstance(dimension, Choices):
        return dimension
    begin = min(max(dimension.share(centre) - width / 2, 0.0), 1.0 - width)
    low, high = dimension.at(begin), dimension.at(begin + width)
    if isinstance(dimension, FloatRange):
        return dimension.model_copy(update={"low": low, "high": high})
    whole = round(low), round(high)
    if whole[0] == whole[1]:
        whole = max(dimension.low, whole[0] - 1), min(dimension.high, whole[1] + 1)
    return dimension.model_copy(update={"low": whole[0], "high": whole[1]})


def _distribution(dimension: AnyDimension) -> Any:
    """Choices go by their place: Optuna's own must be plain values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Choices):
        return CategoricalDistribution(range(len(dimension.choices)))
    if isinstance(dimension, IntRange):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def _value(dimension: AnyDimension, drawn: Any) -> Any:
    return dimension.choices[drawn] if isinstance(dimension, Choices) else drawn


def _frozen(optuna: Any, one: Told, distributions: Mapping[str, Any], space: Mapping[str, AnyDimension]) -> Any:
    states = optuna.trial.TrialState
    state = {"complete": states.COMPLETE, "pruned": states.PRUNED}.get(one.state, states.FAIL)
    if one.state in OPEN:
        state = states.RUNNING
    place = {name: dim.choices.index(one.values[name]) for name, dim in space.items() if isinstance(dim, Choices)}
    return optuna.trial.create_trial(
        state=state,
        value=one.value if one.state == "complete" else None,
        params={**one.values, **place},
        distributions=dict(distributions),
        intermediate_values=dict(one.epochs) if one.state != "complete" else {},
    )
