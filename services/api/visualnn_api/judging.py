"""Whether a job can do what it asks for: its network, and the data set against it."""

from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.planning import TRAINS, plan_ensemble, trainings
from visualnn_shared.errors import Invalid
from visualnn_shared.objects import ObjectStore
from visualnn_shared.reinforcement.planning import plan_dqn
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.checking import plan_check
from visualnn_shared.training.choose import plan, plan_evaluate, plan_predict
from visualnn_shared.training.doubts import doubts
from visualnn_shared.training.initial import taken
from visualnn_shared.training.recipe import (
    CheckParams,
    DqnParams,
    EnsembleParams,
    EvaluateParams,
    PredictParams,
    TrainParams,
    TuneParams,
)
from visualnn_shared.tuning.planning import plan_tune, recipe_of

from visualnn_api import ensembling
from visualnn_api.draft import Draft
from visualnn_api.weights import Trained, trained


def judge(draft: Draft, objects: ObjectStore) -> None:
    """Does the model stand, and does the data set fit it."""
    if draft.spec is not None:
        draft.problems += check(draft.spec)
    if isinstance(draft.params, DqnParams):
        _judge_dqn(draft, draft.params)
    if draft.dataset is None:
        return
    schema, splits = DatasetSchema.model_validate(draft.dataset.schema), dict(draft.dataset.splits)
    try:
        if isinstance(draft.params, EnsembleParams) and draft.params.method not in TRAINS:
            ensembling.judge_members(draft, objects)
        elif draft.spec is not None and not check(draft.spec):
            _judge_training(draft, draft.spec, schema, splits)
            _judge_initial(draft, objects)
        elif draft.weights is not None:
            _judge_use(draft, trained(objects, draft.weights.key), schema, splits)
    except Invalid as error:
        draft.problems += error.problems


def _judge_training(draft: Draft, spec: Spec, schema: DatasetSchema, splits: dict[str, int]) -> None:
    """What is chosen for a job that trains, and what is doubtful about it. Raises Invalid."""
    params = draft.params
    if isinstance(params, CheckParams):
        planned, spec, _notes = plan_check(spec, schema, splits, params)
        draft.chosen, draft.doubts = planned.chosen, doubts(spec, planned, TrainParams())
        return
    if isinstance(params, TuneParams):
        draft.chosen = plan_tune(spec, schema, splits, params)
        recipe = recipe_of(params)
    elif isinstance(params, EnsembleParams):
        draft.chosen = plan_ensemble(spec, schema, splits, params)
        recipe = trainings(params)[0]
    else:
        recipe = params if isinstance(params, TrainParams) else TrainParams()
    planned = plan(spec, schema, splits, recipe)
    found = doubts(spec, planned, recipe)
    if draft.chosen is None:
        draft.chosen, draft.doubts = planned.chosen, found
    else:
        draft.doubts = [one.inside("recipe") for one in found]


def _judge_dqn(draft: Draft, params: DqnParams) -> None:
    """The network against what the environment shows and takes."""
    if draft.spec is None or check(draft.spec):
        return
    try:
        draft.chosen = plan_dqn(draft.spec, params).chosen
    except Invalid as error:
        draft.problems += error.problems


def _judge_initial(draft: Draft, objects: ObjectStore) -> None:
    """Which layers begin with another run's weights; told with what was chosen."""
    if draft.initial is None or draft.weights is None or draft.spec is None:
        return
    resolved = resolve(draft.spec)
    layers, problems = taken(resolved, resolve(trained(objects, draft.weights.key).spec))
    draft.problems += problems
    anew = [one.name for one in resolved.layers if one.weights and not one.weights_of and one.name not in layers]
    why = "these have the name and the shapes of layers of that run" + (
        f"; {', '.join(anew)} begin anew" if anew else ""
    )
    draft.chosen = {**(draft.chosen or {}), "initial_weights": {"value": layers, "why": why}}


def _judge_use(draft: Draft, source: Trained, schema: DatasetSchema, splits: dict[str, int]) -> None:
    """The data set against what the trained net takes. Raises Invalid."""
    if isinstance(draft.params, EvaluateParams):
        plan_evaluate(source.serving, schema, splits, draft.params)
    elif isinstance(draft.params, PredictParams):
        plan_predict(source.serving, schema, splits, draft.params)
