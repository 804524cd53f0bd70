"""What users do to a job that is there, and who is woken: cancel, resume, remove; on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.store.tables import JobEvent, Manifest

STATES = ("queued", "running", "succeeded", "failed", "cancelled")


def _error(class_: str) -> JobError:
    return JobError(ErrorClass(class_), "code", "what happened", "what to do")


def _put(bench: Any, state: str) -> str:
    """A job's id, brought into this state by the protocol."""
    job_id: str = bench.submit()
    if state == "queued":
        return job_id
    lease = bench.claim().lease
    if state == "succeeded":
        assert bench.do(protocol.commit, lease, {})
    elif state == "failed":
        assert bench.do(protocol.fail, lease, _error("user")) == "failed"
    elif state == "cancelled":
        bench.do(protocol.cancel, job_id)
        assert bench.do(protocol.confirm_cancel, lease)
    assert bench.row(job_id)["state"] == state
    return job_id


# cancel


def test_a_queued_job_is_cancelled_at_once_and_never_claimed(bench: Any) -> None:
    job_id = bench.submit()
    assert bench.do(protocol.cancel, job_id).state == "cancelled"
    assert bench.row(job_id)["finished_at"] is not None
    assert bench.claim() is None
    assert bench.events(job_id)[-1] == {"state": "cancelled", "attempt": 0, "cancel_requested": True}


def test_a_running_job_is_asked_to_stop_and_asking_twice_is_the_same(bench: Any) -> None:
    lease = bench.running().lease
    for _ in range(2):
        job = bench.do(protocol.cancel, lease.job_id)
        assert (job.state, job.cancel_requested, job.finished_at) == ("running", True, None)


def test_a_cancelled_job_stays_cancelled_when_cancelled_again(bench: Any) -> None:
    job_id = _put(bench, "cancelled")
    before = bench.everything(job_id)
    assert bench.do(protocol.cancel, job_id).state == "cancelled"
    assert bench.everything(job_id) == before


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_a_cancel_that_comes_too_late_says_so(bench: Any, state: str) -> None:
    job_id = _put(bench, state)
    with pytest.raises(Conflict, match=f"queued or running job can be cancelled; received '{state}'"):
        bench.do(protocol.cancel, job_id)


# resume


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_resume_starts_the_next_run_with_a_full_budget(bench: Any, state: str) -> None:
    job_id = _put(bench, state)
    bench.set(job_id, failures=3, last_sent_at=bench.now())
    assert bench.do(protocol.resume, job_id).state == "queued"
    row = bench.row(job_id)
    wanted = {"run": 2, "failures": 0, "cancel_requested": False, "finished_at": None, "error": None, "attempt": 1}
    assert {name: row[name] for name in wanted} == wanted
    assert [job.job_id for job in bench.do(protocol.to_wake, 30.0)] == [job_id]
    assert bench.claim().lease.attempt == 2


def test_a_resume_keeps_the_checkpoint(bench: Any, manifest: Callable[..., Manifest]) -> None:
    lease = bench.running().lease
    bench.do(protocol.checkpoint, lease, 0, manifest(lease))
    bench.do(protocol.fail, lease, _error("user"))
    bench.do(protocol.resume, lease.job_id)
    assert bench.claim().checkpoint_manifest == manifest(lease)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_resume_of_a_job_that_goes_on_changes_nothing(bench: Any, state: str) -> None:
    job_id = _put(bench, state)
    before = bench.everything(job_id)
    assert bench.do(protocol.resume, job_id).state == state
    assert bench.everything(job_id) == before


def test_a_resume_meant_for_an_earlier_run_changes_nothing(bench: Any) -> None:
    job_id = _put(bench, "failed")
    bench.do(protocol.resume, job_id, run=1)
    bench.do(protocol.fail, bench.claim().lease, _error("user"))
    before = bench.everything(job_id)
    assert bench.do(protocol.resume, job_id, run=1).state == "failed"
    assert bench.everything(job_id) == before


def test_a_succeeded_job_is_left_by_nobody(bench: Any) -> None:
    job_id = _put(bench, "succeeded")
    before = bench.everything(job_id)
    with pytest.raises(Conflict, match="received 'succeeded'"):
        bench.do(protocol.resume, job_id)
    assert bench.everything(job_id) == before


# remove, find


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_ended_can_be_removed_with_all_its_rows(bench: Any, state: str) -> None:
    job_id = _put(bench, state)
    bench.do(protocol.remove, job_id)
    with bench.database.reading() as s:
        assert s.query(JobEvent).filter_by(job_id=job_id).count() == 0
    assert bench.attempts(job_id) == []


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_job_that_goes_on_cannot_be_removed(bench: Any, state: str) -> None:
    job_id = _put(bench, state)
    with pytest.raises(Conflict, match="cancel it first"):
        bench.do(protocol.remove, job_id)
    assert bench.row(job_id)["state"] == state


@pytest.mark.parametrize("call", [protocol.cancel, protocol.resume, protocol.remove, protocol.find])
def test_a_job_that_is_not_there_is_not_found(bench: Any, call: Any) -> None:
    with pytest.raises(NotFound, match="job-none"):
        bench.do(call, "job-none")


# to_wake


def test_a_waiting_job_is_woken_for_once_in_a_while(bench: Any) -> None:
    job_id = bench.submit()
    assert [(job.job_id, job.queue) for job in bench.do(protocol.to_wake, 30.0)] == [(job_id, "train.cpu")]
    assert bench.do(protocol.to_wake, 30.0) == []
    bench.set(job_id, last_sent_at=bench.now() - 31)
    assert len(bench.do(protocol.to_wake, 30.0)) == 1


def test_nobody_is_woken_for_a_job_that_cannot_be_claimed(bench: Any) -> None:
    for state in STATES[1:]:
        _put(bench, state)
    later = bench.submit()
    bench.set(later, run_after=bench.now() + 30)
    assert bench.do(protocol.to_wake, 30.0) == []


def test_a_long_queue_does_not_hide_the_others(bench: Any) -> None:
    for _ in range(105):
        bench.submit()
    last = bench.submit(queue="infer")
    woken = bench.do(protocol.to_wake, 30.0)
    assert last in {job.job_id for job in woken}
    assert len(woken) == 101
