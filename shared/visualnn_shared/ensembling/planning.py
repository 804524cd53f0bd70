"""From an ensemble to its members' trainings; what does not fit is told before anything is queued."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from visualnn_shared.analysis.check import check
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.combining import combine, with_scores
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import MAX_LAYERS, Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.choose import Plan, plan
from visualnn_shared.training.outputs import measured
from visualnn_shared.training.recipe import EnsembleParams, TrainParams
from visualnn_shared.training.schedule import CyclicCosine
from visualnn_shared.training.serving import Serving
from visualnn_shared.tuning.planning import VALIDATION

TRAINS = frozenset({"seeds", "snapshots", "average"})
"""Methods that train; the others take jobs that have succeeded."""
ALONG = frozenset({"snapshots", "average"})
"""Methods whose members are weights that one training had on its way."""
SEED = "params.seed"
TRAINING = 0.95
"""Share of an ensemble's progress that its members' trainings are."""
_SEEDS = 2**32
_ONLY = {
    "recipe": TRAINS, "tune": {"top_k"}, "jobs": {"jobs"}, "epochs": ALONG, "parallel": {"seeds"},
    "members": TRAINS | {"top_k"},
}  # fmt: skip
"""Field -> the methods that read it."""


def monitored(params: EnsembleParams) -> str:
    """The metric that says which member is the best."""
    return params.monitor or "val_loss"


def form_problems(params: EnsembleParams) -> list[Problem]:
    """Fields that the method does not read, or cannot do without, and epochs that do not fit the recipe."""
    found = [
        problem(
            f"{name} must be left out with the method {params.method}",
            _given(params, name),
            field=f"params.{name}",
            hint=f"it is for the method {' or '.join(sorted(methods))}",
        )
        for name, methods in _ONLY.items()
        if name in params.model_fields_set and params.method not in methods and _given(params, name)
    ]
    if params.method == "top_k" and params.tune is None:
        found.append(problem("tune must be given with the method top_k", None, field="params.tune", hint="a tune job"))
    if params.method == "jobs" and len(set(params.jobs)) < max(2, len(params.jobs)):
        rule = "jobs must name at least two train jobs, each once"
        found.append(problem(rule, list(params.jobs), field="params.jobs"))
    return found + (_epoch_problems(params) if params.method in ALONG else [])


def _given(params: EnsembleParams, name: str) -> Any:
    value = getattr(params, name)
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, TrainParams) else value


def _epoch_problems(params: EnsembleParams) -> list[Problem]:
    recipe, epochs, found = params.recipe, params.epochs, []
    if epochs and (len(epochs) < 2 or len(set(epochs)) < len(epochs) or max(epochs) > recipe.epochs):
        rule = f"epochs must be two or more different ones of the training's {recipe.epochs}"
        found.append(problem(rule, list(epochs), field="params.epochs"))
    if epochs and "members" in params.model_fields_set and params.members != len(epochs):
        rule = f"members must be left out, or be {len(epochs)}, as many as epochs"
        found.append(problem(rule, params.members, field="params.members"))
    if not epochs and params.method == "snapshots" and recipe.epochs % params.members:
        rule = f"the recipe's epochs must be a multiple of members, {params.members}: a cycle ends with an epoch"
        found.append(problem(rule, recipe.epochs, field="params.recipe.epochs", hint="or give epochs"))
    if not epochs and params.method == "average" and recipe.epochs < params.members:
        rule = f"the recipe's epochs must be at least members, {params.members}"
        found.append(problem(rule, recipe.epochs, field="params.recipe.epochs"))
    if not epochs and params.method == "snapshots" and recipe.schedule is not None:
        rule = "schedule must be left out where epochs are: snapshots are then the ends of cosine cycles"
        found.append(problem(rule, recipe.schedule.name, field="params.recipe.schedule", hint="or give epochs"))
    if recipe.snapshots:
        rule = "snapshots must be left out of the recipe: epochs says them"
        found.append(problem(rule, list(recipe.snapshots), field="params.recipe.snapshots"))
    return found


def epochs_of(params: EnsembleParams) -> tuple[int, ...]:
    """After which epochs of the one training weights are taken, in order."""
    count, last = params.members, params.recipe.epochs
    if params.epochs:
        return tuple(sorted(params.epochs))
    if params.method == "snapshots":
        return tuple(last // count * place for place in range(1, count + 1))
    return tuple(range(last - count + 1, last + 1))


def trainings(params: EnsembleParams) -> list[TrainParams]:
    """The recipes of the trainings that the members need. All measure themselves by the same samples."""
    if params.method not in TRAINS:
        return []
    recipe = params.recipe
    same = {"validation_split": recipe.validation_split or VALIDATION, "split_seed": recipe.splits_by}
    if params.method == "seeds":
        seeds = [(recipe.seed + place) % _SEEDS for place in range(params.members)]
        return [recipe.model_copy(update={**same, "seed": seed}) for seed in seeds]
    made: dict[str, Any] = {**same, "snapshots": epochs_of(params)}
    if params.method == "snapshots" and not params.epochs:
        made["schedule"] = CyclicCosine(name="cyclic_cosine", cycles=params.members)
    return [recipe.model_copy(update=made)]


def plan_ensemble(
    spec: Spec, schema: DatasetSchema, splits: Mapping[str, int], params: EnsembleParams
) -> dict[str, Any]:
    """What is chosen for an ensemble that trains its members. Raises Invalid with every problem."""
    problems = form_problems(params)
    planned: Plan | None = None
    if not [one for one in problems if str(one.where.field).startswith(("params.recipe", "params.epochs"))]:
        try:
            planned = plan(spec, schema, splits, trainings(params)[0])
            if params.method != "average":
                problems += average_problems(planned.serving)
                problems += size_problems([spec] * _count(params), [planned.serving] * _count(params))
            problems += monitor_problems(params, ("loss", *measured(planned.ends)))
        except Invalid as error:
            problems += [one.inside("recipe") for one in error.problems]
    if problems or planned is None:
        raise Invalid("the ensemble job", problems)
    return {**planned.chosen, **_chosen(params)}


def _chosen(params: EnsembleParams) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if not params.recipe.validation_split:
        why = "members and ensemble are compared by samples that none is trained on, and not by the test samples alone"
        made["validation_split"] = {"value": VALIDATION, "why": why}
    if params.monitor is None:
        made["monitor"] = {"value": monitored(params), "why": "what the loss is on samples that were set aside"}
    if params.method in ALONG and not params.epochs:
        why = "the ends of the cosine cycles" if params.method == "snapshots" else "the last epochs of the training"
        made["epochs"] = {"value": list(epochs_of(params)), "why": why}
    return made


def _count(params: EnsembleParams) -> int:
    """Members of an ensemble that trains them."""
    return len(params.epochs) or params.members


def monitor_problems(params: EnsembleParams, metrics: Sequence[str]) -> list[Problem]:
    """``monitor`` must be what members are measured by."""
    known = [f"val_{name}" for name in metrics]
    if monitored(params) in known:
        return []
    return [problem(f"monitor must be one of {', '.join(known)}", params.monitor, field="params.monitor")]


def average_problems(serving: Serving) -> list[Problem]:
    """Outputs must be numbers whose mean is an answer too."""
    answering = [one.name for one in serving.outputs if serving.meaning(one.name).task == "sequence"]
    if not answering:
        return []
    rule = "an ensemble's members must answer with values of their own for each sample, whose mean is an answer too"
    hint = "the symbols of nets that were trained with ctc come at different positions; average takes their weights"
    return [problem(rule, "the task sequence", layer=answering[0], hint=hint)]


def size_problems(specs: Sequence[Spec], servings: Sequence[Serving]) -> list[Problem]:
    """Whether the one network can be."""
    layers = sum(len(spec.layers) + 1 for spec in specs) + len(specs[0].outputs)
    if layers > MAX_LAYERS:
        rule = f"the ensemble's network must have at most {MAX_LAYERS:,} layers; take fewer members"
        return [problem(rule, layers, field="params.members")]
    try:
        return check(joined(specs, servings))
    except ValidationError as error:
        rule = f"the ensemble's network must be one: {error.errors()[0]['msg']}"
        return [problem(rule, None, field="params.members")]


def joined(specs: Sequence[Spec], servings: Sequence[Serving], name: str | None = None) -> Spec:
    """The one network of these members."""
    scored = [with_scores(spec, serving) for spec, serving in zip(specs, servings, strict=True)]
    return combine(scored, name or specs[0].name).spec
