"""Priorities that waiting makes up for, how many jobs of an owner run, and what a running job waits for."""

from typing import Any

import pytest
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.tables import WORTH_S, Job, User


@pytest.mark.parametrize(
    ("priority", "older_by_s", "first"),
    [
        (1, WORTH_S - 60, "urgent"),
        (1, WORTH_S + 60, "patient"),
        (100, 99 * WORTH_S, "urgent"),
        (100, 101 * WORTH_S, "patient"),
        (0, 60, "patient"),
    ],
)
def test_a_higher_priority_goes_first_until_the_other_has_waited_for_long(
    bench: Any, priority: int, older_by_s: float, first: str
) -> None:
    now = bench.now()
    bench.submit(id="patient")
    bench.submit(id="urgent", priority=priority)
    bench.set("patient", run_after=now - 1 - older_by_s)
    bench.set("urgent", run_after=now - 1)
    assert bench.claim().lease.job_id == first


def test_of_one_owner_no_more_jobs_run_at_once_than_allowed(bench: Any) -> None:
    with bench.database.session() as s:
        s.add(User(id="other", name="other"))
    for number in range(3):
        bench.submit(id=f"mine-{number}", priority=10)
    bench.submit(id="search", kind="tune", queue="tune")
    bench.do(protocol.claim, queues=["tune"], worker_id="dispatcher")  # holds no worker
    bench.submit(id="theirs", owner="other")

    def claim() -> str | None:
        queues = ["train.cpu", "infer"]
        found = bench.do(protocol.claim, queues=queues, worker_id="w", timers=Timers(), most_running=2)
        return found and found.lease.job_id

    assert [claim() for _ in range(4)] == ["mine-0", "mine-1", "theirs", None]
    with bench.database.session() as s:
        workers.announce(s, workers.WorkerInfo(queues=["train.cpu"], devices=[], backend="tensorflow"))
    with bench.database.reading() as s:
        waiting = workers.waiting_for(s, s.get_one(Job, "mine-2"), 2)
    assert waiting == "one of its owner's 2 running jobs to end: at most 2 run at once"
    bench.set("mine-0", cancel_requested=True, state="cancelled", lease_token=None, lease_until=None)
    assert claim() == "mine-2"


def test_a_running_job_says_since_when_it_waits_for_what_and_no_longer_than_it_does(bench: Any) -> None:
    lease = bench.running().lease
    for _ in range(2):
        bench.do(protocol.heartbeat, lease, waiting_for="the object store: no answer")
        row = bench.row(lease.job_id)
        assert row["waiting_for"] == "the object store: no answer"
        since = row["waiting_since"]
    assert bench.now() - 30 < row["waiting_since"] == since
    bench.do(protocol.heartbeat, lease)
    assert (bench.row(lease.job_id)["waiting_for"], bench.row(lease.job_id)["waiting_since"]) == (None, None)
    bench.do(protocol.heartbeat, lease, waiting_for="disk space on the worker")
    bench.do(protocol.drain, lease)
    assert bench.row(lease.job_id)["waiting_since"] is None


def test_an_outage_hands_the_job_back_at_no_cost_and_says_why(bench: Any) -> None:
    lease = bench.running().lease
    why = JobError(ErrorClass.INFRASTRUCTURE, "database-unreachable", "no heartbeat got through", "Nothing.")
    assert bench.do(protocol.drain, lease, why) == "queued"
    row = bench.row(lease.job_id)
    assert (row["failures"], row["error"]) == (0, None)
    assert bench.events(lease.job_id)[-1]["error"]["code"] == "database-unreachable"


def test_a_confirmed_cancel_tells_the_memory_that_it_freed(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    assert bench.do(protocol.confirm_cancel, lease, {"memory_mb": 812})
    assert bench.events(lease.job_id)[-1] == {"state": "cancelled", "attempt": 1, "freed": {"memory_mb": 812}}
