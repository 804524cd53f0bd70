"""What a transition leaves for readers, in its own transaction: the attempt's row and a ``state`` event."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Attempt, Job, JobEvent

LOST, DRAINED = "lost", "drained"
"""Outcomes of an attempt that are no state of a job."""


def state(s: Session, job: Job, **more: Any) -> None:
    """Tell that the job is in its present state."""
    event(s, job, "state", {"state": job.state, "attempt": job.attempt, **more})


def event(s: Session, job: Job, kind: str, data: Mapping[str, Any]) -> None:
    """One event. The job's row is locked by now, so that its events' ids grow in the order of their commits."""
    s.execute(insert(JobEvent).values(job_id=job.id, attempt=job.attempt, kind=kind, data=plain(data)))


def began(s: Session, job: Job) -> None:
    """An attempt has begun."""
    s.execute(insert(Attempt).values(job_id=job.id, attempt=job.attempt, worker_id=job.worker_id))
    state(s, job)


def ended(s: Session, job: Job, outcome: str, error: Mapping[str, Any] | None = None, **more: Any) -> None:
    """The current attempt has ended; the job's row says where it went. ``more`` is told with the state."""
    which = (Attempt.job_id == job.id, Attempt.attempt == job.attempt)
    s.execute(update(Attempt).where(*which).values(ended_at=clock(), outcome=outcome, error=error))
    state(s, job, **({"error": dict(error)} if error else {}), **more)


def plain(value: Any) -> Any:
    """``value`` as JSON that every database can hold: no NaN or infinity (None instead), no NUL, no half surrogate."""
    match value:
        case float():
            return float(value) if math.isfinite(value) else None
        case str():
            return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
        case Mapping():
            return {plain(str(key)): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
        case _:
            return value
