"""Every row of the transition table, on both databases: what it changes, and what each further guard refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from visualnn_shared.errors import IdempotencyMismatch
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import LOCAL_OWNER
from visualnn_shared.store.tables import Artifact, Manifest, User

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


# submit


def test_a_submitted_job_is_queued_in_its_first_run(bench: Any) -> None:
    job_id = bench.submit(params={"epochs": 3}, chosen={"loss": {"value": "mse", "why": "real labels"}}, priority=2)
    row = bench.row(job_id)
    wanted = {"state": "queued", "run": 1, "attempt": 0, "failures": 0, "priority": 2, "params": {"epochs": 3}}
    assert {name: row[name] for name in wanted} == wanted
    assert abs(row["created_at"] - bench.now()) < 60
    assert bench.events(job_id) == [{"state": "queued", "attempt": 0}]


def test_a_job_undone_with_its_transaction_was_never_there(bench: Any) -> None:
    def submit_and_die(s: Any) -> None:
        protocol.submit(s, id="job-x", owner=LOCAL_OWNER, kind="train", queue="infer", params={})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.do(submit_and_die)
    assert bench.claim() is None


def test_the_same_key_and_body_give_the_same_job_whatever_its_state(bench: Any) -> None:
    first = bench.submit(idempotency_key="k", fingerprint="f")
    for state in ("queued", "running", "succeeded"):
        again = bench.do(
            protocol.submit,
            owner=LOCAL_OWNER,
            kind="train",
            queue="train.cpu",
            params={},
            idempotency_key="k",
            fingerprint="f",
        )
        assert (again.job.id, again.created, again.job.state) == (first, False, state)
        if state == "queued":
            lease = bench.claim().lease
        elif state == "running":
            assert bench.do(protocol.commit, lease, {})
    assert len([event for event in bench.events(first) if event["state"] == "queued"]) == 1


def test_the_same_key_with_another_body_is_refused(bench: Any) -> None:
    first = bench.submit(idempotency_key="k", fingerprint="f")
    with pytest.raises(IdempotencyMismatch, match=first) as caught:
        bench.submit(idempotency_key="k", fingerprint="g")
    assert caught.value.status == 422


def test_the_same_key_of_another_owner_makes_another_job(bench: Any) -> None:
    with bench.database.session() as s:
        s.add(User(id="ada", name="ada"))
    first = bench.submit(idempotency_key="k", fingerprint="f")
    assert bench.submit(owner="ada", idempotency_key="k", fingerprint="f") != first


def test_jobs_without_a_key_are_all_new(bench: Any) -> None:
    assert bench.submit(fingerprint="f") != bench.submit(fingerprint="f")


def test_a_key_needs_a_fingerprint_and_a_queue_must_be_known(bench: Any) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        bench.submit(idempotency_key="k")
    with pytest.raises(ValueError, match=r"train\.cpu, train\.gpu, infer, tune, ensemble; received 'train\.tpu'"):
        bench.submit(queue="train.tpu")


def test_a_fingerprint_is_of_the_content_and_not_of_its_order() -> None:
    assert protocol.fingerprint({"a": 1, "b": [2]}) == protocol.fingerprint({"b": [2], "a": 1})
    assert protocol.fingerprint({"a": 1}) != protocol.fingerprint({"a": 2})


# claim


def test_a_claim_takes_the_job_with_a_new_attempt_token_and_lease(bench: Any) -> None:
    job_id = bench.submit()
    claim = bench.claim(worker_id="worker-7")
    row = bench.row(job_id)
    assert (row["state"], row["attempt"], row["worker_id"]) == ("running", 1, "worker-7")
    assert (claim.lease.attempt, claim.lease.token) == (1, row["lease_token"])
    assert abs(row["lease_until"] - bench.now() - 60) < 10
    assert abs(row["started_at"] - bench.now()) < 10
    assert bench.attempts(job_id) == [(1, None)]
    assert bench.events(job_id)[-1] == {"state": "running", "attempt": 1}
    assert claim.job.params == {}  # readable without a session


@pytest.mark.parametrize("state", [state for state in STATES if state != "queued"])
def test_only_a_queued_job_is_claimed(bench: Any, state: str) -> None:
    _put(bench, state)
    assert bench.claim() is None


def test_a_job_is_not_claimed_before_its_time(bench: Any) -> None:
    job_id = bench.submit()
    bench.set(job_id, run_after=bench.now() + 30)
    assert bench.claim() is None
    bench.set(job_id, run_after=bench.now() - 1)
    assert bench.claim() is not None


def test_a_worker_takes_only_from_its_queues(bench: Any) -> None:
    bench.submit(queue="train.gpu")
    assert bench.claim("train.cpu", "infer") is None
    assert bench.do(protocol.claim, queues=[], worker_id="worker-1", timers=Timers()) is None
    assert bench.claim("train.cpu", "train.gpu") is not None


def test_the_best_job_over_all_queues_comes_first(bench: Any) -> None:
    ages = {"old": 40.0, "new": 20.0, "newest": 10.0}
    for number, (queue, age) in enumerate([("train.cpu", "new"), ("infer", "old"), ("train.cpu", "newest")]):
        bench.submit(id=f"job-{number}-{age}", queue=queue)
    for number, queue in enumerate(["infer", "train.cpu"]):
        bench.submit(id=f"job-urgent-{number}", queue=queue, priority=5)
    now = bench.now()
    for job_id, age in [("job-0-new", "new"), ("job-1-old", "old"), ("job-2-newest", "newest")]:
        bench.set(job_id, run_after=now - ages[age])
    for number in (0, 1):
        bench.set(f"job-urgent-{number}", run_after=now - 1)
    taken = []
    while claim := bench.claim("train.cpu", "infer"):
        taken.append(claim.lease.job_id)
    assert taken == ["job-urgent-0", "job-urgent-1", "job-1-old", "job-0-new", "job-2-newest"]


def test_a_worker_leaves_jobs_that_ask_for_more_devices_than_it_has_to_another(bench: Any) -> None:
    wide, narrow = bench.submit(devices=4, priority=9), bench.submit()
    assert bench.claim(devices=2).lease.job_id == narrow
    assert bench.claim(devices=3) is None
    assert bench.claim(devices=4).lease.job_id == wide


def test_attempts_count_on_over_claims_and_runs(bench: Any) -> None:
    lease = bench.running().lease
    for attempt in (2, 3):
        bench.do(protocol.drain, lease)
        lease = bench.claim().lease
        assert lease.attempt == attempt
    bench.do(protocol.fail, lease, _error("user"))
    bench.do(protocol.resume, lease.job_id)
    assert bench.claim().lease.attempt == 4
    assert [attempt for attempt, _ in bench.attempts(lease.job_id)] == [1, 2, 3, 4]


# heartbeat


def test_a_heartbeat_renews_the_lease_and_tells_how_far_the_work_is(bench: Any) -> None:
    lease = bench.running().lease
    bench.lapse(lease.job_id)
    beat = bench.do(protocol.heartbeat, lease, Timers(), 0.25, 12.0, {"loss": float("nan"), "epoch": 2})
    row = bench.row(lease.job_id)
    assert (beat.held, beat.cancel_requested) == (True, False)
    assert abs(row["lease_until"] - bench.now() - 60) < 10
    assert (row["progress"], row["eta_s"], row["metrics"]) == (0.25, 12.0, {"loss": None, "epoch": 2})
    bench.do(protocol.heartbeat, lease)
    assert (bench.row(lease.job_id)["progress"], bench.row(lease.job_id)["metrics"]["epoch"]) == (0.25, 2)


def test_a_heartbeat_learns_of_a_cancel_and_still_holds(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    beat = bench.do(protocol.heartbeat, lease)
    assert (beat.held, beat.cancel_requested) == (True, True)


# checkpoint


def test_a_checkpoint_replaces_the_one_that_was_seen(bench: Any, manifest: Callable[..., Manifest]) -> None:
    lease = bench.running().lease
    first, second = manifest(lease, ["a"]), manifest(lease, ["b"])
    assert bench.do(protocol.checkpoint, lease, 0, first)
    assert not bench.do(protocol.checkpoint, lease, 0, second)
    assert bench.row(lease.job_id)["checkpoint_manifest"] == first
    assert bench.do(protocol.checkpoint, lease, 1, second)
    assert (bench.row(lease.job_id)["checkpoint_seq"], bench.row(lease.job_id)["checkpoint_manifest"]) == (2, second)


def test_the_next_attempt_gets_the_recorded_checkpoint(bench: Any, manifest: Callable[..., Manifest]) -> None:
    lease = bench.running().lease
    bench.do(protocol.checkpoint, lease, 0, manifest(lease))
    bench.do(protocol.drain, lease)
    claim = bench.claim()
    assert (claim.checkpoint_seq, claim.checkpoint_manifest) == (1, manifest(lease))


def test_a_manifest_names_only_objects_of_its_own_attempt(bench: Any, manifest: Callable[..., Manifest]) -> None:
    old = bench.running().lease
    bench.do(protocol.drain, old)
    lease = bench.claim().lease
    with pytest.raises(ValueError, match=f"must lie under jobs/{lease.job_id}/2/"):
        bench.do(protocol.checkpoint, lease, 0, manifest(old))
    with pytest.raises(ValueError, match="must lie under"):
        bench.do(protocol.commit, lease, manifest(old))
    with pytest.raises(ValueError, match="must have a size and a sha256"):
        bench.do(protocol.commit, lease, {"w": {**manifest(lease)["weights.safetensors"], "sha256": "short"}})


# commit


def test_a_commit_is_the_result_and_its_files_in_one(bench: Any, manifest: Callable[..., Manifest]) -> None:
    lease = bench.running().lease
    bench.do(protocol.checkpoint, lease, 0, manifest(lease, ["checkpoint-1"]))
    files = manifest(lease, ["weights.safetensors", "history.json"])
    assert bench.do(protocol.commit, lease, files, {"test_accuracy": 0.98}, {"loss": {"value": "mse", "why": "x"}})
    row = bench.row(lease.job_id)
    wanted = {"state": "succeeded", "result_attempt": 1, "result_manifest": files, "checkpoint_manifest": None}
    wanted |= {"progress": 1.0, "lease_token": None, "lease_until": None, "error": None, "worker_id": None}
    assert {name: row[name] for name in wanted} == wanted
    assert row["metrics"] == {"test_accuracy": 0.98}
    assert row["chosen"]["loss"]["value"] == "mse"
    assert abs(row["finished_at"] - bench.now()) < 10
    with bench.database.reading() as s:
        kept = {file.name: file.key for file in s.query(Artifact).filter_by(job_id=lease.job_id)}
    assert kept == {name: entry["key"] for name, entry in files.items()}
    assert bench.attempts(lease.job_id) == [(1, "succeeded")]
    assert bench.events(lease.job_id)[-1] == {"state": "succeeded", "attempt": 1}


def test_a_commit_after_a_cancel_is_refused(bench: Any, manifest: Callable[..., Manifest]) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    before = bench.everything(lease.job_id)
    assert not bench.do(protocol.commit, lease, manifest(lease))
    assert bench.everything(lease.job_id) == before


# confirm a cancel


def test_a_confirmed_cancel_is_final_and_frees_the_job(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    assert bench.do(protocol.confirm_cancel, lease)
    row = bench.row(lease.job_id)
    assert (row["state"], row["lease_token"], row["lease_until"]) == ("cancelled", None, None)
    assert row["finished_at"] is not None
    assert bench.attempts(lease.job_id) == [(1, "cancelled")]


def test_a_cancel_that_nobody_asked_for_is_not_confirmed(bench: Any) -> None:
    lease = bench.running().lease
    assert not bench.do(protocol.confirm_cancel, lease)
    assert bench.row(lease.job_id)["state"] == "running"


# report a failure


@pytest.mark.parametrize("class_", ["user", "resource"])
def test_a_failure_that_would_come_again_fails_at_once(bench: Any, class_: str) -> None:
    lease = bench.running().lease
    assert bench.do(protocol.fail, lease, _error(class_)) == "failed"
    row = bench.row(lease.job_id)
    assert (row["failures"], row["error"]["class"], row["lease_token"]) == (0, class_, None)
    assert row["finished_at"] is not None
    assert bench.attempts(lease.job_id) == [(1, "failed")]
    assert bench.events(lease.job_id)[-1]["error"]["class"] == class_


def test_infrastructure_failures_are_tried_again_until_their_budget_is_used_up(bench: Any) -> None:
    lease = bench.running().lease
    for failures, longest in ((1, 10.0), (2, 20.0)):
        assert bench.do(protocol.fail, lease, _error("infrastructure")) == "queued"
        row = bench.row(lease.job_id)
        assert (row["failures"], row["finished_at"]) == (failures, None)
        assert longest / 2 - 5 < row["run_after"] - bench.now() <= longest
        assert bench.claim() is None
        bench.set(lease.job_id, run_after=0.0)
        lease = bench.claim().lease
    assert bench.do(protocol.fail, lease, _error("infrastructure")) == "failed"
    assert bench.row(lease.job_id)["finished_at"] is not None
    assert bench.attempts(lease.job_id) == [(1, "failed"), (2, "failed"), (3, "failed")]


def test_the_back_off_doubles_up_to_its_limit(bench: Any) -> None:
    lease = bench.running().lease
    for failures, longest in ((0, 10.0), (3, 80.0), (6, 600.0), (40, 600.0)):
        bench.set(lease.job_id, failures=failures, max_failures=99)
        assert bench.do(protocol.fail, lease, _error("infrastructure")) == "queued"
        assert longest / 2 - 5 < bench.row(lease.job_id)["run_after"] - bench.now() <= longest
        bench.set(lease.job_id, run_after=0.0)
        lease = bench.claim().lease


@pytest.mark.parametrize("class_", [class_.value for class_ in ErrorClass])
def test_a_failure_after_a_cancel_is_a_cancel(bench: Any, class_: str) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    assert bench.do(protocol.fail, lease, _error(class_)) == "cancelled"
    assert bench.row(lease.job_id)["finished_at"] is not None
    assert bench.attempts(lease.job_id) == [(1, "cancelled")]


# drain


def test_a_drained_job_waits_again_at_once_and_keeps_its_budget(bench: Any) -> None:
    lease = bench.running().lease
    assert bench.do(protocol.drain, lease) == "queued"
    row = bench.row(lease.job_id)
    assert (row["failures"], row["finished_at"], row["error"]) == (0, None, None)
    assert bench.claim().lease.attempt == 2
    assert bench.attempts(lease.job_id) == [(1, "drained"), (2, None)]


def test_a_drain_after_a_cancel_is_a_cancel(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    assert bench.do(protocol.drain, lease) == "cancelled"
    assert bench.row(lease.job_id)["finished_at"] is not None


# reap


def test_a_job_whose_lease_ran_out_is_tried_again(bench: Any) -> None:
    lease = bench.running().lease
    bench.lapse(lease.job_id)
    (moved,) = bench.do(protocol.reap)
    assert (moved.job_id, moved.queue, moved.state) == (lease.job_id, "train.cpu", "queued")
    row = bench.row(lease.job_id)
    assert (row["failures"], row["error"]["class"], row["error"]["code"]) == (1, "infrastructure", "worker-lost")
    assert row["run_after"] > bench.now()
    assert bench.attempts(lease.job_id) == [(1, "lost")]


def test_a_lease_that_still_runs_is_left_alone(bench: Any) -> None:
    bench.running()
    assert bench.do(protocol.reap) == []


@pytest.mark.parametrize("state", [state for state in STATES if state != "running"])
def test_only_a_running_job_is_reaped(bench: Any, state: str) -> None:
    _put(bench, state)
    assert bench.do(protocol.reap) == []


def test_the_last_failure_that_a_job_may_have_fails_it_when_reaped(bench: Any) -> None:
    lease = bench.running().lease
    bench.set(lease.job_id, failures=2)
    bench.lapse(lease.job_id)
    assert [moved.state for moved in bench.do(protocol.reap)] == ["failed"]
    assert bench.row(lease.job_id)["finished_at"] is not None


def test_a_lost_worker_of_a_cancelled_job_ends_in_cancelled(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.cancel, lease.job_id)
    bench.lapse(lease.job_id)
    assert [moved.state for moved in bench.do(protocol.reap)] == ["cancelled"]
    assert bench.attempts(lease.job_id) == [(1, "cancelled")]
