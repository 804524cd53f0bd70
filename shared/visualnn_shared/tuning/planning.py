"""From a search to its trials' trainings; what does not fit is told before anything is queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from visualnn_shared.analysis.check import check
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.outputs import measured
from visualnn_shared.training.recipe import SAME_FOR_ALL, TrainParams, TuneParams
from visualnn_shared.training.space import Values, in_layer, in_recipe, put_recipe, put_spec, samples
from visualnn_shared.training.stopping import monitor_problems
from visualnn_shared.tuning.trials import monitored
from visualnn_shared.validation import problems_of

VALIDATION = 0.2
"""Share of the training samples that is set aside to compare trials with where the recipe sets none aside."""


@dataclass(frozen=True, slots=True)
class Training:
    """What a trial's job is made of."""

    spec: Spec
    params: TrainParams
    plan: Plan


def recipe_of(params: TuneParams) -> TrainParams:
    """The recipe, with samples set aside to compare trials by."""
    if params.recipe.validation_split:
        return params.recipe
    return params.recipe.model_copy(update={"validation_split": VALIDATION})


def training(
    spec: Spec, schema: DatasetSchema, splits: Mapping[str, int], params: TuneParams, values: Values
) -> Training:
    """The training of a trial with these values. Raises Invalid, SpecInvalid."""
    given = put_recipe(recipe_of(params).model_dump(mode="json"), values)
    try:
        recipe = TrainParams.model_validate(given)
    except ValidationError as error:
        raise Invalid("the trial", problems_of(error.errors(include_url=False), given, "params")) from None
    changed = put_spec(spec, values)
    wrong = check(changed) if changed is not spec else []
    if wrong:
        raise Invalid("the trial", wrong)
    return Training(changed, recipe, plan(changed, schema, splits, recipe))


def plan_tune(spec: Spec, schema: DatasetSchema, splits: Mapping[str, int], params: TuneParams) -> dict[str, Any]:
    """What is chosen for the search. Raises Invalid with every problem of recipe and space.

    Each dimension is tried at both ends (or with every choice), the others as recipe and network have them.
    """
    try:
        base = training(spec, schema, splits, params, {}).plan
    except Invalid as error:
        named = [one for name in params.space for one in _name_problems(name, spec, params)]
        raise Invalid("the tune job", [one.inside("recipe") for one in error.problems] + named) from None
    problems = monitor_problems(params.monitor, measured(base.ends), True, "params.monitor")
    for name, dimension in params.space.items():
        named = _name_problems(name, spec, params)
        problems += named
        for value in [] if named else samples(dimension):
            problems += _tried(spec, schema, splits, params, {name: value})
    if problems:
        raise Invalid("the tune job", problems)
    chosen = dict(base.chosen)
    if not params.recipe.validation_split:
        why = "trials are compared by samples that none of them is trained on, and not by the test samples"
        chosen["validation_split"] = {"value": VALIDATION, "why": why}
    if params.monitor is None:
        chosen["monitor"] = {"value": monitored(params), "why": "what the loss is on samples that were set aside"}
    return chosen


def _tried(
    spec: Spec, schema: DatasetSchema, splits: Mapping[str, int], params: TuneParams, values: Values
) -> list[Problem]:
    ((name, value),) = values.items()
    try:
        training(spec, schema, splits, params, values)
    except Invalid as error:
        return [
            problem(f"each value must do for a training: {one.rule}", value, field=f"params.space.{name}",
                    layer=one.where.layer, param=one.where.param, hint=one.hint)
            for one in error.problems
        ]  # fmt: skip
    return []


def _in_monitor(keys: Sequence[str], monitor: str) -> bool:
    """Whether the metric that trials are compared by would mean something else in each."""
    whole = monitor.removeprefix("val_") == "loss"
    if keys[0] == "loss_weights":
        return whole
    if keys[0] == "losses" and len(keys) > 1:
        return whole or monitor.removeprefix("val_") == f"{keys[1]}_loss"
    return keys[0] in ("loss", "losses") and monitor.endswith("loss")


def _name_problems(name: str, spec: Spec, params: TuneParams) -> list[Problem]:
    """A dimension must be a field of the recipe, or a parameter of a layer that there is."""
    place, keys, where = in_layer(name), in_recipe(name), f"params.space.{name}"
    if place is not None:
        layers = [layer.name for layer in spec.layers]
        if place[0] in layers:
            return []
        return [
            problem("a dimension must name a layer of the model", name, field=where, hint=closest(place[0], layers))
        ]
    if keys is None:
        rule = "a dimension must be params.FIELD of a train job, or model.layers.NAME.params.PARAMETER"
        return [problem(rule, name, field=where)]
    fields = list(TrainParams.model_fields)
    if keys[0] not in fields:
        return [problem("a dimension must be a field of a train job", name, field=where, hint=closest(keys[0], fields))]
    changed = _in_monitor(keys, monitored(params))
    if keys[0] in SAME_FOR_ALL or changed:
        hint = "give another monitor, such as val_accuracy" if changed else "set it in recipe"
        rule = "a dimension must leave what is measured, and where, the same for all trials"
        return [problem(rule, name, field=where, hint=hint)]
    return []
