"""Every change of a job's state. Each function is one guarded statement, with what it leaves for readers (the attempt's
row, a ``state`` event) in the same transaction. No row changed means somebody was faster: read again, never assume.

Callers commit, with ``Database.session`` or ``Database.run``. Time is the database's only.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, IdempotencyMismatch, NotFound
from visualnn_shared.ids import new_id
from visualnn_shared.jobs import record
from visualnn_shared.jobs.model import (
    COORDINATED,
    FINAL,
    QUEUES,
    WORKER_LOST,
    Beat,
    Claim,
    ErrorClass,
    JobError,
    Lease,
    State,
    Submitted,
    Transition,
    check_manifest,
)
from visualnn_shared.jobs.statements import (
    after_infrastructure_failure,
    best_waiting,
    change,
    failed_for_good,
    handed_back,
    insert_or_ignore,
    lapsed_ids,
    left,
    mine,
    one_claim_at_a_time,
    reached,
    waiting_ids,
)
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Artifact, Job, Manifest

_DEFAULT = Timers.model_construct()
_BATCH = 100
"""Rows that one round of a reaper or a dispatcher changes at most, so that its transaction stays short."""


def fingerprint(body: Any) -> str:
    """sha256 of the canonical JSON of a request's body."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def submit(
    s: Session,
    *,
    id: str | None = None,
    owner: str,
    kind: str,
    queue: str,
    params: Mapping[str, Any],
    model_id: str | None = None,
    model_version: int | None = None,
    dataset_id: str | None = None,
    source_job_id: str | None = None,
    chosen: Mapping[str, Any] | None = None,
    priority: int = 0,
    time_limit_s: float | None = None,
    memory_limit_mb: int | None = None,
    devices: int = 1,
    warnings: Sequence[Mapping[str, Any]] = (),
    idempotency_key: str | None = None,
    fingerprint: str | None = None,
) -> Submitted:
    """Queue a job, or find the one that the same key made before, whatever its state; wake a worker after the commit.

    Raises ``IdempotencyMismatch`` where the key came with another body (``fingerprint``), ``ValueError`` for a queue
    that nobody serves or a key without a fingerprint.
    """
    if queue not in (*QUEUES, *COORDINATED):
        raise ValueError(f"queue must be one of {', '.join((*QUEUES, *COORDINATED))}; received {queue!r}")
    if idempotency_key is not None and fingerprint is None:
        raise ValueError("an idempotency_key must come with a fingerprint; received none")
    values = {
        "id": id or new_id("job"),
        "owner": owner,
        "kind": kind,
        "queue": queue,
        "params": dict(params),
        "model_id": model_id,
        "model_version": model_version,
        "dataset_id": dataset_id,
        "source_job_id": source_job_id,
        "chosen": None if chosen is None else dict(chosen),
        "priority": priority,
        "time_limit_s": time_limit_s,
        "memory_limit_mb": memory_limit_mb,
        "devices": devices,
        "warnings": [dict(one) for one in warnings] or None,
        "idempotency_key": idempotency_key,
        "fingerprint": fingerprint,
    }
    statement = insert_or_ignore(s, Job, "owner", "idempotency_key").values(**values)
    job = s.scalars(statement.returning(Job)).one_or_none()
    if job is not None:
        record.state(s, job)
        return Submitted(job, created=True)
    twin = s.scalars(select(Job).where(Job.owner == owner, Job.idempotency_key == idempotency_key)).one_or_none()
    if twin is None:  # deleted between the two statements
        raise Conflict("a job must not be deleted while a request with its Idempotency-Key runs", idempotency_key)
    if twin.fingerprint != fingerprint:
        raise IdempotencyMismatch(str(idempotency_key), twin.id)
    return Submitted(twin, created=False)


def claim(
    s: Session,
    *,
    queues: Sequence[str],
    worker_id: str,
    timers: Timers = _DEFAULT,
    most_running: int = 0,
    devices: int = 1,
) -> Claim | None:
    """Take the best waiting job of these queues, or None; after each job claim again until there is none.

    Of one owner at most ``most_running`` jobs run at a time; 0 is no limit. Jobs that ask for more ``devices`` than the
    worker has are left to another.
    """
    if not queues:
        return None
    if most_running:
        one_claim_at_a_time(s)
    token = secrets.token_hex(16)
    taken = change(
        s,
        and_(Job.state == State.QUEUED, Job.id == best_waiting(tuple(queues), most_running, devices)),
        state=State.RUNNING,
        attempt=Job.attempt + 1,
        lease_token=token,
        lease_until=clock() + timers.lease_s,
        worker_id=worker_id,
        started_at=func.coalesce(Job.started_at, clock()),
    )
    if not taken:
        return None
    (job,) = taken
    record.began(s, job)
    return Claim(Lease(job.id, job.attempt, token), job, job.checkpoint_seq, job.checkpoint_manifest)


