"""Transactions, upgrades and faults, on both databases."""

import asyncio
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session
from visualnn_shared.errors import Invalid, Unavailable
from visualnn_shared.store import engines
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Model, User


def _users(s: Session) -> set[str]:
    return set(s.scalars(select(User.id)))


def _add(s: Session, name: str) -> None:
    s.execute(insert(User).values(id=name, name=name))


def test_a_session_commits_at_its_end(database: Database) -> None:
    with database.session() as s:
        _add(s, "ada")
    with database.reading() as s:
        assert "ada" in _users(s)


def _add_and_fail(s: Session) -> None:
    _add(s, "ada")
    raise ZeroDivisionError


def test_an_exception_in_a_session_undoes_it_and_passes_through(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.session() as s:
        _add_and_fail(s)
    with database.reading() as s:
        assert "ada" not in _users(s)


def test_rows_stay_readable_after_their_session(database: Database) -> None:
    with database.session() as s:
        user = s.get(User, LOCAL_OWNER)
    assert user is not None
    assert user.name == "local"


def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises((DatabaseError, Unavailable)), database.reading() as s:
        _add(s, "ada")
    with database.session() as s:  # and the connection can write again afterwards
        _add(s, "bob")
        assert _users(s) == {LOCAL_OWNER, "bob"}


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.session() as writing:
        _add(writing, "ada")
        began = time.monotonic()
        with database.reading() as s:
            assert "ada" not in _users(s)
        assert time.monotonic() - began < 5


def test_the_clock_is_in_seconds_since_1970_and_moves_within_a_transaction(database: Database) -> None:
    with database.session() as s:
        first = s.scalars(select(clock())).one()
        time.sleep(0.05)
        second = s.scalars(select(clock())).one()
    assert abs(first - time.time()) < 60
    assert 0.03 < second - first < 5


async def _twice(database: Database) -> tuple[set[str], set[str]]:
    await database.run(_add, name="ada")
    return await database.run(_users), await database.read(_users)


def test_run_and_read_work_in_threads_in_a_transaction_of_their_own(database: Database) -> None:
    assert asyncio.run(_twice(database)) == ({LOCAL_OWNER, "ada"}, {LOCAL_OWNER, "ada"})


def test_run_does_not_block_the_event_loop(database: Database) -> None:
    async def ticks() -> int:
        count = 0
        slow = asyncio.ensure_future(database.run(lambda s: time.sleep(0.3)))
        while not slow.done():
            await asyncio.sleep(0.01)
            count += 1
        return count

    assert asyncio.run(ticks()) > 5


def test_a_cancelled_run_ends_as_a_whole(database: Database) -> None:
    half, go_on = threading.Event(), threading.Event()

    def add_two(s: Session) -> None:
        _add(s, "ada")
        half.set()
        go_on.wait(10)
        _add(s, "bob")

    async def give_up() -> None:
        task = asyncio.ensure_future(database.run(add_two))
        while not half.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    asyncio.run(give_up())
    deadline = time.monotonic() + 10
    seen: set[str] = set()
    while time.monotonic() < deadline and "bob" not in seen:
        with database.reading() as s:
            seen = _users(s)
        assert ("ada" in seen) == ("bob" in seen)
    assert "bob" in seen


def test_upgrade_on_an_empty_database_makes_every_table_and_the_local_user(empty_url: str) -> None:
    database = Database(empty_url)
    database.upgrade()
    with database.reading() as s:
        assert _users(s) == {LOCAL_OWNER}
        assert s.scalars(select(Model)).all() == []
    database.dispose()


def test_five_processes_may_upgrade_an_empty_database_at_once(empty_url: str) -> None:
    program = "import sys; from visualnn_shared.store.database import Database; Database(sys.argv[1]).upgrade()"
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE, text=True)
            )
            for _ in range(5)
        ]
        errors = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0] * 5, errors
    database = Database(empty_url)
    with database.reading() as s:
        assert _users(s) == {LOCAL_OWNER}
    database.dispose()


