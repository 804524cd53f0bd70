"""An attempt's writes to its job's row: short transactions under the lease, tried again while the lease can last."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from visualnn_shared.errors import Unavailable
from visualnn_shared.jobs import events, protocol, workers
from visualnn_shared.jobs.model import Beat, JobError, Lease, State
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Job, Manifest

from visualnn_worker.page import boot_ns

T = TypeVar("T")
_AGAIN_S = 0.5

log = logging.getLogger(__name__)


class Row:
    """One claimed job's row."""

    def __init__(
        self, database: Database, lease: Lease, timers: Timers, worker_id: str, patience_s: float = 0.0,
        leaving: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """``patience_s``: how long an end is tried to be written; once ``leaving`` a lease's time must do."""
        self._patience_s = patience_s
        self._leaving = leaving
        self._database = database
        self._lease = lease
        self._timers = timers
        self._worker_id = worker_id

    def beat(
        self,
        said: Sequence[tuple[str, Mapping[str, Any]]],
        progress: float | None,
        eta_s: float | None,
        metrics: Mapping[str, Any] | None,
        waiting_for: str | None = None,
    ) -> Beat:
        """Renew the lease, and write what the child said, in one transaction. Raises ``Unavailable``."""
        with self._database.session() as s:
            if said and not events.append(s, self._lease, said):
                return Beat(held=False, cancel_requested=False)
            beat = protocol.heartbeat(s, self._lease, self._timers, progress, eta_s, metrics, waiting_for)
            workers.seen(s, self._worker_id, self._lease.job_id)
            return beat

    def look(self) -> Beat:
        """Read whether the job is still held, and whether it is to be cancelled. Raises ``Unavailable``."""
        with self._database.reading() as s:
            held = (Job.state == State.RUNNING) & (Job.lease_token == self._lease.token)
            query = select(Job.cancel_requested).where(Job.id == self._lease.job_id, held)
            found = s.execute(query).one_or_none()
        return Beat(held=found is not None, cancel_requested=found is not None and found.cancel_requested)

    def checkpoint(self, seen_seq: int, manifest: Manifest) -> bool:
        """Record a checkpoint. Raises ``Unavailable``."""
        with self._database.session() as s:
            return protocol.checkpoint(s, self._lease, seen_seq, manifest)

    def commit(self, manifest: Manifest, metrics: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> State | None:
        """Succeed, or be cancelled if that came first; None where fenced off."""

        def attempt(s: Session) -> State | None:
            if protocol.commit(s, self._lease, manifest, metrics, chosen):
                return State.SUCCEEDED
            if protocol.confirm_cancel(s, self._lease):
                return State.CANCELLED
            job = s.get(Job, self._lease.job_id)  # a commit whose answer was lost
            mine = job is not None and job.result_attempt == self._lease.attempt
            return State.SUCCEEDED if mine else None

        return self._insist(attempt)

    def confirm_cancel(self, freed: Mapping[str, Any] | None = None) -> State | None:
        """The child is gone, as the user wished; ``freed`` is the memory that it held."""
        return self._insist(lambda s: State.CANCELLED if protocol.confirm_cancel(s, self._lease, freed) else None)

    def fail(self, error: JobError) -> State | None:
        """Report a failure."""
        return self._insist(lambda s: protocol.fail(s, self._lease, error, self._timers))

    def drain(self, why: JobError | None = None) -> State | None:
        """Hand the job back."""
        return self._insist(lambda s: protocol.drain(s, self._lease, why))

    def _insist(self, write: Callable[[Session], T | None]) -> T | None:
        """Try until the lease has surely ended, and longer while the database may only be away: it reaps nothing then.

        Whoever was faster when it came back has the last word.
        """
        began = boot_ns()
        while True:
            try:
                with self._database.session() as s:
                    return write(s)
            except Unavailable as error:
                lasted_s = (boot_ns() - began) / 1e9
                if lasted_s >= self._timers.lease_s and (self._leaving() or lasted_s >= self._patience_s):
                    log.error(
                        "job %s: its end could not be written; it will be taken back: %s", self._lease.job_id, error
                    )
                    return None
                time.sleep(_AGAIN_S)
