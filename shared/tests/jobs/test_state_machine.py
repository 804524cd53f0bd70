"""The protocol holds against faults that a search finds, and the search would see each fault that is planted."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import delete, event, true, update
from sqlalchemy.orm import Session
from visualnn_shared.jobs import gc, protocol
from visualnn_shared.jobs.statements import change
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Attempt, Job

from shared.tests.jobs import machine
from shared.tests.jobs.machine import Jobs


@pytest.fixture
def hasty_database(sqlite_database: Database) -> Iterator[Database]:
    """SQLite that does not wait for the disk."""
    database = Database(str(sqlite_database.engine.url), pool_size=1)
    event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    yield database
    database.dispose()


def test_the_protocol_holds_against_faults(hasty_database: Database) -> None:
    Jobs.database = hasty_database
    examples = int(os.environ.get("VISUALNN_TEST_EXAMPLES", "30"))  # more: a longer search, by hand
    quick = settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=examples == 30,
    )
    run_state_machine_as_test(Jobs, settings=quick)


Trace = tuple[Callable[[Jobs], None], ...]
Patch = Callable[[pytest.MonkeyPatch], None]

TRAPS: dict[str, tuple[Patch, Trace]] = {
    "the state is the only guard": (
        lambda patch: patch.setattr(
            protocol, "mine", lambda lease: (Job.id == lease.job_id) & (Job.state == "running")
        ),
        (
            lambda m: m.child_finishes(0),
            lambda m: m.leases_run_out(),
            lambda m: m.claim("w1", answered=True),
            lambda m: m.commit(0, answered=True),
        ),
    ),
    "a commit does not look at a cancel": (
        lambda patch: patch.setattr(protocol, "not_", lambda _: true()),
        (lambda m: m.cancel("k0"), lambda m: m.child_finishes(0), lambda m: m.commit(0, answered=True)),
    ),
    "a collector keeps results only": (
        lambda patch: patch.setattr(gc, "_named_by", lambda job: set(job.result_manifest or {})),
        (
            lambda m: m.write_checkpoint(0),
            lambda m: m.record_checkpoint(0, answered=True),
            lambda m: m.leases_run_out(),
            lambda m: m.collector_lists("k0"),
            lambda m: m.collector_reads_and_deletes(),
        ),
    ),
    "a collector does not see who runs": (
        lambda patch: patch.setattr(gc, "deletable", lambda key, job: key not in machine.named(job)),
        (
            lambda m: m.child_finishes(0),
            lambda m: m.collector_lists("k0"),
            lambda m: m.collector_reads_and_deletes(),
            lambda m: m.commit(0, answered=True),
        ),
    ),
    "a watchdog is slower than the lease": (
        lambda patch: patch.setattr(machine, "TIMERS", machine.TIMERS.model_copy(update={"watchdog_s": 60.0})),
        (lambda m: m.time_passes(61), lambda m: m.reap()),
    ),
    "a cancel is final at once": (
        lambda patch: patch.setattr(protocol, "cancel", _cancel_at_once),
        (lambda m: m.cancel("k0"),),
    ),
    "an attempt's number is given twice": (
        lambda patch: patch.setattr(protocol, "change", _without_counting),
        (lambda m: m.leases_run_out(), lambda m: m.claim("w1", answered=True)),
    ),
}


def _cancel_at_once(s: Session, job_id: str) -> None:
    ended = {"state": "cancelled", "cancel_requested": True, "lease_token": None, "lease_until": None}
    s.execute(update(Job).where(Job.id == job_id).values(**ended))


def _without_counting(s: Session, guard: Any, **values: Any) -> list[Job]:
    if "attempt" in values:
        values["attempt"] = 1
        s.execute(delete(Attempt))
    return change(s, guard, **values)


def _run(trace: Trace) -> None:
    jobs = Jobs()
    jobs.begin(second=False)
    for step in trace:
        step(jobs)
        jobs.invariants_hold()


@pytest.mark.parametrize("trap", TRAPS)
def test_a_planted_fault_is_found(hasty_database: Database, monkeypatch: pytest.MonkeyPatch, trap: str) -> None:
    Jobs.database = hasty_database
    plant, trace = TRAPS[trap]
    _run(trace)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        _run(trace)
