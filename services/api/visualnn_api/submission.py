"""``POST /jobs``: everything is checked, and every problem told at once, before a row exists."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from visualnn_shared import zoo
from visualnn_shared.analysis.check import check
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.planning import TRAINS, plan_ensemble
from visualnn_shared.errors import IdempotencyMismatch, Invalid, NotFound, SpecInvalid
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import State, queue_for
from visualnn_shared.objects import ObjectStore
from visualnn_shared.reinforcement.planning import plan_dqn
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store import datasets, jobs, models, operators
from visualnn_shared.store.tables import Artifact, Dataset, Job
from visualnn_shared.training.checking import plan_check
from visualnn_shared.training.choose import plan, plan_evaluate, plan_predict
from visualnn_shared.training.doubts import doubts
from visualnn_shared.training.initial import taken
from visualnn_shared.training.names import Device
from visualnn_shared.training.recipe import (
    PARAMS,
    WITHOUT_DATASET,
    CheckParams,
    DqnParams,
    EnsembleParams,
    EvaluateParams,
    PredictParams,
    TrainParams,
    TuneParams,
)
from visualnn_shared.training.weights import TRAINED, WEIGHTS
from visualnn_shared.tuning.planning import plan_tune
from visualnn_shared.validation import problems_of

from visualnn_api import ensembling, knowing, limiting, modelling
from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.views.jobs import JobRequest, JobView, job_view
from visualnn_api.weights import Trained, trained

_REF = re.compile(r"([0-9a-z-]{1,64})(?:@([1-9]\d{0,8}))?")


@dataclass(slots=True)
class Draft:
    """A request on its way to a row; ``problems`` grow as it is looked at."""

    body: Any
    request: JobRequest | None = None
    params: BaseModel | None = None
    problems: list[Problem] = field(default_factory=list)
    model_id: str | None = None
    version: int | None = None
    spec: Spec | None = None
    dataset: Dataset | None = None
    known: str | None = None
    """A data set known by name that is to be had first."""
    source: Job | None = None
    initial: Job | None = None
    """The train job whose weights a training begins with."""
    weights: Artifact | None = None
    members: list[ensembling.Found] = field(default_factory=list)
    """Of an ensemble: jobs that are there already, and their weights."""
    chosen: dict[str, Any] | None = None
    doubts: list[Problem] = field(default_factory=list)
    """What may be meant so, but hardly is; told with the queued job."""
    limits: dict[str, Any] = field(default_factory=dict)
    """Limits that the platform gives, with what is chosen."""

    @property
    def zoo_name(self) -> str | None:
        name = self.given("model")
        return name.removeprefix("zoo:") if name is not None and name.startswith("zoo:") else None

    def given(self, key: str) -> str | None:
        """A text of the body, valid or not as a whole."""
        value = self.body.get(key) if isinstance(self.body, Mapping) else None
        return value if isinstance(value, str) else None

    def wrong(self, rule: str, received: Any, name: str, hint: str | None = None) -> None:
        self.problems.append(problem(rule, received, field=name, hint=hint))


async def submit(parts: Parts, owner: str, body: Any, key: str | None) -> JobView:
    """The queued job, or the one that the key made before.

    Raises Invalid with every problem of the params, the model and the data set, and IdempotencyMismatch.
    """
    fingerprint = protocol.fingerprint(body)
    if key is not None:
        known = await parts.db.read(_known, owner, key, fingerprint, parts.settings.max_running_jobs)
        if known is not None:
            return known
    draft = Draft(body)
    _read_request(draft)
    if draft.params is not None:
        draft.params, draft.limits, problems = limiting.limited(draft.params, parts.settings)
        draft.problems += problems
    await parts.db.read(_find, owner, draft)
    if draft.known is not None and not draft.problems:
        draft.dataset = await knowing.stored(parts, owner, draft.known)
    await to_thread.run_sync(_judge, draft, parts.objects)
    if draft.problems:
        raise Invalid("the job", draft.problems)
    view = await parts.db.run(_queue, owner, draft, key, fingerprint, parts.settings)
    parts.waker.wake(view.queue)
    return view


def _known(s: Session, owner: str, key: str, fingerprint: str, most_running: int) -> JobView | None:
    job = jobs.by_key(s, owner, key)
    if job is not None and job.fingerprint != fingerprint:
        raise IdempotencyMismatch(key, job.id)
    return None if job is None else job_view(job, workers.waiting_for(s, job, most_running))


def _read_request(draft: Draft) -> None:
    """The body's own form, and its params by the rules of its kind."""
    if not isinstance(draft.body, Mapping):
        hint = '{"kind": "train", "model": ..., "dataset": ..., "params": {...}}'
        draft.problems.append(problem("a job must be a JSON object", draft.body, hint=hint))
        return
    try:
        draft.request = JobRequest.model_validate(draft.body)
    except ValidationError as error:
        draft.problems += problems_of(error.errors(include_url=False), draft.body)
    kind = draft.given("kind")
    if draft.request is not None and kind in WITHOUT_DATASET and draft.request.dataset is not None:
        draft.wrong(f"dataset must be left out for a job of kind {kind}", draft.request.dataset, "dataset")
    elif kind == "ensemble" and ensembling.brings_dataset(draft.body):
        pass
    elif draft.request is not None and kind not in WITHOUT_DATASET and draft.request.dataset is None:
        draft.wrong("dataset must be given", None, "dataset", "POST the file to /datasets, and give its id")
    params = draft.body.get("params", {})
    if kind in PARAMS and isinstance(params, Mapping):
        draft.params = _read_params(draft, PARAMS[kind], params)


