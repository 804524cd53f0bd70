"""An ensemble moves: its members are trained as train jobs, then a worker makes one net of them and measures it.

The job is held by no worker while members are trained (``jobs.coordinating``); its last step is queued for one.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling import planning
from visualnn_shared.errors import Invalid, NotFound, SpecInvalid
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.coordinating import Coordinator
from visualnn_shared.jobs.model import ENSEMBLE, ErrorClass, JobError, Lease, State, queue_for
from visualnn_shared.spec.model import Spec
from visualnn_shared.store import models
from visualnn_shared.store.tables import Dataset, Job, ModelVersion, Trial
from visualnn_shared.training.choose import plan
from visualnn_shared.training.recipe import EnsembleParams, TrainParams
from visualnn_shared.training.serving import Serving
from visualnn_shared.tuning import reading, trainings
from visualnn_shared.tuning.trials import OPEN

LEAST = 2
"""Members without which there is no ensemble."""
HOPELESS = 3
"""So many trainings that failed, and none that did not: no more are asked for."""


class Ensembler(Coordinator):
    """What a dispatcher does for ensembles; ``round`` again and again."""

    queue = ENSEMBLE

    def advance(self, s: Session, job: Job, lease: Lease, cancel: bool) -> tuple[bool, list[str]]:
        """Read what the members' jobs have become, and queue more."""
        params = EnsembleParams.model_validate(job.params)
        wanted = planning.trainings(params)
        rows = reading.rows(s, job.id) or (_named(s, job) if not wanted else [])
        before = {row.number: row.state for row in rows}
        for row in rows:
            reading.refresh(s, row, planning.monitored(params), cancel)
        if cancel:
            for row in rows:
                reading.cancel(s, row)
            if not any(row.state in OPEN for row in rows):
                protocol.confirm_cancel(s, lease)
            return False, []
        wake = [queue for row in rows if _goes_on(s, job, row) for queue in reading.resume(s, row)]
        wake += _queue_more(s, job, params, wanted, rows)
        self._say(s, lease, rows, max(len(wanted), len(rows)), before)
        asked = len(rows) >= len(wanted) or _hopeless(rows)
        return asked and not any(row.state in OPEN for row in rows), wake

    def finish(self, job_id: str, lease: Lease) -> None:
        """Hand the job over to a worker, with the network that it is to make; or fail for want of members."""
        with self.database.session() as s:
            if not protocol.heartbeat(s, lease, self.timers).held:
                return
            job = protocol.find(s, job_id)
            params = EnsembleParams.model_validate(job.params)
            rows = reading.rows(s, job_id)
            done = [row for row in rows if row.state == "complete"]
            fault = _too_few(params, rows, done)
            queue = queue_for("train", params.device)
            if fault is None:
                try:
                    _hand_over(s, job, lease, params, done, queue)
                except (Invalid, SpecInvalid, NotFound) as error:
                    fault = JobError(ErrorClass.USER, "members-unfit", str(error)[:500], "Take other members.")
            if fault is not None:
                protocol.fail(s, lease, fault, self.timers)
        if fault is None:
            self.waker.wake(queue)

    def _say(self, s: Session, lease: Lease, rows: Sequence[Trial], members: int, before: dict[int, str]) -> None:
        """Progress, and where a training changed its state an event."""
        jobs = [s.get(Job, row.job_id) for row in rows if row.job_id and row.state in OPEN]
        ended = sum(row.state not in OPEN for row in rows)
        share = (ended + sum(job.progress for job in jobs if job is not None)) / members
        progress = planning.TRAINING * share
        states = ("complete", "running", "queued", "failed")
        metrics: dict[str, Any] = {"members": members}
        metrics |= {name: sum(row.state == name for row in rows) for name in states}
        protocol.heartbeat(s, lease, self.timers, progress=progress, metrics=metrics)
        if before != {row.number: row.state for row in rows}:
            events.append(s, lease, [("metrics", {"metrics": metrics, "progress": progress})])


def _goes_on(s: Session, job: Job, row: Trial) -> bool:
    """A training that the ensemble's own cancel ended; or one that failed, once the ensemble was resumed after it."""
    if row.state == "stopped":
        return True
    if row.state not in ("failed", "cancelled") or row.job_id is None or job.run == 1:
        return False
    member = s.get(Job, row.job_id)
    return member is not None and member.run < job.run and member.state in (State.FAILED, State.CANCELLED)


