"""What a trial's job, or that of a member of an ensemble, has become, read into its row."""

import math
from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import State
from visualnn_shared.store.tables import Job, JobEvent, Trial
from visualnn_shared.tuning.trials import OPEN


def rows(s: Session, job_id: str) -> list[Trial]:
    """Of a search or an ensemble, in the order in which they were asked for."""
    return list(s.scalars(select(Trial).where(Trial.tune_id == job_id).order_by(Trial.number)))


def refresh(s: Session, row: Trial, metric: str | None, stopping: bool) -> None:
    """The row as its job is now; ``stopping``: a cancelled job is one that the search's own cancel ended.

    ``metric`` is what its value and its epochs are of; None leaves them as they are.
    """
    if row.state not in OPEN:
        return
    job = s.get(Job, row.job_id, populate_existing=True) if row.job_id else None
    if job is None:
        row.state, row.note = "failed", "its job was deleted"
        return
    if metric is not None:
        row.epochs = _epochs(s, job.id, metric, row.epochs)
    match job.state:
        case State.QUEUED | State.RUNNING:
            row.state = str(job.state)
        case State.SUCCEEDED if metric is not None:
            _complete(row, job.metrics.get(metric), metric)
        case State.FAILED:
            error = job.error or {}
            row.state, row.note = "failed", str(error.get("detail", ""))[:500]
        case State.CANCELLED:
            pruned = row.pruned_at is not None
            row.state = "pruned" if pruned else "stopped" if stopping else "cancelled"


def cancel(s: Session, row: Trial) -> None:
    """Ask for the end of the row's job, because the search or the ensemble itself was cancelled."""
    if row.state in OPEN and row.job_id is not None:
        job = s.get(Job, row.job_id)
        if job is None or job.cancel_requested:
            return
        with suppress(Conflict, NotFound):
            protocol.cancel(s, row.job_id)
            refresh(s, row, None, True)


def resume(s: Session, row: Trial) -> list[str]:
    """The row's job goes on from its checkpoint; the queue to wake."""
    try:
        job = protocol.resume(s, str(row.job_id))
    except NotFound:
        row.state, row.note = "failed", "its job was deleted"
        return []
    except Conflict:  # someone resumed it by hand, and it has succeeded: the next step reads its value
        row.state = "running"
        return []
    row.state, row.note = "queued", None
    return [job.queue]


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
