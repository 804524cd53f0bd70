"""Stored models: a name, and versions of a spec that are only ever added."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound, PreconditionFailed, PreconditionRequired
from visualnn_shared.ids import new_id
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import etag
from visualnn_shared.store.clock import clock
from visualnn_shared.store.pages import Page, newest_first
from visualnn_shared.store.tables import Job, Model, ModelVersion


def create(s: Session, owner: str, name: str, spec: Spec, source: dict[str, Any] | None = None) -> Model:
    """A new model whose version 1 is ``spec``; ``source`` says which file it was read from."""
    model = Model(id=new_id("model"), owner=owner, name=name, version=1)
    s.add(model)
    s.flush()
    _add_version(s, model.id, 1, spec, source)
    return model


def get(s: Session, owner: str, model_id: str) -> Model:
    """Raises NotFound, also for another owner's model."""
    model = s.get(Model, model_id)
    if model is None or model.owner != owner:
        raise NotFound("model", model_id)
    return model


def page(s: Session, owner: str, cursor: str | None = None, limit: int = 50, name: str | None = None) -> Page[Model]:
    """The owner's models; ``name`` keeps those with exactly that name."""
    query = select(Model).where(Model.owner == owner)
    if name is not None:
        query = query.where(Model.name == name)
    return newest_first(s, query, Model.id, cursor, limit)


SEARCHED = 20_000
"""Models that one page of a search looks at: a page costs the same however many there are."""


def search(s: Session, owner: str, text: str, cursor: str | None = None, limit: int = 50) -> Page[Model]:
    """Models whose name holds ``text``, in any case, among the next ``SEARCHED`` below ``cursor``.

    A page may hold few or none and still have a next one: the search goes on where it stopped.
    """
    window = select(Model.id, Model.name).where(Model.owner == owner)
    if cursor is not None:
        window = window.where(Model.id < cursor)
    seen = window.order_by(Model.id.desc()).limit(SEARCHED).subquery()
    hits = select(seen.c.id).where(func.lower(seen.c.name).contains(text.lower(), autoescape=True))
    ids = list(s.scalars(hits.order_by(seen.c.id.desc()).limit(limit + 1)))
    found = {row.id: row for row in s.scalars(select(Model).where(Model.id.in_(ids[:limit])))}
    items = [found[key] for key in ids[:limit] if key in found]
    if len(ids) > limit:
        return Page(items, ids[limit - 1])
    count, last = s.execute(select(func.count(), func.min(seen.c.id))).one()
    return Page(items, last if count == SEARCHED else None)


def version(s: Session, owner: str, model_id: str, number: int | None = None) -> ModelVersion:
    """One version, by default the current one. Raises NotFound."""
    model = get(s, owner, model_id)
    found = s.get(ModelVersion, (model.id, number or model.version))
    if found is None:
        raise NotFound(f"version of model {model_id}", number)
    return found


def current(s: Session, models: list[Model]) -> dict[str, ModelVersion]:
    """Model id -> its current version, in one statement."""
    query = (
        select(ModelVersion)
        .join(Model, (Model.id == ModelVersion.model_id) & (Model.version == ModelVersion.number))
        .where(Model.id.in_([model.id for model in models]))
    )
    return {row.model_id: row for row in s.scalars(query)}


def versions(s: Session, owner: str, model_id: str, cursor: int | None = None, limit: int = 50) -> Page[ModelVersion]:
    """The versions of a model, newest first."""
    get(s, owner, model_id)
    query = select(ModelVersion).where(ModelVersion.model_id == model_id)
    return newest_first(s, query, ModelVersion.number, cursor, limit)


def save(s: Session, owner: str, model_id: str, spec: Spec, if_match: frozenset[str] | None) -> ModelVersion:
    """The next version of a model; the current one, unchanged, where ``spec`` equals it.

    ``if_match`` holds the ETags that the change was made from, ``"*"`` for any, None for none given. Raises NotFound,
    PreconditionRequired and PreconditionFailed; of two who change the same version, the second gets the latter.
    """
    before = version(s, owner, model_id)
    if if_match is None:
        raise PreconditionRequired(before.etag)
    if "*" not in if_match and before.etag not in if_match:
        raise PreconditionFailed(before.etag, _quoted(if_match))
    if etag(spec) == before.etag:
        return before
    raised = s.execute(
        update(Model)
        .where(Model.id == model_id, Model.version == before.number)
        .values(version=before.number + 1, updated_at=clock())
        .execution_options(synchronize_session=False)
    )
    if getattr(raised, "rowcount", 0) == 0:  # between our read and here someone saved another version
        s.expire_all()
        raise PreconditionFailed(version(s, owner, model_id).etag, _quoted(if_match))
    s.expire_all()
    return _add_version(s, model_id, before.number + 1, spec, None)


def rename(s: Session, owner: str, model_id: str, name: str) -> Model:
    """Raises NotFound."""
    model = get(s, owner, model_id)
    model.name = name
    model.updated_at = clock()
    s.flush()
    s.refresh(model)
    return model


def delete(s: Session, owner: str, model_id: str) -> None:
    """Remove a model with its versions. Raises NotFound, and Conflict while a queued or running job needs it."""
    lock(s, owner, model_id)
    waiting = s.scalar(
        select(func.count()).where(Job.model_id == model_id, Job.owner == owner, Job.state.in_(("queued", "running")))
    )
    if waiting:
        raise Conflict("a model that is deleted must not be needed by a queued or running job", f"{waiting} such jobs")
    s.delete(get(s, owner, model_id))
    s.flush()


def lock(s: Session, owner: str, model_id: str, *, share: bool = False) -> Model:
    """The model, locked until the transaction ends: shared by those who submit jobs on it, alone by who deletes it."""
    query = select(Model).where(Model.id == model_id, Model.owner == owner)
    found = s.scalar(query.with_for_update(read=share, key_share=share).execution_options(populate_existing=True))
    if found is None:
        raise NotFound("model", model_id)
    return found


def same(s: Session, owner: str, name: str, spec: Spec) -> Model | None:
    """The owner's newest model of that name whose current version is ``spec``."""
    query = (
        select(Model)
        .join(ModelVersion, (ModelVersion.model_id == Model.id) & (ModelVersion.number == Model.version))
        .where(Model.owner == owner, Model.name == name, ModelVersion.etag == etag(spec))
        .order_by(Model.id.desc())
        .limit(1)
    )
    return s.scalar(query)


def _add_version(s: Session, model_id: str, number: int, spec: Spec, source: dict[str, Any] | None) -> ModelVersion:
    row = ModelVersion(
        model_id=model_id, number=number, spec=spec.model_dump(mode="json"), etag=etag(spec), source=source
    )
    s.add(row)
    s.flush()
    return row


def _quoted(etags: frozenset[str]) -> str:
    return ", ".join(sorted(etags)) or "no strong ETag"