def _named(s: Session, job: Job) -> list[Trial]:
    """Rows of members that are there already, as they were found when the ensemble was asked for."""
    made = []
    for number, job_id in enumerate((job.chosen or {})["members"]["value"]):
        member = s.get(Job, job_id)
        gone = member is None or member.state != State.SUCCEEDED
        row = Trial(tune_id=job.id, number=number, job_id=job_id, values={}, state="failed" if gone else "complete")
        row.note, row.epochs = "its job was deleted" if gone else None, []
        s.add(row)
        made.append(row)
    s.flush()
    return made


def _hopeless(rows: Sequence[Trial]) -> bool:
    return len(rows) >= HOPELESS and all(row.state == "failed" for row in rows)


def _queue_more(
    s: Session, job: Job, params: EnsembleParams, wanted: Sequence[TrainParams], rows: list[Trial]
) -> list[str]:
    """Queue trainings up to ``parallel``."""
    wake: list[str] = []
    while len(rows) < len(wanted) and sum(row.state in OPEN for row in rows) < params.parallel and not _hopeless(rows):
        recipe = wanted[len(rows)]
        values = {planning.SEED: recipe.seed} if params.method == "seeds" else {}
        wake += trainings.add(s, job, rows, values, partial(_queue, s, job, recipe, len(wanted)))
    return wake


def _queue(s: Session, job: Job, recipe: TrainParams, count: int, row: Trial) -> Job:
    """A member's train job. Raises Invalid, SpecInvalid, NotFound."""
    planned = plan(*trainings.network_and_data(s, job), recipe)
    why = f"member {row.number + 1} of {count} of that ensemble" if count > 1 else "the training of that ensemble"
    return trainings.submit(s, job, recipe, {**planned.chosen, "ensemble": {"value": job.id, "why": why}})


def _too_few(params: EnsembleParams, rows: Sequence[Trial], done: Sequence[Trial]) -> JobError | None:
    if len(done) >= (1 if params.method in planning.ALONG else LEAST):
        return None
    notes = [row.note for row in rows if row.note]
    detail = f"of {len(rows)} trainings {len(done)} succeeded; the first that did not: {(notes or ['cancelled'])[0]}"
    return JobError(
        ErrorClass.USER, "too-few-members", detail, "Mend the recipe; a resume trains those again that failed."
    )


def _hand_over(s: Session, job: Job, lease: Lease, params: EnsembleParams, done: Sequence[Trial], queue: str) -> None:
    """Store the one network as a model and queue the job for a worker. Raises Invalid, SpecInvalid, NotFound."""
    chosen = dict(job.chosen or {})
    missing = [row for row in reading.rows(s, job.id) if row.state != "complete"]
    if missing:
        told = "; ".join(f"{row.number + 1}: {row.note or row.state}" for row in missing)
        chosen["left_out"] = {"value": [row.number + 1 for row in missing], "why": f"members that failed: {told}"[:500]}
    model_id, number = job.model_id, job.model_version
    if params.method != "average":
        specs, servings = zip(*(_net(s, row) for row in done), strict=True)
        if params.method == "snapshots":
            specs, servings = specs * len(planning.epochs_of(params)), servings * len(planning.epochs_of(params))
        model_id, number = _model(s, job, specs, servings)
        value = f"{job.model_id}@{job.model_version}"
        chosen["network"] = {"value": value, "why": f"the network of each member; the ensemble's is {model_id}"}
    protocol.hand_over(s, lease, queue, model_id=model_id, model_version=number, chosen=chosen)


def _net(s: Session, row: Trial) -> tuple[Spec, Serving]:
    """A member's network, and how it answers, from its job's row. Raises Invalid, NotFound."""
    job = s.get(Job, row.job_id)
    version = s.get(ModelVersion, (job.model_id, job.model_version)) if job is not None else None
    dataset = s.get(Dataset, job.dataset_id) if job is not None else None
    if job is None or version is None or dataset is None:
        raise NotFound(f"job, model or data set of member {row.number + 1}", row.job_id)
    spec = Spec.model_validate(version.spec)
    schema, recipe = DatasetSchema.model_validate(dataset.schema), TrainParams.model_validate(job.params)
    return spec, plan(spec, schema, dataset.splits, recipe).serving


def _model(s: Session, job: Job, specs: Sequence[Spec], servings: Sequence[Serving]) -> tuple[str, int]:
    """The one network as a model of its own; the same one where the step is done again."""
    name = f"{models.get(s, job.owner, str(job.model_id)).name}: ensemble of {len(specs)}"[:200]
    spec = planning.joined(specs, servings, name)
    found = models.same(s, job.owner, name, spec)
    found = found or models.create(s, job.owner, name, spec, {"format": "ensemble", "filename": job.id, "report": None})
    return found.id, found.version
