"""Jobs that hold no worker: dispatchers claim them and step them, while jobs of their own are worked on.

Each step is one transaction that begins by locking the job's row: any dispatcher may do any step, and one that dies
between two steps loses nothing.
"""

import logging
from abc import ABC, abstractmethod
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from visualnn_shared.errors import Unavailable
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import ErrorClass, JobError, Lease, State
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Job

_WHO = "dispatcher"
log = logging.getLogger(__name__)


class Coordinator(ABC):
    """What a dispatcher does for the jobs of one such queue; ``round`` again and again."""

    queue: ClassVar[str]

    def __init__(self, database: Database, objects: ObjectStore, waker: Waker, timers: Timers) -> None:
        self.database = database
        self.objects = objects
        self.waker = waker
        self.timers = timers

    @abstractmethod
    def advance(self, s: Session, job: Job, lease: Lease, cancel: bool) -> tuple[bool, list[str]]:
        """Inside the step's transaction: (whether every job of its own has ended, the queues to wake)."""

    @abstractmethod
    def finish(self, job_id: str, lease: Lease) -> None:
        """Every job of its own has ended: end this one, or hand it over. Raises ``Unavailable``."""

    def prepare(self) -> None:
        """Called before the first step of a round that has any."""
        return

    def round(self) -> None:
        """One step of every job. Raises ``Unavailable``."""
        with self.database.reading() as s:
            unended = Job.state.in_((State.QUEUED, State.RUNNING))
            if s.scalars(select(Job.id).where(unended, Job.queue == self.queue).limit(1)).first() is None:
                return
        self.prepare()
        with self.database.session() as s:
            while protocol.claim(s, queues=(self.queue,), worker_id=_WHO, timers=self.timers) is not None:
                pass
        with self.database.reading() as s:
            running = select(Job.id).where(Job.state == State.RUNNING, Job.queue == self.queue).order_by(Job.id)
            ids = list(s.scalars(running))
        for job_id in ids:
            self._guarded(job_id)

    def _guarded(self, job_id: str) -> None:
        """A job that meets a fault of ours ends by the budget of failures; the others go on."""
        try:
            self.step(job_id)
        except Unavailable:
            raise
        except Exception as error:
            log.exception("%s %s", self.queue, job_id)
            with self.database.session() as s:
                job = protocol.find(s, job_id)
                why = f"{type(error).__name__}: {error}"[:500]
                fault = JobError(ErrorClass.INFRASTRUCTURE, "unexpected", why, "It is tried again by itself.")
                if job.state == State.RUNNING and job.queue == self.queue:
                    protocol.fail(s, _lease(job), fault, self.timers)

    def step(self, job_id: str) -> None:
        """One step of one job. Raises ``Unavailable``."""
        with self.database.session() as s:
            job = protocol.find(s, job_id)
            if job.state != State.RUNNING or job.queue != self.queue:
                return
            lease = _lease(job)
            beat = protocol.heartbeat(s, lease, self.timers)  # locks the row: of several dispatchers one is here
            if not beat.held:
                return
            over, wake = self.advance(s, job, lease, beat.cancel_requested)
        for queue in sorted(set(wake)):
            self.waker.wake(queue)
        if over:
            self.finish(job_id, lease)


def _lease(job: Job) -> Lease:
    return Lease(job.id, job.attempt, str(job.lease_token))