def _read_params(draft: Draft, form: type[BaseModel], params: Mapping[str, Any]) -> BaseModel | None:
    """The params; where some are wrong, those that are right, so that the rest can be judged as well."""
    try:
        return form.model_validate(params)
    except ValidationError as error:
        found = error.errors(include_url=False)
        draft.problems += problems_of(found, params, "params")
        wrong = {place["loc"][0] for place in found if place["loc"]}
    try:
        return form.model_validate({name: value for name, value in params.items() if name not in wrong})
    except ValidationError:
        return None


def _find(s: Session, owner: str, draft: Draft) -> None:
    """The rows that the body names."""
    dataset_id = draft.given("dataset")
    if dataset_id is not None:
        try:
            draft.dataset = datasets.get(s, owner, dataset_id)
        except NotFound:
            if dataset_id in KNOWN:
                draft.known = dataset_id
            else:
                hint = (
                    closest(dataset_id, list(KNOWN)) or f"POST the file to /datasets first, or name {', '.join(KNOWN)}"
                )
                draft.wrong("dataset must be the id of a data set, or a known name", dataset_id, "dataset", hint)
    if isinstance(draft.params, EnsembleParams) and draft.params.method not in TRAINS:
        ensembling.find_members(s, owner, draft)
    elif draft.given("kind") == "ensemble" and ensembling.brings_dataset(draft.body):
        pass  # its params are wrong
    elif draft.given("kind") in ("train", "check", "tune", "dqn", "ensemble"):
        _find_model(s, owner, draft)
        _find_initial(s, owner, draft)
    elif draft.params is not None and hasattr(draft.params, "job"):
        _find_source(s, owner, draft, draft.params.job)


def _find_model(s: Session, owner: str, draft: Draft) -> None:
    named = draft.given("model")
    if named is None:
        if not any(found.where.field == "model" for found in draft.problems):
            rule = f"model must be given for a {draft.given('kind')} job"
            draft.wrong(rule, None, "model", "an id, id@version or zoo:NAME")
        return
    if draft.zoo_name is not None:
        if draft.zoo_name in zoo.NAMES:
            draft.spec = zoo.load(draft.zoo_name)
        else:
            hint = closest(draft.zoo_name, list(zoo.NAMES)) or "GET /zoo lists them"
            draft.wrong("zoo:NAME must name a built-in network", named, "model", hint)
        return
    match = _REF.fullmatch(named)
    try:
        if match is None:
            raise NotFound("model", named)
        version = models.version(s, owner, match[1], int(match[2]) if match[2] else None)
    except NotFound:
        hint = "POST the spec to /models first, or name a built-in network with zoo:NAME"
        draft.wrong("model must be the id of a model, id@version, or zoo:NAME", named, "model", hint)
        return
    draft.model_id, draft.version = version.model_id, version.number
    try:
        draft.spec = modelling.known(version.spec)
    except SpecInvalid as invalid:
        draft.problems += invalid.problems


def _find_initial(s: Session, owner: str, draft: Draft) -> None:
    """The train job whose weights a training begins with: named itself, or by an operator that came of it."""
    recipe = draft.params.recipe if isinstance(draft.params, TuneParams | EnsembleParams) else draft.params
    named = getattr(recipe, "initial_weights", None)
    if named is None:
        return
    try:
        try:
            source = jobs.get(s, owner, named)
        except NotFound:
            name, _, which = named.partition("@")
            number = int(which) if which.isdecimal() else which or None
            lineage = operators.version(s, owner, name, number).lineage
            source = jobs.get(s, owner, str(lineage.get("job")))
        draft.weights = jobs.artifact(s, owner, source.id, WEIGHTS)
    except NotFound:
        rule = "initial_weights must name a train job that succeeded, or an operator that one of them became"
        draft.wrong(rule, named, "params.initial_weights", "a job's id, an operator's name, or name@version")
        return
    draft.initial = source


