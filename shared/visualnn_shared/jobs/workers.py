"""Which workers there are, what they can do, and why a job still waits."""

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from visualnn_shared.ids import new_id
from visualnn_shared.jobs.model import COORDINATED, TRAIN_GPU, State
from visualnn_shared.jobs.statements import insert_or_update
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Job, Trial, Worker

ONLINE_S = 60.0
"""A worker is online while it was seen this long ago at most."""
FORGET_S = 600.0
"""A row that was not renewed for this long is removed."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker process says of itself."""

    queues: Sequence[str]
    devices: Sequence[Mapping[str, Any]]
    """[{"kind": cpu|gpu, "name", "memory_bytes"}]; of a CPU that is shown as several, "devices" is how many."""
    backend: str
    """Keras' backend: tensorflow, jax, torch."""
    id: str = field(default_factory=lambda: new_id("worker"))
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)

    @property
    def most_devices(self) -> int:
        """Over how many devices it can share a batch out."""
        return most_devices(self.devices, self.backend)


def most_devices(devices: Iterable[Mapping[str, Any]], backend: str) -> int:
    """Over how many of its ``devices`` a worker can share a batch out: Keras does not on PyTorch."""
    if backend == "torch":
        return 1
    known = list(devices)
    gpus = sum(1 for one in known if one.get("kind") == "gpu")
    shown = [int(one.get("devices") or 1) for one in known if one.get("kind") == "cpu"]
    return max(1, gpus, *shown)


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


def waiting_for(s: Session, job: Job, most_running: int = 0) -> str | None:
    """What a queued job waits for beyond its turn: a worker that can do it, or the end of its back-off, or that fewer
    of its owner's jobs run; and a running one: a part of the platform that does not answer, or, of a search or an
    ensemble, the worker that all its trainings lack.
    """
    if job.state == State.RUNNING:
        return job.waiting_for or (_trainings_lack(s, job) if job.queue in COORDINATED else None)
    if job.state != State.QUEUED:
        return None
    if job.queue not in COORDINATED and (missing := _missing(s, job)):
        return missing
    rest = job.run_after - s.scalars(select(clock())).one()
    if rest >= 1:
        return f"its next try, in {rest:.0f} s: the last one failed"
    if most_running and job.queue not in COORDINATED and (count := running(s, job.owner)) >= most_running:
        return f"one of its owner's {count} running jobs to end: at most {most_running} run at once"
    return None


def _missing(s: Session, job: Job) -> str | None:
    """The worker that would have to come online."""
    there = online(s, job.queue)
    if not there:
        what = "a worker with a GPU" if job.queue == TRAIN_GPU else f"a worker for the queue {job.queue}"
        return f"{what}: none is online"
    most = max(most_devices(one.devices, one.backend) for one in there)
    return f"a worker with {job.devices} devices: those online have at most {most}" if job.devices > most else None


def _trainings_lack(s: Session, parent: Job) -> str | None:
    """What the trainings that a job has asked for wait for, where none of them runs."""
    asked = select(Job).join(Trial, Trial.job_id == Job.id).where(Trial.tune_id == parent.id)
    there = list(s.scalars(asked.where(Job.state.in_((State.QUEUED, State.RUNNING))).order_by(Trial.number)))
    if not there or any(one.state == State.RUNNING for one in there):
        return None
    missing = _missing(s, there[0])
    return None if missing is None else f"{missing}; its trainings wait"


def running(s: Session, owner: str) -> int:
    """How many of the owner's jobs hold a worker."""
    held = (Job.owner == owner, Job.state == State.RUNNING, Job.queue.not_in(COORDINATED))
    return s.scalar(select(func.count()).select_from(Job).where(*held)) or 0
