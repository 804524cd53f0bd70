"""A model of the whole protocol with its faults, run on a real database: workers that die, freeze, lose answers or the
database; objects collected at any moment; cancels and resumes. After every step the invariants hold, and without
further faults every job ends.

Time is moved by moving every time in the rows. A child ends, on a machine that runs, at the latest ``watchdog_s +
kill_s`` after its worker's last heartbeat was sent; on a machine that was frozen, when it has woken and its watchdog
has looked.
"""

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import delete, select, update
from visualnn_shared.errors import Conflict, IdempotencyMismatch
from visualnn_shared.jobs import gc, protocol
from visualnn_shared.jobs.model import FINAL, QUEUES, ErrorClass, JobError, Lease, State
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Attempt, Job, JobEvent

TIMERS = Timers()
WORKERS = ("w0", "w1", "w2")
KEYS = ("k0", "k1")
NUMBER = st.integers(0, 2)


@dataclass
class Child:
    """A training process: it runs until it is killed, or until its watchdog looks after the deadline."""

    lease: Lease
    ends_at: float
    """When it is gone at the latest, its machine running."""
    just_woken: bool = False


@dataclass
class Worker:
    lease: Lease | None = None
    seen_seq: int = 0
    resumed_from: dict[str, Any] | None = None
    child: Child | None = None
    orphans: list[Child] = field(default_factory=list)
    """Children whose supervisor died."""
    frozen: bool = False
    written: int = 0
    finished: bool = False
    """Its child has stored the result's objects and is gone; only the commit is missing."""

    def children(self) -> list[Child]:
        return [*self.orphans, *([self.child] if self.child else [])]


def holds_a_job(machine: "Jobs") -> bool:
    return bool(machine.holders())