def _find_source(s: Session, owner: str, draft: Draft, job_id: str) -> None:
    try:
        source = jobs.get(s, owner, job_id)
        kinds = TRAINED if draft.given("kind") != "evaluate" else TRAINED - {"dqn"}
        if source.kind not in kinds or source.state != State.SUCCEEDED:
            received = f"a {source.kind} job that is {source.state}"
            draft.wrong(f"params.job must be a {' or '.join(sorted(kinds, reverse=True))} job that succeeded", received,
                        "params.job")  # fmt: skip
            return
        draft.weights = jobs.artifact(s, owner, job_id, WEIGHTS)
    except NotFound:
        draft.wrong("params.job must be the id of a train job", job_id, "params.job")
        return
    draft.source, draft.model_id, draft.version = source, source.model_id, source.model_version
    named = draft.given("model")
    if named is not None and named not in (source.model_id, f"{source.model_id}@{source.model_version}"):
        rule = f"model must be left out, or be {source.model_id}@{source.model_version}, which {job_id} trained"
        draft.wrong(rule, named, "model")


def _judge(draft: Draft, objects: ObjectStore) -> None:
    """Does the model stand, and does the data set fit it."""
    if draft.spec is not None:
        draft.problems += check(draft.spec)
    if isinstance(draft.params, DqnParams):
        _judge_dqn(draft, draft.params)
    if draft.dataset is None:
        return
    schema, splits = DatasetSchema.model_validate(draft.dataset.schema), dict(draft.dataset.splits)
    try:
        if isinstance(draft.params, CheckParams) and draft.spec is not None and not check(draft.spec):
            draft.chosen = plan_check(draft.spec, schema, splits, draft.params)[0].chosen
        elif isinstance(draft.params, TuneParams) and draft.spec is not None and not check(draft.spec):
            draft.chosen = plan_tune(draft.spec, schema, splits, draft.params)
            _judge_initial(draft, objects)
        elif isinstance(draft.params, EnsembleParams) and draft.params.method not in TRAINS:
            ensembling.judge_members(draft, objects)
        elif isinstance(draft.params, EnsembleParams) and draft.spec is not None and not check(draft.spec):
            draft.chosen = plan_ensemble(draft.spec, schema, splits, draft.params)
            _judge_initial(draft, objects)
        elif draft.spec is not None and not check(draft.spec):
            params = draft.params if isinstance(draft.params, TrainParams) else TrainParams()
            planned = plan(draft.spec, schema, splits, params)
            draft.chosen, draft.doubts = planned.chosen, doubts(draft.spec, planned, params)
            _judge_initial(draft, objects)
        elif draft.weights is not None:
            _judge_use(draft, trained(objects, draft.weights.key), schema, splits)
    except Invalid as error:
        draft.problems += error.problems


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


def _queue(s: Session, owner: str, draft: Draft, key: str | None, fingerprint: str, settings: ApiSettings) -> JobView:
    """The row, with its model and data set held so that nobody deletes them before it is there.

    Raises ``QueueFull``, ``StorageFull``.
    """
    assert draft.request is not None
    assert draft.params is not None
    if key is None or jobs.by_key(s, owner, key) is None:
        limiting.must_have_room(s, owner, settings)
    if draft.zoo_name is not None and draft.spec is not None:
        model = models.same(s, owner, draft.zoo_name, draft.spec) or models.create(
            s, owner, draft.zoo_name, draft.spec, {"format": "zoo", "filename": draft.zoo_name, "report": None}
        )
        draft.model_id, draft.version = model.id, model.version
    if draft.source is None:
        models.lock(s, owner, str(draft.model_id), share=True)
    if draft.dataset is not None:
        datasets.lock(s, owner, draft.dataset.id, share=True)
    device: Device = getattr(draft.params, "device", "any")
    queue = queue_for(draft.request.kind, device)
    warnings = [
        *draft.doubts,
        *limiting.memory_warnings(s, draft.spec, draft.dataset, draft.params, queue),
        *limiting.device_warnings(s, draft.params, queue),
    ]
    submitted = protocol.submit(
        s,
        owner=owner,
        kind=draft.request.kind,
        queue=queue,
        params=draft.params.model_dump(mode="json"),
        model_id=draft.model_id,
        model_version=draft.version,
        dataset_id=draft.dataset.id if draft.dataset else None,
        source_job_id=source.id if (source := draft.source or draft.initial) else None,
        chosen={**(draft.chosen or {}), **draft.limits} or None,
        priority=draft.request.priority,
        time_limit_s=getattr(draft.params, "time_limit_s", None),
        memory_limit_mb=getattr(draft.params, "memory_limit_mb", None),
        devices=draft.params.least_devices if isinstance(draft.params, TrainParams) else 1,
        warnings=[one.model_dump(mode="json") for one in warnings],
        idempotency_key=key,
        fingerprint=fingerprint,
    )
    return job_view(submitted.job, workers.waiting_for(s, submitted.job, settings.max_running_jobs))