def test_upgrade_at_the_newest_form_neither_loads_alembic_nor_takes_long(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    program = (
        "import sys, time; from visualnn_shared.store.database import Database; d = Database(sys.argv[1]); d.upgrade();"
        "began = time.perf_counter(); d.upgrade();"
        "print('alembic' in sys.modules, time.perf_counter() - began < 1)"
    )
    said = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "True"]


def test_upgrade_brings_back_a_lost_local_user(database: Database) -> None:
    with database.session() as s:
        s.execute(text("DELETE FROM users"))
    database.upgrade()
    with database.reading() as s:
        assert _users(s) == {LOCAL_OWNER}


def test_ping_passes_on_a_database_that_answers(database: Database) -> None:
    database.ping()


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://nobody@127.0.0.1:1/none", "sqlite:////proc/1/nowhere/visualnn.db"],
    ids=["postgres", "sqlite"],
)
def test_a_database_that_is_away_is_unavailable(url: str) -> None:
    with pytest.raises((Unavailable, OSError)) as caught:
        Database(url).ping()
    if isinstance(caught.value, Unavailable):
        assert caught.value.status == 503
        assert "the database must answer" in str(caught.value)


def test_a_connection_that_the_server_ended_is_unavailable_once_and_then_replaced(postgres_database: Database) -> None:
    with pytest.raises(Unavailable), postgres_database.session() as s:
        _end_connection(postgres_database, s)
    with postgres_database.reading() as s:
        assert _users(s) == {LOCAL_OWNER}


def _end_connection(database: Database, s: Session) -> None:
    pid = s.scalars(text("SELECT pg_backend_pid()")).one()
    with database.session() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    time.sleep(0.1)
    _add(s, "ada")


def test_a_statement_that_takes_too_long_is_unavailable(postgres_url: str) -> None:
    database = Database(postgres_url, statement_timeout_s=0.2)
    with pytest.raises(Unavailable, match="timeout"), database.session() as s:
        s.execute(text("SELECT pg_sleep(5)"))
    database.dispose()


def test_a_full_pool_is_unavailable(sqlite_database: Database) -> None:
    small = Database(str(sqlite_database.engine.url), pool_size=1)
    small.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    with small.reading() as s:
        _users(s)
        with pytest.raises(Unavailable, match="no free connection"), small.reading() as other:
            _users(other)
    small.dispose()


def test_a_sqlite_file_that_stays_locked_is_unavailable(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.1)
    impatient = Database(str(sqlite_database.engine.url))
    with sqlite_database.session() as s:
        _add(s, "ada")
        with pytest.raises(Unavailable, match="locked"), impatient.session() as other:
            _add(other, "bob")
    impatient.dispose()


def test_our_own_mistakes_are_not_called_unavailable(database: Database) -> None:
    with pytest.raises(DatabaseError, match="nowhere"), database.session() as s:
        s.execute(text("SELECT nothing FROM nowhere"))
    with pytest.raises(IntegrityError), database.session() as s:
        _add(s, LOCAL_OWNER)


def test_a_text_that_postgres_cannot_hold_is_the_users_mistake(postgres_database: Database) -> None:
    with pytest.raises(Invalid, match="NUL"), postgres_database.session() as s:
        _add(s, "a\0b")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "must start with postgresql:// or sqlite://; received mysql://"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_an_address_that_cannot_serve_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Database(url)


def test_postgres_sessions_carry_the_settings_that_free_a_dead_clients_locks(postgres_database: Database) -> None:
    with postgres_database.reading() as s:
        shown = {name: s.scalars(text(f"SHOW {name}")).one() for name in ("statement_timeout", "transaction_isolation")}
        assert s.scalars(text("SHOW idle_in_transaction_session_timeout")).one() == "10s"
        assert s.scalars(text("SHOW tcp_keepalives_idle")).one() == "10"
    assert shown == {"statement_timeout": "5s", "transaction_isolation": "read committed"}


def test_sqlite_connections_are_durable_and_shared(sqlite_database: Database) -> None:
    with sqlite_database.session() as s:
        found = {
            name: s.scalars(text(f"PRAGMA {name}")).one() for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert s.scalars(text("PRAGMA busy_timeout")).one() == 20_000
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
