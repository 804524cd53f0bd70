"""Trainings that another job asks for: their rows, and their train jobs."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import Invalid, NotFound, SpecInvalid
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import queue_for
from visualnn_shared.spec.model import Spec
from visualnn_shared.store.tables import Dataset, Job, ModelVersion, Trial
from visualnn_shared.training.recipe import TrainParams


def add(s: Session, job: Job, rows: list[Trial], values: dict[str, Any], queue: Callable[[Trial], Job]) -> list[str]:
    """One more row, and its train job: the queue to wake.

    What cannot be trained (``queue`` raises Invalid, SpecInvalid, NotFound) is a failed row without a job.
    """
    row = Trial(tune_id=job.id, number=len(rows), values=values, state="queued")
    row.epochs = []
    wake: list[str] = []
    try:
        queued = queue(row)
        row.job_id = queued.id
        wake.append(queued.queue)
    except (Invalid, SpecInvalid, NotFound) as error:
        row.state, row.note = "failed", str(error)[:500]
    s.add(row)
    s.flush()
    rows.append(row)
    return wake


def network_and_data(s: Session, job: Job) -> tuple[Spec, DatasetSchema, dict[str, int]]:
    """What the job names: network, data set's schema, samples of each split. Raises NotFound."""
    version = s.get(ModelVersion, (job.model_id, job.model_version))
    if version is None:
        raise NotFound("model of the search or ensemble", job.model_id)
    dataset = s.get(Dataset, job.dataset_id)
    if dataset is None:
        raise NotFound("data set of the search or ensemble", job.dataset_id)
    return Spec.model_validate(version.spec), DatasetSchema.model_validate(dataset.schema), dataset.splits


def submit(
    s: Session, job: Job, recipe: TrainParams, chosen: dict[str, Any], model: tuple[str, int] | None = None
) -> Job:
    """A train job for the job: its owner, priority, data and limits. ``model``: another (id, version) than its own."""
    model_id, number = model or (job.model_id, job.model_version)
    return protocol.submit(
        s, owner=job.owner, kind="train", queue=queue_for("train", recipe.device),
        params=recipe.model_dump(mode="json"), model_id=model_id, model_version=number, dataset_id=job.dataset_id,
        source_job_id=job.source_job_id, chosen=chosen, priority=job.priority, time_limit_s=recipe.time_limit_s,
        memory_limit_mb=recipe.memory_limit_mb, devices=recipe.least_devices,
    ).job  # fmt: skip
