"""What a job says while it works, and reading it back in order.

Kinds and their data: ``state`` {state, attempt, error?, cancel_requested?} (the protocol's own), ``batch`` {epoch,
batch, batches, metrics, progress, eta_s}, ``epoch`` {epoch, epochs, metrics, seconds, samples_per_s, memory_mb},
``metrics`` {metrics, progress?}, ``insight`` {epoch, layers: [{layer, activation, gradient, update_ratio, zeros,
dead}]}, ``episode`` {step, steps, metrics, progress, eta_s} of a dqn job, ``log`` {level, text}, ``waiting`` {for,
reason} while the work waits for a part that does not answer, and {for: null, reason} once it goes on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from visualnn_shared.jobs.model import Lease
from visualnn_shared.jobs.record import plain
from visualnn_shared.jobs.statements import mine
from visualnn_shared.store.tables import Job, JobEvent

KINDS = ("batch", "epoch", "episode", "metrics", "insight", "log", "waiting")
"""What an attempt may say; ``state`` is the protocol's."""


def append(s: Session, lease: Lease, events: Sequence[tuple[str, Mapping[str, Any]]]) -> bool:
    """Write these (kind, data) in order, if the attempt still holds the job; False where it is fenced off.

    Raises ``ValueError`` for another kind.
    """
    unknown = sorted({kind for kind, _ in events} - set(KINDS))
    if unknown:
        raise ValueError(f"an event's kind must be one of {', '.join(KINDS)}; received {', '.join(unknown)}")
    # The lock keeps the guard true, and ids in the order of commits, until this transaction ends.
    held = s.execute(select(Job.id).where(mine(lease)).with_for_update(key_share=True)).first()
    if held is None:
        return False
    rows = [
        {"job_id": lease.job_id, "attempt": lease.attempt, "kind": kind, "data": plain(data)} for kind, data in events
    ]
    if rows:
        s.execute(insert(JobEvent), rows)
    return True


def after(s: Session, job_id: str, last_id: int = 0, limit: int = 1000) -> list[JobEvent]:
    """The job's events with an id above ``last_id``, oldest first."""
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.id > last_id)
    return list(s.scalars(query.order_by(JobEvent.id).limit(limit)))
