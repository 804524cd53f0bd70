"""Which workers there are, what they can do, and why a job still waits."""

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from visualnn_shared.ids import new_id
from visualnn_shared.jobs.model import COORDINATED, TRAIN_GPU, State
from visualnn_shared.jobs.statements import insert_or_update
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Job, Worker

ONLINE_S = 60.0
"""A worker is online while it was seen this long ago at most."""
FORGET_S = 600.0
"""A row that was not renewed for this long is removed."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker process says of itself."""

    queues: Sequence[str]
    devices: Sequence[Mapping[str, Any]]
    """[{"kind": cpu|gpu, "name", "memory_bytes"}]."""
    backend: str
    """Keras' backend: tensorflow, jax, torch."""
    id: str = field(default_factory=lambda: new_id("worker"))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)


def announce(s: Session, worker: WorkerInfo) -> None:
    """Say that this worker is there; again after ``seen`` answered False."""
    said = {
        "host": worker.host[:255],
        "pid": worker.pid,
        "backend": worker.backend,
        "queues": list(worker.queues),
        "devices": [dict(device) for device in worker.devices],
        "seen_at": clock(),
    }
    s.execute(insert_or_update(s, Worker, {"id": worker.id, **said}, said, "id"))


def seen(s: Session, worker_id: str, job_id: str | None = None) -> bool:
    """The worker lives, and works on this job or on none; False where its row is gone and it must announce itself."""
    now = update(Worker).where(Worker.id == worker_id).values(seen_at=clock(), job_id=job_id).returning(Worker.id)
    return s.execute(now, execution_options={"synchronize_session": False}).first() is not None


def retire(s: Session, worker_id: str) -> None:
    """The worker leaves."""
    s.execute(delete(Worker).where(Worker.id == worker_id))


def prune(s: Session, older_than_s: float = FORGET_S) -> int:
    """Remove workers that were not seen for long; how many there were."""
    gone = delete(Worker).where(Worker.seen_at < clock() - older_than_s).returning(Worker.id)
    return len(s.execute(gone, execution_options={"synchronize_session": False}).all())


def online(s: Session, queue: str | None = None, within_s: float = ONLINE_S) -> list[Worker]:
    """Workers that were seen lately, and serve ``queue`` if it is given."""
    fresh = s.scalars(select(Worker).where(Worker.seen_at >= clock() - within_s).order_by(Worker.id))
    return [worker for worker in fresh if queue is None or queue in worker.queues]


def waiting_for(s: Session, job: Job) -> str | None:
    """What a queued job waits for beyond its turn: a worker that can do it, or the end of its back-off."""
    if job.state != State.QUEUED:
        return None
    if job.queue not in COORDINATED and not online(s, job.queue):
        what = "a worker with a GPU" if job.queue == TRAIN_GPU else f"a worker for the queue {job.queue}"
        return f"{what}: none is online"
    rest = job.run_after - s.scalars(select(clock())).one()
    return f"its next try, in {rest:.0f} s: the last one failed" if rest >= 1 else None
