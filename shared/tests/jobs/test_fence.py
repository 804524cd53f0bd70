"""Everything that an attempt does is refused unless it holds the one current claim: each part of that guard, broken."""

from collections.abc import Callable
from typing import Any

import pytest
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.model import ErrorClass, JobError, Lease
from visualnn_shared.jobs.timers import Timers

USER = JobError(ErrorClass.USER, "nan-loss", "the loss must be finite; received nan", "Lower the learning rate.")
LOST = JobError(ErrorClass.INFRASTRUCTURE, "store-away", "the store must answer; received 500", "Nothing to do.")


def _files(lease: Lease) -> dict[str, Any]:
    return {"w": {"key": f"{lease.prefix()}w", "size": 1, "sha256": "0" * 64}}


Act = Callable[[Any, Lease], Any]
ACTS: dict[str, Act] = {
    "heartbeat": lambda s, lease: protocol.heartbeat(s, lease, Timers(), 0.5, 10.0, {"loss": 1.0}).held,
    "checkpoint": lambda s, lease: protocol.checkpoint(s, lease, 0, _files(lease)),
    "commit": lambda s, lease: protocol.commit(s, lease, _files(lease), {"loss": 1.0}, None),
    "confirm a cancel": protocol.confirm_cancel,
    "report a user's mistake": lambda s, lease: protocol.fail(s, lease, USER),
    "report a lost store": lambda s, lease: protocol.fail(s, lease, LOST),
    "drain": protocol.drain,
    "say something": lambda s, lease: events.append(s, lease, [("log", {"level": "info", "text": "hello"})]),
}
NEEDS_CANCEL = {"confirm a cancel"}


def _lease(lease: Lease, **changed: Any) -> Lease:
    return Lease(**{"job_id": lease.job_id, "attempt": lease.attempt, "token": lease.token, **changed})


def _another_job(bench: Any, lease: Lease) -> Lease:
    return _lease(lease, job_id=bench.submit())


def _reaped(bench: Any, lease: Lease) -> Lease:
    cancelled = bench.row(lease.job_id)["cancel_requested"]
    bench.lapse(lease.job_id)
    assert len(bench.do(protocol.reap)) == 1
    assert bench.row(lease.job_id)["state"] == ("cancelled" if cancelled else "queued")
    return lease


def _reaped_and_claimed_again(bench: Any, lease: Lease) -> Lease:
    bench.set(lease.job_id, cancel_requested=False)
    _reaped(bench, lease)
    bench.set(lease.job_id, run_after=0.0)
    assert bench.claim(worker_id="worker-2").lease.attempt == lease.attempt + 1
    return lease


def _succeeded(bench: Any, lease: Lease) -> Lease:
    bench.set(lease.job_id, cancel_requested=False)
    assert bench.do(protocol.commit, lease, _files(lease))
    return lease


def _failed(bench: Any, lease: Lease) -> Lease:
    bench.set(lease.job_id, cancel_requested=False)
    assert bench.do(protocol.fail, lease, USER) == "failed"
    return lease


def _drained(bench: Any, lease: Lease) -> Lease:
    assert bench.do(protocol.drain, lease)
    return lease


BREAKS: dict[str, Callable[[Any, Lease], Lease]] = {
    "no such job": lambda bench, lease: _lease(lease, job_id="job-none"),
    "another job": _another_job,
    "an earlier attempt": lambda bench, lease: _lease(lease, attempt=lease.attempt - 1),
    "a later attempt": lambda bench, lease: _lease(lease, attempt=lease.attempt + 1),
    "another token": lambda bench, lease: _lease(lease, token="guessed"),
    "reaped": _reaped,
    "reaped and claimed again": _reaped_and_claimed_again,
    "succeeded before": _succeeded,
    "failed before": _failed,
    "drained before": _drained,
}


def _held(bench: Any, act: str) -> Lease:
    lease: Lease = bench.running().lease
    if act in NEEDS_CANCEL:
        bench.do(protocol.cancel, lease.job_id)
    return lease


@pytest.mark.parametrize("act", ACTS)
def test_the_holder_of_the_claim_may(bench: Any, act: str) -> None:
    lease = _held(bench, act)
    before = bench.everything(lease.job_id)
    assert bench.do(ACTS[act], lease)
    assert bench.everything(lease.job_id) != before


@pytest.mark.parametrize("act", ACTS)
def test_an_expired_lease_that_nobody_reaped_still_holds(bench: Any, act: str) -> None:
    lease = _held(bench, act)
    bench.lapse(lease.job_id)
    assert bench.do(ACTS[act], lease)


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("act", ACTS)
def test_anyone_else_is_refused_and_changes_nothing(bench: Any, act: str, broken: str) -> None:
    held = _held(bench, act)
    lease = BREAKS[broken](bench, held)
    known = {held.job_id, lease.job_id} - {"job-none"}
    before = [bench.everything(job_id) for job_id in sorted(known)]
    assert not bench.do(ACTS[act], lease)
    assert [bench.everything(job_id) for job_id in sorted(known)] == before
