"""A training done again, and its end beside the first one's."""

import json

from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import State
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store import datasets, jobs, models
from visualnn_shared.store.tables import Artifact, Job
from visualnn_shared.training.recipe import WITHOUT_DATASET
from visualnn_shared.training.reproduction import RECORD, RunRecord, compare

from visualnn_api.views.jobs import JobView, job_view
from visualnn_api.views.reproductions import ReproductionView

_FIELD = "reproduces"
_AGAIN = frozenset({"train", "dqn"})
"""Kinds that keep a record of all that decides how they end."""
_RULE = "only a train or dqn job that succeeded is done again"
_OTHERS = {
    "tune": "only a train or dqn job that succeeded is done again: a search chooses its next trial by what has ended, "
    "in an order that its workers decide; its trials are train jobs, which are done again one by one",
    "ensemble": "only a train or dqn job that succeeded is done again: an ensemble is made of train jobs, which are "
    "done again one by one; post its params again to make another",
}
"""Kind -> the rule with why it is not done again, and what is."""


def again(s: Session, owner: str, job_id: str) -> JobView:
    """The queued repetition. Raises NotFound, and Conflict where the job cannot be done again."""
    job = jobs.get(s, owner, job_id)
    if job.kind not in _AGAIN or job.state != State.SUCCEEDED:
        raise Conflict(_OTHERS.get(job.kind, _RULE), f"a {job.kind} job that is {job.state}")
    try:
        models.lock(s, owner, str(job.model_id), share=True)
        if job.kind not in WITHOUT_DATASET:
            datasets.lock(s, owner, str(job.dataset_id), share=True)
        if job.source_job_id:
            jobs.get(s, owner, job.source_job_id)
    except NotFound as error:
        raise Conflict("a job that is done again must still have its model and data set", error.detail) from None
    why = "done again as that job was, to compare"
    submitted = protocol.submit(
        s, owner=owner, kind=job.kind, queue=job.queue, params=job.params, model_id=job.model_id,
        model_version=job.model_version, dataset_id=job.dataset_id, source_job_id=job.source_job_id,
        chosen={_FIELD: {"value": job.id, "why": why}}, priority=job.priority, time_limit_s=job.time_limit_s,
        memory_limit_mb=job.memory_limit_mb, devices=job.devices,
    )  # fmt: skip
    return job_view(submitted.job, workers.waiting_for(s, submitted.job))


def pair(s: Session, owner: str, job_id: str) -> tuple[Job, str, list[Artifact]]:
    """(the repetition, the first job's id, the records of both where they are there). Raises NotFound, Conflict."""
    job = jobs.get(s, owner, job_id)
    first = (job.chosen or {}).get(_FIELD, {}).get("value")
    if first is None:
        raise Conflict("only a job that repeats another is compared with it", f"{job_id}, which repeats none")
    records = []
    for each in (str(first), job.id):
        try:
            records.append(jobs.artifact(s, owner, each, RECORD))
        except NotFound:
            continue
    return job, str(first), records


def compared(objects: ObjectStore, job: Job, first: str, records: list[Artifact]) -> ReproductionView:
    """The comparison; without a verdict while the repetition has not ended, or where a record is not there."""
    if len(records) < 2:
        return ReproductionView(job=job.id, reproduces=first, state=State(job.state))
    before, after = (RunRecord.model_validate(json.loads(objects.get(row.key))) for row in records)
    verdict, conditions, results = compare(before, after)
    return ReproductionView(
        job=job.id, reproduces=first, state=State(job.state), verdict=verdict, conditions=conditions, results=results
    )
