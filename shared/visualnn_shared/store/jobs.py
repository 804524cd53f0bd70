"""Reading jobs; only ``visualnn_shared.jobs.protocol`` changes them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import String, column, func, select, values
from sqlalchemy.orm import Session, aliased

from visualnn_shared.errors import NotFound
from visualnn_shared.store.pages import Page, newest_first
from visualnn_shared.store.tables import Artifact, Dataset, Job


@dataclass(frozen=True, slots=True)
class Best:
    """The training that reached the best test accuracy of a network."""

    accuracy: float
    job: str
    dataset: str | None
    """None where it is deleted."""
    dataset_name: str | None


def get(s: Session, owner: str, job_id: str) -> Job:
    """Raises NotFound, also for another owner's job."""
    job = s.get(Job, job_id)
    if job is None or job.owner != owner:
        raise NotFound("job", job_id)
    return job


def page(
    s: Session,
    owner: str,
    cursor: str | None = None,
    limit: int = 50,
    *,
    state: str | None = None,
    kind: str | None = None,
    model_id: str | None = None,
) -> Page[Job]:
    """The owner's jobs, with those filters that are given."""
    wanted = {Job.state: state, Job.kind: kind, Job.model_id: model_id}
    query = select(Job).where(Job.owner == owner, *(column == value for column, value in wanted.items() if value))
    return newest_first(s, query, Job.id, cursor, limit)


def by_key(s: Session, owner: str, idempotency_key: str) -> Job | None:
    """The job that was submitted with this Idempotency-Key."""
    return s.scalar(select(Job).where(Job.owner == owner, Job.idempotency_key == idempotency_key))


def artifacts(s: Session, owner: str, job_id: str) -> list[Artifact]:
    """The files of a job's result, by name; none before it has succeeded. Raises NotFound."""
    get(s, owner, job_id)
    return list(s.scalars(select(Artifact).where(Artifact.job_id == job_id).order_by(Artifact.name)))


def artifact(s: Session, owner: str, job_id: str, name: str) -> Artifact:
    """Raises NotFound."""
    get(s, owner, job_id)
    found = s.get(Artifact, (job_id, name))
    if found is None:
        raise NotFound(f"artifact of job {job_id}", name)
    return found


def count_by_state(s: Session) -> dict[str, int]:
    """State -> number of jobs, over all owners."""
    return dict(s.execute(select(Job.state, func.count()).group_by(Job.state)).all())


def best_accuracies(s: Session, owner: str, etags: Collection[str]) -> dict[str, Best]:
    """Of the networks with these etags, those that the owner trained: etag -> the training with the best accuracy.

    The newest of several that are as good. One look into an index for each network, however many jobs there are.
    """
    if not etags:
        return {}
    nets = values(column("etag", String), name="given").data([(etag,) for etag in etags]).cte("nets")
    other = aliased(Job)
    best = (
        select(other.id)
        .where(other.owner == owner, other.spec_etag == nets.c.etag, other.accuracy.is_not(None))
        .order_by(other.accuracy.desc(), other.id.desc())
        .limit(1)
        .correlate(nets)
        .scalar_subquery()
    )
    query = (
        select(nets.c.etag, Job.accuracy, Job.id, Dataset.id, Dataset.name)
        .select_from(nets)
        .join(Job, Job.id == best)
        .outerjoin(Dataset, Dataset.id == Job.dataset_id)
    )
    return {etag: Best(*found) for etag, *found in s.execute(query)}