def heartbeat(
    s: Session,
    lease: Lease,
    timers: Timers = _DEFAULT,
    progress: float | None = None,
    eta_s: float | None = None,
    metrics: Mapping[str, Any] | None = None,
    waiting_for: str | None = None,
) -> Beat:
    """Renew the lease and say how far the work is (0..1). None leaves progress or metrics as they are.

    ``waiting_for`` is the part that the work waits for now; since when it does so, the row keeps.
    """
    said: dict[str, Any] = {"eta_s": eta_s, "waiting_for": None, "waiting_since": None}
    if waiting_for is not None:
        said["waiting_for"] = record.plain(waiting_for[:1000])
        said["waiting_since"] = func.coalesce(Job.waiting_since, clock())
    if progress is not None:
        said["progress"] = min(max(progress, 0.0), 1.0)
    if metrics is not None:
        said["metrics"] = record.plain(metrics)
    held = s.execute(
        update(Job)
        .where(mine(lease))
        .values(lease_until=clock() + timers.lease_s, **said)
        .returning(Job.cancel_requested),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    return Beat(held=held is not None, cancel_requested=held is not None and held.cancel_requested)


def checkpoint(s: Session, lease: Lease, seen_seq: int, manifest: Manifest) -> bool:
    """Make ``manifest`` the checkpoint that a resumed attempt reads; its objects are complete. ``checkpoint_seq`` + 1.

    Whoever gets further has its budget of failures back: what always fails at one place gets no further.
    False: fenced off, or ``seen_seq`` is old. Raises ``ValueError`` for a key outside the attempt's own prefix.
    """
    check_manifest(lease, manifest)
    guard = and_(mine(lease), Job.checkpoint_seq == seen_seq)
    values = {"checkpoint_seq": Job.checkpoint_seq + 1, "checkpoint_manifest": manifest, "failures": 0}
    return bool(change(s, guard, **values))


def commit(
    s: Session,
    lease: Lease,
    manifest: Manifest,
    metrics: Mapping[str, Any] | None = None,
    chosen: Mapping[str, Any] | None = None,
) -> bool:
    """Succeed with these objects as the result, unless a cancel came first.

    False: fenced off or cancelled; read the row. Raises ``ValueError`` for a key outside the attempt's own prefix.
    """
    check_manifest(lease, manifest)
    said: dict[str, Any] = {}
    if metrics is not None:
        said["metrics"] = record.plain(metrics)
        said |= reached(said["metrics"])
    if chosen is not None:
        said["chosen"] = record.plain(chosen)
    done = change(
        s,
        and_(mine(lease), not_(Job.cancel_requested)),
        **left(state=State.SUCCEEDED, result_attempt=Job.attempt, result_manifest=manifest, checkpoint_manifest=None),
        **said,
        progress=1.0,
        error=None,
        finished_at=clock(),
    )
    if not done:
        return False
    rows = [{"job_id": lease.job_id, "name": name, **_file(entry)} for name, entry in manifest.items()]
    if rows:
        s.execute(insert(Artifact), rows)
    record.ended(s, done[0], State.SUCCEEDED)
    return True


def confirm_cancel(s: Session, lease: Lease, freed: Mapping[str, Any] | None = None) -> bool:
    """The child is dead and reaped, as the user wished. False: fenced off, or nobody asked to cancel.

    ``freed`` is the memory that its end gave back, told with the state: {"memory_mb", "device_memory_mb"}.
    """
    guard = and_(mine(lease), Job.cancel_requested)
    values = left(state=State.CANCELLED, finished_at=clock())
    return bool(_end(s, guard, State.CANCELLED, values, {"freed": dict(freed)} if freed else {}))


def fail(s: Session, lease: Lease, error: JobError, timers: Timers = _DEFAULT) -> State | None:
    """Report a failure, its child being dead: the state that it led to, or None where fenced off.

    Class infrastructure is queued again after a back-off while its budget lasts; any other class fails at once. Where
    a cancel was asked for, cancelled.
    """
    again = error.class_ is ErrorClass.INFRASTRUCTURE
    values = after_infrastructure_failure(timers) if again else failed_for_good()
    moved = _end(s, mine(lease), State.FAILED, {**values, "error": record.plain(error.as_json())})
    return moved[0].state if moved else None


def drain(s: Session, lease: Lease, why: JobError | None = None) -> State | None:
    """Hand the job back, its child being dead, because the worker leaves, or for ``why``, which is nobody's failure.

    The state it led to, None if fenced off.
    """
    told = {} if why is None else {"error": record.plain(why.as_json())}
    moved = _end(s, mine(lease), record.DRAINED, handed_back(), told)
    return moved[0].state if moved else None


def hand_over(
    s: Session, lease: Lease, queue: str, *, model_id: str | None, model_version: int | None, chosen: Mapping[str, Any]
) -> State | None:
    """Queue a job that dispatchers advanced for a worker to end: the state it led to, None where fenced off."""
    if queue not in QUEUES:
        raise ValueError(f"queue must be one of {', '.join(QUEUES)}; received {queue!r}")
    made = {"queue": queue, "model_id": model_id, "model_version": model_version, "chosen": record.plain(chosen)}
    moved = _end(s, mine(lease), record.DRAINED, {**handed_back(), **made, "last_sent_at": None})
    return moved[0].state if moved else None


def reap(s: Session, timers: Timers = _DEFAULT) -> list[Transition]:
    """Take jobs back from workers whose lease has run out; at most a hundred at once."""
    lapsed = and_(Job.state == State.RUNNING, Job.lease_until < clock())
    guard = and_(lapsed, Job.id.in_(lapsed_ids(_BATCH)))
    return _end(s, guard, record.LOST, {**after_infrastructure_failure(timers), "error": WORKER_LOST.as_json()})


def cancel(s: Session, job_id: str) -> Job:
    """Cancel a queued job, or ask the worker of a running one to stop; asking again changes nothing.

    Raises ``NotFound``, and ``Conflict`` for a job that succeeded or failed before.
    """
    queued = Job.state == State.QUEUED
    moved = change(
        s,
        and_(Job.id == job_id, Job.state.in_((State.QUEUED, State.RUNNING))),
        cancel_requested=True,
        state=case((queued, State.CANCELLED), else_=Job.state),
        finished_at=case((queued, clock()), else_=Job.finished_at),
    )
    if moved:
        (job,) = moved
        record.state(s, job, cancel_requested=True)
        return job
    job = find(s, job_id)
    if job.state != State.CANCELLED:
        raise Conflict("only a queued or running job can be cancelled", job.state)
    return job


def resume(s: Session, job_id: str, run: int | None = None) -> Job:
    """Queue a failed or cancelled job again, from its last checkpoint; a queued or running one stays as it is.

    ``run``, where given, is the run that the caller saw: a resume that comes late resumes nothing else. Raises
    ``NotFound``, and ``Conflict`` for a job that succeeded.
    """
    seen = find(s, job_id).run if run is None else run
    moved = change(
        s,
        and_(Job.id == job_id, Job.state.in_((State.FAILED, State.CANCELLED)), Job.run == seen),
        state=State.QUEUED,
        run=Job.run + 1,
        failures=0,
        cancel_requested=False,
        run_after=clock(),
        last_sent_at=None,
        finished_at=None,
        error=None,
    )
    if moved:
        record.state(s, moved[0])
        return moved[0]
    job = find(s, job_id)
    if job.state == State.SUCCEEDED:
        raise Conflict("only a failed or cancelled job can be resumed", job.state)
    return job


def remove(s: Session, job_id: str) -> None:
    """Forget a job in a final state, with all that belongs to it; then let ``gc.collect`` remove its objects.

    Raises ``NotFound``, and ``Conflict`` for a job that is queued or running.
    """
    gone = s.scalars(delete(Job).where(Job.id == job_id, Job.state.in_(FINAL)).returning(Job.id)).all()
    if not gone:
        raise Conflict("only a job that has ended can be deleted; cancel it first", find(s, job_id).state)


def to_wake(s: Session, resend_s: float) -> list[Transition]:
    """Mark and give the jobs at the head of each queue that nobody was woken for lately; wake after the commit.

    The head is enough: a wake-up names no job, and a woken worker claims until nothing is left.
    """
    unsent = or_(Job.last_sent_at.is_(None), Job.last_sent_at < clock() - resend_s)
    heads = [waiting_ids(queue, _BATCH) for queue in QUEUES]
    ready = and_(Job.state == State.QUEUED, Job.run_after <= clock(), unsent)
    moved = change(s, and_(ready, or_(*(Job.id.in_(head) for head in heads))), last_sent_at=clock())
    return [Transition(job.id, job.queue, State(job.state)) for job in moved]


def find(s: Session, job_id: str) -> Job:
    """The row as it is now. Raises ``NotFound``."""
    job = s.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound("job", job_id)
    return job


def _end(
    s: Session, guard: ColumnElement[bool], outcome: str, values: dict[str, Any], told: Mapping[str, Any] | None = None
) -> list[Transition]:
    """Change the running jobs that ``guard`` finds, and end their attempts; ``told`` goes with the state."""
    moved = change(s, guard, **values)
    for job in moved:
        cancelled = job.state == State.CANCELLED
        said = {"error": values.get("error"), **(told or {})}
        record.ended(s, job, State.CANCELLED if cancelled else outcome, **said)
    return [Transition(job.id, job.queue, State(job.state)) for job in moved]


def _file(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("key", "size", "sha256")}
