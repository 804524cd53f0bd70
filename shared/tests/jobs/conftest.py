"""A bench for the protocol: short calls, each in its own transaction, and a hand on the rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest
from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import QUEUES, Claim, Lease
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Attempt, Job, JobEvent, Manifest

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Bench:
    database: Database

    def do(self, fn: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """``fn`` in a transaction of its own."""
        with self.database.session() as s:
            return fn(s, *args, **kwargs)

    def submit(self, **fields: Any) -> str:
        """A queued train job's id."""
        defaults: dict[str, Any] = {"owner": LOCAL_OWNER, "kind": "train", "queue": "train.cpu", "params": {}}
        return self.do(protocol.submit, **{**defaults, **fields}).job.id

    def claim(self, *queues: str, worker_id: str = "worker-1", devices: int = 1) -> Claim | None:
        asked = {"queues": queues or QUEUES, "worker_id": worker_id, "devices": devices}
        return self.do(protocol.claim, timers=Timers(), **asked)

    def running(self, **fields: Any) -> Claim:
        """A claimed job."""
        job_id = self.submit(**fields)
        claim = self.claim()
        assert claim is not None
        assert claim.lease.job_id == job_id
        return claim

    def row(self, job_id: str) -> dict[str, Any]:
        """Every column of a job."""
        with self.database.reading() as s:
            return _row(s, job_id)

    def set(self, job_id: str, **columns: Any) -> None:
        """Put a row into a state by hand."""
        with self.database.session() as s:
            s.execute(update(Job).where(Job.id == job_id).values(**columns))

    def lapse(self, job_id: str) -> None:
        """End a job's lease."""
        self.set(job_id, lease_until=clock() - 1.0)

    def now(self) -> float:
        """The database's clock."""
        with self.database.reading() as s:
            return s.scalars(select(clock())).one()

    def events(self, job_id: str) -> list[dict[str, Any]]:
        """The data of the job's ``state`` events."""
        with self.database.reading() as s:
            return [data for kind, data in _events(s, job_id) if kind == "state"]

    def attempts(self, job_id: str) -> list[tuple[int, str | None]]:
        """(attempt, outcome) in order."""
        with self.database.reading() as s:
            return _attempts(s, job_id)

    def everything(self, job_id: str) -> tuple[Any, ...]:
        """All that a refused transition must leave as it is."""
        with self.database.reading() as s:
            return _row(s, job_id), _events(s, job_id), _attempts(s, job_id)


def _row(s: Session, job_id: str) -> dict[str, Any]:
    job = s.get_one(Job, job_id)
    return {column.key: getattr(job, column.key) for column in inspect(Job).column_attrs}


def _events(s: Session, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    found = select(JobEvent.kind, JobEvent.data).where(JobEvent.job_id == job_id).order_by(JobEvent.id)
    return [(kind, data) for kind, data in s.execute(found)]


def _attempts(s: Session, job_id: str) -> list[tuple[int, str | None]]:
    found = select(Attempt.attempt, Attempt.outcome).where(Attempt.job_id == job_id).order_by(Attempt.attempt)
    return [(attempt, outcome) for attempt, outcome in s.execute(found)]


def manifest(lease: Lease, names: Sequence[str] = ("weights.safetensors",)) -> Manifest:
    """Files of this attempt."""
    return {name: {"key": f"{lease.prefix()}{name}", "size": 3, "sha256": "0" * 64} for name in names}


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


@pytest.fixture(name="manifest")
def _manifest() -> Callable[..., Manifest]:
    return manifest
