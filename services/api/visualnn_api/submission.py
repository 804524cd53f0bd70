"""``POST /jobs``: everything is checked, and every problem told at once, before a row exists."""

from collections.abc import Mapping
from typing import Any

from anyio import to_thread
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session
from visualnn_shared.errors import IdempotencyMismatch, Invalid
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import queue_for
from visualnn_shared.spec.problem import problem
from visualnn_shared.store import datasets, jobs, models
from visualnn_shared.training.names import Device
from visualnn_shared.training.recipe import (
    PARAMS,
    WITHOUT_DATASET,
    TrainParams,
)
from visualnn_shared.validation import problems_of

from visualnn_api import ensembling, knowing, limiting
from visualnn_api.draft import Draft
from visualnn_api.finding import find
from visualnn_api.judging import judge
from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.views.jobs import JobRequest, JobView, job_view


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
    await parts.db.read(find, owner, draft)
    if draft.known is not None and not draft.problems:
        draft.dataset = await knowing.stored(parts, owner, draft.known)
    await to_thread.run_sync(judge, draft, parts.objects)
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
