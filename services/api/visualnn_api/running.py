"""Jobs after they are queued: shown, stopped, resumed."""

from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import State
from visualnn_shared.store import datasets, jobs, models
from visualnn_shared.store.tables import Job

from visualnn_api.views.common import Listing, listing
from visualnn_api.views.jobs import Artifacts, JobView, artifact_view, job_view


def read(s: Session, owner: str, job_id: str) -> JobView:
    return _view(s, jobs.get(s, owner, job_id))


def listed(
    s: Session, owner: str, cursor: str | None, limit: int, state: str | None, kind: str | None, model: str | None
) -> Listing[JobView]:
    page = jobs.page(s, owner, cursor, limit, state=state, kind=kind, model_id=model)
    idle: dict[str, str | None] = {}
    return listing([job_view(job, _waiting_for(s, job, idle)) for job in page.items], page)


def cancelled(s: Session, owner: str, job_id: str) -> JobView:
    """Raises NotFound, and Conflict for a job that succeeded or failed."""
    jobs.get(s, owner, job_id)
    return _view(s, protocol.cancel(s, job_id))


def resumed(s: Session, owner: str, job_id: str) -> JobView:
    """Raises NotFound, and Conflict where the job succeeded, or what it works on is gone."""
    job = jobs.get(s, owner, job_id)
    try:
        if job.dataset_id:
            datasets.lock(s, owner, job.dataset_id, share=True)
        if job.kind not in ("evaluate", "predict", "export") and job.model_id:
            models.lock(s, owner, job.model_id, share=True)
    except NotFound as error:
        raise Conflict("a job that is resumed must still have its model and data set", error.detail) from None
    return _view(s, protocol.resume(s, job_id, job.run))


def artifacts(s: Session, owner: str, job_id: str) -> Artifacts:
    return Artifacts(items=[artifact_view(row) for row in jobs.artifacts(s, owner, job_id)])


def _waiting_for(s: Session, job: Job, idle: dict[str, str | None]) -> str | None:
    """As ``workers.waiting_for``, but one question a queue: ``idle`` keeps the text for a queue without a worker."""
    if job.state != State.QUEUED:
        return None
    if job.queue not in idle:
        idle[job.queue] = None if workers.online(s, job.queue) else workers.waiting_for(s, job)
    return idle[job.queue] or (workers.waiting_for(s, job) if job.failures else None)


def _view(s: Session, job: Job) -> JobView:
    return job_view(job, workers.waiting_for(s, job))
