"""How a connection is set up on each database; nothing here knows a table."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_TIMEOUT_S = 20.0
"""How long a SQLite writer waits for the one before it."""
_READING = "visualnn_reading"


def create(url: str, *, pool_size: int, statement_timeout_s: float) -> Engine:
    """An engine for ``url``. Raises ``ValueError`` for what is neither Postgres nor a SQLite file."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed, pool_size)
        case "postgresql" | "postgres":
            return _postgresql(parsed.set(drivername="postgresql+psycopg"), pool_size, statement_timeout_s)
        case other:
            raise ValueError(f"the database address must start with postgresql:// or sqlite://; received {other}://")


def for_reading(engine: Engine) -> Engine:
    """The same pool, with transactions that cannot write."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READING: True})
    return engine.execution_options(postgresql_readonly=True)


def _postgresql(url: URL, pool_size: int, statement_timeout_s: float) -> Engine:
    server = {
        "idle_in_transaction_session_timeout": 10_000,  # a dead client's open INSERT blocks its twin until then
        "statement_timeout": round(statement_timeout_s * 1000),
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
    }
    options = " ".join(f"-c {name}={value}" for name, value in server.items())
    connect = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "application_name": "visualnn",
    }
    given = dict(url.query)
    arguments: dict[str, Any] = {name: value for name, value in connect.items() if name not in given}
    arguments["options"] = " ".join(filter(None, [options, str(given.pop("options", ""))]))
    return create_engine(
        url.set(query=given),
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
    )


def _sqlite(url: URL, pool_size: int) -> Engine:
    if url.database in (None, "", ":memory:") or str(url.database).startswith("file::memory:"):
        raise ValueError("the SQLite database must be a file, as several processes share it; received one in memory")
    Path(str(url.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_S,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):  # NORMAL may forget the last commits at a power cut
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A deferred BEGIN that reads and then writes fails with "locked" whatever the time-out, so writers say so."""
    if connection.get_execution_options().get(_READING):
        connection.exec_driver_sql("BEGIN DEFERRED")
        connection.exec_driver_sql("PRAGMA query_only=ON")
    else:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
