"""What a trial's job has become, read into the trial's row."""

import math

from sqlalchemy import select
from sqlalchemy.orm import Session

from visualnn_shared.jobs.model import State
from visualnn_shared.store.tables import Job, JobEvent, Trial
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning.trials import OPEN, monitored


def rows(s: Session, tune_id: str) -> list[Trial]:
    """In the order in which they were asked for."""
    return list(s.scalars(select(Trial).where(Trial.tune_id == tune_id).order_by(Trial.number)))


def refresh(s: Session, row: Trial, params: TuneParams | None, stopping: bool) -> None:
    """The row as its job is now; ``stopping``: a cancelled job is one that the search's own cancel ended."""
    if row.state not in OPEN:
        return
    job = s.get(Job, row.job_id, populate_existing=True) if row.job_id else None
    if job is None:
        row.state, row.note = "failed", "its job was deleted"
        return
    if params is not None:
        row.epochs = _epochs(s, job.id, monitored(params), row.epochs)
    match job.state:
        case State.QUEUED | State.RUNNING:
            row.state = str(job.state)
        case State.SUCCEEDED if params is not None:
            _complete(row, job.metrics.get(monitored(params)), monitored(params))
        case State.FAILED:
            error = job.error or {}
            row.state, row.note = "failed", str(error.get("detail", ""))[:500]
        case State.CANCELLED:
            pruned = row.pruned_at is not None
            row.state = "pruned" if pruned else "stopped" if stopping else "cancelled"


def _complete(row: Trial, value: object, metric: str) -> None:
    if isinstance(value, int | float) and math.isfinite(value):
        row.state, row.value = "complete", float(value)
    else:
        row.state, row.note = "failed", f"it reported no {metric}"


def _epochs(s: Session, job_id: str, metric: str, known: list[list[float]]) -> list[list[float]]:
    """[epoch, value] of every epoch that was reported; of one that was done twice, the later."""
    found = {int(epoch): float(value) for epoch, value in known}
    said = s.execute(
        select(JobEvent.data).where(JobEvent.job_id == job_id, JobEvent.kind == "epoch").order_by(JobEvent.id)
    ).scalars()
    for data in said:
        value = data["metrics"].get(metric)
        if isinstance(value, int | float) and math.isfinite(value):
            found[int(data["epoch"])] = float(value)
    return [[epoch, found[epoch]] for epoch in sorted(found)]
