"""The registry: named operators, numbered versions, and aliases that point at a version."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.ids import new_id
from visualnn_shared.store.pages import Page, newest_first
from visualnn_shared.store.tables import Operator, OperatorAlias, OperatorVersion


def reserve(s: Session, owner: str, name: str) -> tuple[str, int]:
    """The operator's id and a version number that nobody had before, also under concurrency.

    An operator that does not exist is made; it stays hidden until a version is published. Raises Conflict where
    another owner has the name.
    """
    operator = s.scalar(select(Operator).where(Operator.name == name))
    if operator is None:
        operator = _make(s, owner, name)
    if operator.owner != owner:
        raise Conflict("an operator's name must be free or one's own", name)
    number = s.scalar(
        update(Operator)
        .where(Operator.id == operator.id)
        .values(reserved=Operator.reserved + 1)
        .returning(Operator.reserved)
        .execution_options(synchronize_session=False)
    )
    if number is None:  # deleted since we read it
        raise Conflict("an operator must not be deleted while a version is registered", name)
    return operator.id, number


def _make(s: Session, owner: str, name: str) -> Operator:
    try:
        with s.begin_nested():
            operator = Operator(id=new_id("operator"), owner=owner, name=name, version=0, reserved=0)
            s.add(operator)
            s.flush()
            return operator
    except IntegrityError:  # someone made it since we looked
        found = s.scalar(select(Operator).where(Operator.name == name))
        if found is None:
            raise
        return found


def add_version(s: Session, row: OperatorVersion) -> OperatorVersion:
    """Store a version under its reserved number, not ready."""
    s.add(row)
    s.flush()
    return row


def publish(s: Session, operator_id: str, number: int, replay: dict[str, Any]) -> None:
    """Make a version ready, and the newest one unless a later number is ready already. Raises NotFound."""
    row = s.get(OperatorVersion, (operator_id, number))
    if row is None:
        raise NotFound("operator version", number)
    row.ready, row.replay = True, replay
    s.flush()
    s.execute(
        update(Operator)
        .where(Operator.id == operator_id, Operator.version < number)
        .values(version=number)
        .execution_options(synchronize_session=False)
    )
    s.expire_all()


def drop_version(s: Session, operator_id: str, number: int) -> None:
    """Remove a version that never became ready; its number stays used."""
    row = s.get(OperatorVersion, (operator_id, number))
    if row is not None and not row.ready:
        s.delete(row)
        s.flush()


def get(s: Session, owner: str, name: str) -> Operator:
    """An operator with a ready version. Raises NotFound."""
    operator = s.scalar(select(Operator).where(Operator.name == name, Operator.owner == owner, Operator.version > 0))
    if operator is None:
        raise NotFound("operator", name)
    return operator


def version(s: Session, owner: str, name: str, which: int | str | None = None) -> OperatorVersion:
    """A version by number or alias, by default the newest ready one. Raises NotFound."""
    operator = get(s, owner, name)
    number = which if which is not None else operator.version
    if isinstance(number, str):
        alias = s.get(OperatorAlias, (operator.id, number))
        if alias is None:
            raise NotFound(f"alias of operator {name}", number)
        number = alias.number
    found = s.get(OperatorVersion, (operator.id, number))
    if found is None:
        raise NotFound(f"version of operator {name}", number)
    return found


def page(
    s: Session, owner: str, cursor: str | None = None, limit: int = 50, *, model_id: str | None = None
) -> Page[Operator]:
    """The owner's operators that have a ready version; with ``model_id``, whose newest one was made from that model."""
    query = select(Operator).where(Operator.owner == owner, Operator.version > 0)
    if model_id:
        newest = (OperatorVersion.operator_id == Operator.id) & (OperatorVersion.number == Operator.version)
        query = query.join(OperatorVersion, newest).where(OperatorVersion.lineage["model"].as_string() == model_id)
    return newest_first(s, query, Operator.id, cursor, limit)


def newest(s: Session, operators: list[Operator]) -> dict[str, OperatorVersion]:
    """Operator id -> its newest ready version, in one statement."""
    query = (
        select(OperatorVersion)
        .join(Operator, (Operator.id == OperatorVersion.operator_id) & (Operator.version == OperatorVersion.number))
        .where(Operator.id.in_([operator.id for operator in operators]))
    )
    return {row.operator_id: row for row in s.scalars(query)}


def versions(s: Session, owner: str, name: str, cursor: int | None = None, limit: int = 50) -> Page[OperatorVersion]:
    """The ready versions of an operator, newest first."""
    operator = get(s, owner, name)
    query = select(OperatorVersion).where(OperatorVersion.operator_id == operator.id, OperatorVersion.ready.is_(True))
    return newest_first(s, query, OperatorVersion.number, cursor, limit)


def aliases(s: Session, operator_ids: list[str]) -> dict[str, dict[str, int]]:
    """Operator id -> alias -> version number."""
    found: dict[str, dict[str, int]] = {operator_id: {} for operator_id in operator_ids}
    query = select(OperatorAlias).where(OperatorAlias.operator_id.in_(operator_ids)).order_by(OperatorAlias.alias)
    for row in s.scalars(query):
        found[row.operator_id][row.alias] = row.number
    return found


def set_alias(s: Session, owner: str, name: str, alias: str, number: int) -> None:
    """Point ``alias`` at a ready version. Raises NotFound."""
    row = version(s, owner, name, number)
    if not row.ready:
        raise NotFound(f"ready version of operator {name}", number)
    s.merge(OperatorAlias(operator_id=row.operator_id, alias=alias, number=number))
    s.flush()


def delete(s: Session, owner: str, name: str) -> str:
    """Remove an operator with versions and aliases; its id, whose objects the caller deletes after the commit."""
    operator = get(s, owner, name)
    s.delete(operator)
    s.flush()
    return operator.id


def count(s: Session) -> int:
    """How many operators can be called."""
    return int(s.scalar(select(func.count()).select_from(Operator).where(Operator.version > 0)) or 0)