class Jobs(RuleBasedStateMachine):
    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        with self.database.session() as s:
            s.execute(delete(Job))
        self.shift = 0.0
        self.objects: dict[str, bytes] = {}
        self.workers = {name: Worker() for name in WORKERS}
        self.of_key: dict[str, str] = {}
        self.attempts: dict[str, int] = {}
        self.committed: dict[str, int] = {}
        self.promised: set[str] = set()
        """Jobs whose accepted cancel nobody has resumed."""
        self.listed: tuple[str, list[str]] | None = None

    # The world

    def now(self) -> float:
        return time.monotonic() + self.shift

    def do(self, fn: Any, *arguments: Any, **named: Any) -> Any:
        with self.database.session() as s:
            return fn(s, *arguments, **named)

    def rows(self) -> list[Job]:
        with self.database.reading() as s:
            return list(s.scalars(select(Job)))

    def row(self, job_id: str) -> Job:
        with self.database.reading() as s:
            return s.get_one(Job, job_id)

    def end_children(self) -> None:
        """The watchdogs of machines that run."""
        for worker in self.workers.values():
            if not worker.frozen:
                worker.orphans = [child for child in worker.orphans if child.ends_at > self.now()]
                if worker.child and worker.child.ends_at <= self.now():
                    worker.child = None

    def stop(self, worker: Worker) -> None:
        """Kill the child, wait for it, and let go of the job."""
        worker.child = worker.lease = worker.resumed_from = None
        worker.finished = False

    def manifest(self, worker: Worker, *names: str) -> dict[str, Any]:
        assert worker.lease
        keys = {name: f"{worker.lease.prefix()}{name}" for name in names}
        return {name: {"key": key, "size": 3, "sha256": "0" * 64} for name, key in keys.items()}

    def put(self, manifest: dict[str, Any]) -> None:
        for entry in manifest.values():
            self.objects[entry["key"]] = b"abc"

    # Users

    @initialize(second=st.booleans())
    def begin(self, second: bool) -> None:
        """Most faults need a job that runs."""
        for key in KEYS[: 2 if second else 1]:
            self.submit(key)
        self.claim("w0", answered=True)

    @rule(key=st.sampled_from(KEYS))
    def submit(self, key: str) -> None:
        made = self.do(
            protocol.submit, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={}, idempotency_key=key,
            fingerprint="f",
        )  # fmt: skip
        assert made.created == (key not in self.of_key)
        assert self.of_key.setdefault(key, made.job.id) == made.job.id

    @rule(key=st.sampled_from(KEYS))
    def submit_another_body(self, key: str) -> None:
        if key in self.of_key:
            with pytest.raises(IdempotencyMismatch):
                self.do(
                    protocol.submit, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={}, idempotency_key=key,
                    fingerprint="g",
                )  # fmt: skip

    @rule(key=st.sampled_from(KEYS))
    def cancel(self, key: str) -> None:
        job_id = self.of_key.get(key, self.of_key[KEYS[0]])
        try:
            self.do(protocol.cancel, job_id)
        except Conflict:
            assert self.row(job_id).state in (State.SUCCEEDED, State.FAILED)
        else:
            self.promised.add(job_id)

    @rule(key=st.sampled_from(KEYS))
    def resume(self, key: str) -> None:
        job_id = self.of_key.get(key, self.of_key[KEYS[0]])
        before = self.row(job_id)
        try:
            after = self.do(protocol.resume, job_id)
        except Conflict:
            assert before.state == State.SUCCEEDED
            return
        if before.state in FINAL:
            assert after.run == before.run + 1
            self.promised.discard(job_id)
        else:
            assert (after.run, after.state) == (before.run, before.state)

    # Workers

    @precondition(lambda self: self.idle())
    @rule(number=NUMBER, answered=st.booleans())
    def someone_claims(self, number: int, answered: bool) -> None:
        self.claim(self.idle()[number % len(self.idle())], answered)

    def idle(self) -> list[str]:
        return [name for name, worker in self.workers.items() if not worker.lease and not worker.frozen]

    def claim(self, name: str, answered: bool) -> None:
        worker = self.workers[name]
        worker.orphans.clear()  # a starting worker ends what an earlier one left on its machine
        sent = self.now()
        claim = self.do(protocol.claim, queues=QUEUES, worker_id=name, timers=TIMERS)
        if claim is None:
            return
        job_id = claim.lease.job_id
        assert claim.lease.attempt > self.attempts.get(job_id, 0)
        self.attempts[job_id] = claim.lease.attempt
        if not answered:
            return  # the connection broke: the lease runs out
        worker.lease, worker.seen_seq = claim.lease, claim.checkpoint_seq
        worker.resumed_from = claim.checkpoint_manifest
        worker.child = Child(claim.lease, sent + TIMERS.watchdog_s + TIMERS.kill_s)

    def holders(self) -> list[Worker]:
        return [worker for worker in self.workers.values() if worker.lease and not worker.frozen]

    def holder(self, number: int) -> Worker:
        """One of the workers that think that they hold a job."""
        holders = self.holders()
        return holders[number % len(holders)]

    @precondition(holds_a_job)
    @rule(number=NUMBER, answered=st.booleans())
    def heartbeat(self, number: int, answered: bool) -> None:
        worker, sent = self.holder(number), self.now()
        beat = self.do(protocol.heartbeat, worker.lease, TIMERS, 0.5)
        if not answered:
            return
        if not beat.held:
            self.stop(worker)
        elif beat.cancel_requested:
            worker.child = None  # killed and waited for, before it is confirmed
            assert self.do(protocol.confirm_cancel, worker.lease)
            self.stop(worker)
        elif worker.child:
            worker.child.ends_at = sent + TIMERS.watchdog_s + TIMERS.kill_s
            worker.child.just_woken = False

    @precondition(holds_a_job)
    @rule(number=NUMBER)
    def write_checkpoint(self, number: int) -> None:
        worker = self.holder(number)
        if worker.child:
            worker.written += 1
            self.put(self.manifest(worker, f"checkpoint-{worker.written}"))

    @precondition(holds_a_job)
    @rule(number=NUMBER, answered=st.booleans())
    def record_checkpoint(self, number: int, answered: bool) -> None:
        worker = self.holder(number)
        if worker.written:
            manifest = self.manifest(worker, f"checkpoint-{worker.written}")
            if any(entry["key"] not in self.objects for entry in manifest.values()):
                return  # sizes are checked before it is recorded
            kept = self.do(protocol.checkpoint, worker.lease, worker.seen_seq, manifest)
            if kept and answered:
                worker.seen_seq += 1
            elif kept:
                worker.seen_seq = self.row(worker.lease.job_id).checkpoint_seq if worker.lease else 0

    @precondition(holds_a_job)
    @rule(number=NUMBER)
    def child_finishes(self, number: int) -> None:
        worker = self.holder(number)
        if worker.child:
            self.put(self.manifest(worker, "weights", "history"))
            worker.child, worker.finished = None, True

    @precondition(holds_a_job)
    @rule(number=NUMBER, answered=st.booleans())
    def commit(self, number: int, answered: bool) -> None:
        worker = self.holder(number)
        if not worker.lease or not worker.finished:
            return
        lease, manifest = worker.lease, self.manifest(worker, "weights", "history")
        if self.do(protocol.commit, lease, manifest):
            assert lease.job_id not in self.committed
            assert lease.job_id not in self.promised
            self.committed[lease.job_id] = lease.attempt
        elif self.row(lease.job_id).lease_token == lease.token:
            return  # cancelled: the next heartbeat will tell
        if not answered:
            assert not self.do(protocol.commit, lease, manifest)  # in doubt: the same commit again, then drop it
        self.stop(worker)

    @precondition(holds_a_job)
    @rule(number=NUMBER, class_=st.sampled_from(sorted(ErrorClass)))
    def fail(self, number: int, class_: str) -> None:
        worker = self.holder(number)
        worker.child = None
        self.do(protocol.fail, worker.lease, JobError(ErrorClass(class_), "code", "what", "next"))
        self.stop(worker)

    @precondition(holds_a_job)
    @rule(number=NUMBER)
    def drain(self, number: int) -> None:
        worker = self.holder(number)
        worker.child = None
        self.do(protocol.drain, worker.lease)
        self.stop(worker)

    @rule(name=st.sampled_from(WORKERS), child_too=st.booleans())
    def crash(self, name: str, child_too: bool) -> None:
        worker = self.workers[name]
        if worker.child and not child_too:
            worker.orphans.append(worker.child)
        self.stop(worker)

    @rule(name=st.sampled_from(WORKERS))
    def freeze_or_wake(self, name: str) -> None:
        worker = self.workers[name]
        worker.frozen = not worker.frozen
        for child in worker.children():
            child.just_woken = not worker.frozen

    @rule(name=st.sampled_from(WORKERS))
    def watchdog_looks(self, name: str) -> None:
        worker = self.workers[name]
        if not worker.frozen:
            self.end_children()
            for child in worker.children():
                child.just_woken = False

    # Time, reapers, collectors

    @rule(seconds=st.sampled_from((1, 10, 40, 61, 700)))
    def time_passes(self, seconds: int) -> None:
        self.shift += seconds
        moved = {name: getattr(Job, name) - seconds for name in ("lease_until", "run_after", "last_sent_at")}
        with self.database.session() as s:
            s.execute(update(Job).values(**moved))
        for worker in self.workers.values():
            if worker.frozen:  # its machine's clock stands
                for child in worker.children():
                    child.ends_at = max(child.ends_at, self.now())
        self.end_children()

    @rule()
    def reap(self) -> None:
        self.do(protocol.reap, TIMERS)

    @rule()
    def leases_run_out(self) -> None:
        """Nobody hears of anybody for long: what most traces need, in one step."""
        self.time_passes(61)
        self.reap()
        self.time_passes(700)

    @rule(key=st.sampled_from(KEYS))
    def collector_lists(self, key: str) -> None:
        job_id = self.of_key.get(key, self.of_key[KEYS[0]])
        self.listed = job_id, [key for key in self.objects if key.startswith(f"jobs/{job_id}/")]

    @precondition(lambda self: self.listed)
    @rule()
    def collector_reads_and_deletes(self) -> None:
        assert self.listed
        job_id, keys = self.listed
        for key in [key for key in keys if gc.deletable(key, self.row(job_id))]:
            self.objects.pop(key, None)
        self.listed = None

    # What always holds

    @invariant()
    def invariants_hold(self) -> None:
        self.end_children()
        rows = {job.id: job for job in self.rows()}
        for job in rows.values():
            self.results_and_checkpoints_are_complete(job)
            self.an_accepted_cancel_is_never_a_success(job)
            assert job.attempt == self.attempts.get(job.id, 0)  # it only grows, by claims
        self.at_most_one_attempt_was_ever_committed(rows)
        self.no_two_children_of_a_job_and_none_of_one_that_ended(rows)
        self.whoever_holds_a_claim_can_read_its_checkpoint(rows)

    def results_and_checkpoints_are_complete(self, job: Job) -> None:
        for key in named(job):
            assert key in self.objects, f"{job.id} names {key}, which is gone"

    def an_accepted_cancel_is_never_a_success(self, job: Job) -> None:
        if job.id in self.promised:
            assert job.state in (State.RUNNING, State.CANCELLED)
            assert job.cancel_requested

    def at_most_one_attempt_was_ever_committed(self, rows: dict[str, Job]) -> None:
        for job_id, attempt in self.committed.items():
            assert (rows[job_id].state, rows[job_id].result_attempt) == (State.SUCCEEDED, attempt)
        assert {job.id for job in rows.values() if job.state == State.SUCCEEDED} == set(self.committed)

    def no_two_children_of_a_job_and_none_of_one_that_ended(self, rows: dict[str, Job]) -> None:
        running: set[str] = set()
        for worker in self.workers.values():
            for child in worker.children():
                if worker.frozen or child.just_woken:
                    continue
                job = rows[child.lease.job_id]
                assert job.state == State.RUNNING, f"a child of {job.id} runs though the job is {job.state}"
                assert job.attempt == child.lease.attempt, "a child of an earlier attempt runs"
                assert job.id not in running, "two children run"
                running.add(job.id)

    def whoever_holds_a_claim_can_read_its_checkpoint(self, rows: dict[str, Job]) -> None:
        for worker in self.workers.values():
            if worker.lease and worker.resumed_from:
                job = rows[worker.lease.job_id]
                unchanged = job.checkpoint_manifest == worker.resumed_from
                if job.state == State.RUNNING and job.lease_token == worker.lease.token and unchanged:
                    assert all(entry["key"] in self.objects for entry in worker.resumed_from.values())

    def teardown(self) -> None:
        """No more faults: every job ends, every worker becomes idle, no object is left over."""
        for worker in self.workers.values():
            worker.frozen = False
            self.stop(worker)
        for _ in range(4 * len(KEYS)):
            if all(job.state in FINAL for job in self.rows()):
                break
            self.time_passes(700)
            self.reap()
            self.claim("w0", answered=True)
            if self.workers["w0"].lease:
                if self.row(self.workers["w0"].lease.job_id).cancel_requested:
                    self.heartbeat(0, answered=True)
                else:
                    self.child_finishes(0)
                    self.commit(0, answered=True)
        assert all(job.state in FINAL for job in self.rows())
        assert all(not worker.children() for worker in self.workers.values())
        for job in self.rows():
            left = {key for key in self.objects if key.startswith(f"jobs/{job.id}/") and not gc.deletable(key, job)}
            assert left == named(job)
            assert self.ends_of_attempts(job) == job.attempt

    def ends_of_attempts(self, job: Job) -> int:
        """How many attempts the readers' rows tell, all of which have ended."""
        with self.database.reading() as s:
            outcomes = s.scalars(select(Attempt.outcome).where(Attempt.job_id == job.id)).all()
            last = s.scalars(select(JobEvent.data).where(JobEvent.job_id == job.id).order_by(JobEvent.id)).all()[-1]
        assert None not in outcomes
        assert last["state"] == job.state
        return len(outcomes)


def named(job: Job) -> set[str]:
    manifests = (job.result_manifest, job.checkpoint_manifest)
    return {entry["key"] for manifest in manifests for entry in (manifest or {}).values()}
