"""The pieces that the protocol's statements are made of, the same on both databases."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Double,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from visualnn_shared.jobs.model import COORDINATED, Lease, State
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import WORTH_S, Base, Job, ModelVersion

# Written into the text: a planner uses a partial index only where it sees the index's condition, not a parameter.
_QUEUED: ColumnClause[str] = literal_column(f"'{State.QUEUED}'")
_RUNNING: ColumnClause[str] = literal_column(f"'{State.RUNNING}'")
_WORTH: ColumnClause[float] = literal_column(str(WORTH_S), Double())
_CLAIMING = 0x76_6E_6E_01
"""Number of the lock under which claims are counted."""


class fraction(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it is
    """``fraction()``: a random number in [0, 1), another one for each row."""

    type = Double()
    inherit_cache = True


@compiles(fraction, "postgresql")
def _postgresql(_element: fraction, _compiler: SQLCompiler, **_: Any) -> str:
    return "random()"


@compiles(fraction, "sqlite")
def _sqlite(_element: fraction, _compiler: SQLCompiler, **_: Any) -> str:
    return "(abs(random() % 1000000) / 1000000.0)"


def mine(lease: Lease) -> ColumnElement[bool]:
    """The guard of everything that an attempt does: true for the one holder of the one current claim."""
    return and_(
        Job.id == lease.job_id,
        Job.state == State.RUNNING,
        Job.attempt == lease.attempt,
        Job.lease_token == lease.token,
    )


def change(s: Session, guard: ColumnElement[bool], **values: Any) -> list[Job]:
    """Run the one guarded UPDATE; the rows that it changed, as they are now."""
    statement = update(Job).where(guard).values(**values).returning(Job)
    return list(s.scalars(statement, execution_options={"synchronize_session": False, "populate_existing": True}))


def left(**values: Any) -> dict[str, Any]:
    """The columns that every way out of ``running`` sets, and ``values``."""
    gone = ("lease_token", "lease_until", "worker_id", "eta_s", "waiting_for", "waiting_since")
    return {**dict.fromkeys(gone), **values}


def reached(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """How good a training became and which network it trained: what the best one is looked up by."""
    value = metrics.get("test_accuracy")
    if not isinstance(value, int | float):
        return {}
    version = (ModelVersion.model_id == Job.model_id) & (ModelVersion.number == Job.model_version)
    of = {"accuracy": float(value), "spec_etag": select(ModelVersion.etag).where(version).scalar_subquery()}
    return {name: case((Job.kind == "train", one)) for name, one in of.items()}


def after_infrastructure_failure(timers: Timers) -> dict[str, Any]:
    """Cancelled where asked for, failed where the budget is used up, else queued again after a back-off."""
    last = Job.failures + 1 >= Job.max_failures
    return left(
        state=case((Job.cancel_requested, State.CANCELLED), (last, State.FAILED), else_=State.QUEUED),
        finished_at=case((Job.cancel_requested | last, clock()), else_=None),
        failures=Job.failures + 1,
        run_after=clock() + backoff(timers),
    )


def failed_for_good() -> dict[str, Any]:
    """Cancelled where asked for, else failed."""
    return left(state=case((Job.cancel_requested, State.CANCELLED), else_=State.FAILED), finished_at=clock())


def handed_back() -> dict[str, Any]:
    """Cancelled where asked for, else queued again at once; the budget of failures stays."""
    return left(
        state=case((Job.cancel_requested, State.CANCELLED), else_=State.QUEUED),
        finished_at=case((Job.cancel_requested, clock()), else_=None),
        run_after=clock(),
    )


def backoff(timers: Timers) -> ColumnElement[float]:
    """Seconds to wait: doubled with each failure up to ``backoff_max_s``, and a random part, up to half, taken off."""
    doublings = max(0, math.ceil(math.log2(timers.backoff_max_s / timers.backoff_s)))
    doubled = timers.backoff_s * literal(1).bitwise_lshift(Job.failures)
    longest = case((Job.failures >= doublings, timers.backoff_max_s), else_=doubled)
    return longest * (1.0 - 0.5 * fraction())


@cache  # building such a query takes longer than running it
def best_waiting(queues: tuple[str, ...], most_running: int = 0, devices: int = 1) -> ScalarSelect[str]:
    """The id of the job to take next from any of ``queues``, locked against other claimers where rows have locks.

    One sub-select per queue, so that each is the head of the partial index instead of a sort of all that wait. Jobs of
    owners of whom ``most_running`` run are passed over (0 is no limit), and those that ask for more ``devices``.
    """
    both = union_all(*(select(_waiting(queue, 1, most_running, devices).subquery()) for queue in queues)).subquery()
    return select(both.c.id).order_by(both.c.rank, both.c.id).limit(1).scalar_subquery()


def one_claim_at_a_time(s: Session) -> None:
    """Until the transaction ends nobody else claims: what is counted stays true. SQLite has one writer anyway."""
    if s.get_bind().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(_CLAIMING)))


@cache
def waiting_ids(queue: str, limit: int) -> Select[str]:
    """The ids of the ``limit`` jobs that this queue hands out next, without those that someone has locked."""
    return select(_waiting(queue, limit).subquery().c.id)


@cache
def lapsed_ids(limit: int) -> Select[str]:
    """The ids of jobs whose lease has run out, without those that someone has locked: a heartbeat is on its way."""
    other = aliased(Job)
    lapsed = select(other.id).where(other.state == _RUNNING, other.lease_until < clock())
    return lapsed.limit(limit).with_for_update(skip_locked=True)


def _waiting(queue: str, limit: int, most_running: int = 0, devices: int | None = None) -> Select[str, float]:
    other = aliased(Job)
    rank = (other.run_after - _WORTH * other.priority).label("rank")  # as RANK has it, for the index
    ready = [other.state == _QUEUED, other.queue == queue, other.run_after <= clock()]
    if devices is not None:
        ready.append(other.devices <= devices)
    if most_running:
        ready.append(other.owner.not_in(_busy_owners(most_running)))
    query = select(other.id, rank).where(*ready).order_by(rank, other.id).limit(limit)
    return query.with_for_update(skip_locked=True)


def _busy_owners(most_running: int) -> Select[str]:
    """Owners of whom so many jobs hold a worker."""
    busy = aliased(Job)
    held = select(busy.owner).where(busy.state == _RUNNING, busy.queue.not_in(COORDINATED))
    return held.group_by(busy.owner).having(func.count() >= most_running)


def insert_or_ignore(s: Session, table: type[Base], *key: str) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that does nothing where a row with this unique ``key`` is there."""
    if s.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=key)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=key)


def insert_or_update(
    s: Session, table: type[Base], values: dict[str, Any], changed: dict[str, Any], *key: str
) -> postgresql.Insert | sqlite.Insert:
    """An INSERT of ``values`` that sets ``changed`` instead where a row with this unique ``key`` is there."""
    if s.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).values(**values).on_conflict_do_update(index_elements=key, set_=changed)
    return sqlite.insert(table).values(**values).on_conflict_do_update(index_elements=key, set_=changed)
