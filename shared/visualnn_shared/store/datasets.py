"""Stored data sets: content-addressed files with a schema and splits."""

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.store.pages import Page, newest_first
from visualnn_shared.store.tables import Dataset, Job


def add(s: Session, row: Dataset) -> Dataset:
    """Store ``row``. Raises Conflict where the owner has the same content under the same name."""
    twice = Conflict("content may be stored once under a name", f"{row.name} with sha256 {row.sha256}")
    if same(s, row.owner, row.sha256, row.name) is not None:
        raise twice
    s.add(row)
    try:
        s.flush()
    except IntegrityError:  # stored by somebody else since we looked
        raise twice from None
    return row


def same(s: Session, owner: str, sha256: str, name: str) -> Dataset | None:
    """The owner's data set with this content and name."""
    return s.scalar(select(Dataset).where(Dataset.owner == owner, Dataset.sha256 == sha256, Dataset.name == name))


def in_folder(s: Session, owner: str, name: str, folder: str) -> Dataset | None:
    """The owner's newest data set of this name whose object lies in ``folder``."""
    query = select(Dataset).where(
        Dataset.owner == owner, Dataset.name == name, Dataset.key.startswith(folder, autoescape=True)
    )
    return s.scalar(query.order_by(Dataset.id.desc()).limit(1))


def get(s: Session, owner: str, dataset_id: str) -> Dataset:
    """Raises NotFound, also for another owner's data set."""
    row = s.get(Dataset, dataset_id)
    if row is None or row.owner != owner:
        raise NotFound("data set", dataset_id)
    return row


def page(s: Session, owner: str, cursor: str | None = None, limit: int = 50, name: str | None = None) -> Page[Dataset]:
    """The owner's data sets; ``name`` keeps those with exactly that name."""
    query = select(Dataset).where(Dataset.owner == owner)
    if name is not None:
        query = query.where(Dataset.name == name)
    return newest_first(s, query, Dataset.id, cursor, limit)


def stored_bytes(s: Session, owner: str) -> int:
    """Bytes of all the owner's data sets."""
    return int(s.scalar(select(func.coalesce(func.sum(Dataset.size), 0)).where(Dataset.owner == owner)) or 0)


def delete(s: Session, owner: str, dataset_id: str) -> str:
    """Remove a data set; its object's key, which the caller deletes after the commit.

    Raises NotFound, and Conflict while a job that needs it is queued or running.
    """
    row = lock(s, owner, dataset_id)
    waiting = s.scalar(
        select(func.count()).where(
            Job.dataset_id == dataset_id, Job.owner == owner, Job.state.in_(("queued", "running"))
        )
    )
    if waiting:
        raise Conflict(
            "a data set that is deleted must not be needed by a queued or running job", f"{waiting} such jobs"
        )
    s.delete(row)
    s.flush()
    return row.key


def lock(s: Session, owner: str, dataset_id: str, *, share: bool = False) -> Dataset:
    """The data set, locked until the transaction ends: shared by who submits a job on it, alone by who deletes it."""
    query = select(Dataset).where(Dataset.id == dataset_id, Dataset.owner == owner)
    found = s.scalar(query.with_for_update(read=share, key_share=share).execution_options(populate_existing=True))
    if found is None:
        raise NotFound("data set", dataset_id)
    return found
