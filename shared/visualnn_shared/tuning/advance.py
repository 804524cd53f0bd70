"""A search moves: what its trials' jobs have become is read, trials are ended early, new ones are queued.

A tune job is held by no worker. The dispatchers claim it and step it, each step one transaction that begins by locking
the job's row: any of them may do any step, and one that dies between two steps loses nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.coordinating import Coordinator
from visualnn_shared.jobs.model import TUNE, ErrorClass, JobError, Lease
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.spec.model import Spec
from visualnn_shared.store import models
from visualnn_shared.store.tables import Job, Trial
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning import planning, pruning, reading, report, sampling, trainings
from visualnn_shared.tuning.trials import OPEN, Told, best, monitored, told, upwards

HOPELESS = 5
"""So many trials that failed, and none that did not: no more are asked for."""
AT_ONCE = 16
"""Trials that one step queues at most, so that its transaction stays short."""


class Tuner(Coordinator):
    """What a dispatcher does for searches; ``round`` again and again."""

    queue = TUNE

    def prepare(self) -> None:
        """Optuna is loaded where a search is there."""
        sampling.ready()

    def advance(self, s: Session, job: Job, lease: Lease, cancel: bool) -> tuple[bool, list[str]]:
        """Read, end, ask."""
        return advance(s, job, lease, cancel, self.timers)

    def finish(self, job_id: str, lease: Lease) -> None:
        """Every trial has ended: write the files, then commit."""
        with self.database.reading() as s:
            job = protocol.find(s, job_id)
            rows = reading.rows(s, job_id)
            params, trials = TuneParams.model_validate(job.params), [told(row) for row in rows]
        found = report.summary(params, rows)
        if best(trials, upwards(params)) is None:
            notes = [row.note for row in rows if row.note]
            fault = JobError(
                ErrorClass.USER, "no-trial-succeeded", f"of {len(rows)} trials none succeeded; the first: "
                f"{notes[0] if notes else 'it was cancelled'}", "Read GET /jobs/{id}/trials, and mend recipe or space.",
            )  # fmt: skip
            with self.database.session() as s:
                protocol.fail(s, lease, fault, self.timers)
            return
        manifest = report.store(self.objects, lease.prefix(), params, trials, found)
        with self.database.session() as s:
            protocol.commit(
                s, lease, manifest, _metrics(params, trials), {**(job.chosen or {}), **report.chosen(found)}
            )


def advance(s: Session, job: Job, lease: Lease, cancel: bool, timers: Timers) -> tuple[bool, list[str]]:
    """Inside the step's transaction: (whether every trial has ended, the queues to wake)."""
    params = TuneParams.model_validate(job.params)
    rows = reading.rows(s, job.id)
    before = {row.number: row.state for row in rows}
    for row in rows:
        reading.refresh(s, row, monitored(params), cancel)
    wake: list[str] = []
    if cancel:
        for row in rows:
            reading.cancel(s, row)
        if not any(row.state in OPEN for row in rows):
            protocol.confirm_cancel(s, lease)
        return False, wake
    wake += [queue for row in rows if row.state == "stopped" for queue in reading.resume(s, row)]
    _prune(s, rows, params)
    wake += _ask(s, job, params, rows)
    trials = [told(row) for row in rows]
    _say(s, lease, params, trials, timers, changed=before != {row.number: row.state for row in rows})
    asked = len(rows) >= params.trials or _hopeless(rows)
    return asked and not any(row.state in OPEN for row in rows), wake


def _prune(s: Session, rows: Sequence[Trial], params: TuneParams) -> None:
    trials = [told(row) for row in rows]
    for row, trial in zip(rows, trials, strict=True):
        if row.state != "running" or row.pruned_at is not None:
            continue
        epoch = pruning.verdict(trial, trials, params)
        if epoch is not None:
            with suppress(Conflict, NotFound):
                protocol.cancel(s, str(row.job_id))
                row.pruned_at = epoch


def _hopeless(rows: Sequence[Trial]) -> bool:
    return len(rows) >= HOPELESS and all(row.state == "failed" for row in rows)


def _ask(s: Session, job: Job, params: TuneParams, rows: list[Trial]) -> list[str]:
    """Queue trials up to ``parallel``; values that do not fit together are a failed trial without a job."""
    wake: list[str] = []
    for _ in range(AT_ONCE):
        under_way = sum(row.state in OPEN for row in rows)
        if len(rows) >= params.trials or under_way >= params.parallel or _hopeless(rows):
            break
        trials: list[Told] = [told(row) for row in rows]
        values = sampling.ask(params, trials, len(rows))
        wake += trainings.add(s, job, rows, values, partial(_queue, s, job, params))
    return wake


def _queue(s: Session, job: Job, params: TuneParams, row: Trial) -> Job:
    """The trial's train job. Raises Invalid, SpecInvalid, NotFound."""
    spec, schema, splits = trainings.network_and_data(s, job)
    made = planning.training(spec, schema, splits, params, row.values)
    model = _variant(s, job, made.spec, row.values) if made.spec is not spec else None
    why = f"trial {row.number} of that search: {report.shown(row.values)}"
    return trainings.submit(s, job, made.params, {**made.plan.chosen, "tune": {"value": job.id, "why": why}}, model)


def _variant(s: Session, job: Job, spec: Spec, values: dict[str, Any]) -> tuple[str, int]:
    """The network of a trial that changes it, as a model of its own, shared by trials with the same network."""
    base = models.get(s, job.owner, str(job.model_id))
    changed = report.shown({name: value for name, value in values.items() if name.startswith("model.")})
    name = f"{base.name}: {changed}"[:200]
    found = models.same(s, job.owner, name, spec)
    found = found or models.create(s, job.owner, name, spec, {"format": "tune", "filename": job.id, "report": None})
    return found.id, found.version


def _say(
    s: Session, lease: Lease, params: TuneParams, trials: Sequence[Told], timers: Timers, *, changed: bool
) -> None:
    """Progress, and where a trial changed its state an event."""
    metrics = _metrics(params, trials)
    done = metrics["complete"] + metrics["pruned"] + metrics["failed"]
    progress = min(done / params.trials, 0.999)
    protocol.heartbeat(s, lease, timers, progress=progress, metrics=metrics)
    if changed:
        events.append(s, lease, [("metrics", {"metrics": metrics, "progress": progress})])


def _metrics(params: TuneParams, trials: Sequence[Told]) -> dict[str, Any]:
    counts = {name: sum(one.state == name for one in trials) for name in ("complete", "pruned", "running", "queued")}
    failed = sum(one.state in ("failed", "cancelled") for one in trials)
    leader = best(trials, upwards(params))
    found = {} if leader is None else {"best": leader.value, "best_trial": leader.number}
    return {"trials": len(trials), **counts, "failed": failed, **found}
