"""Bringing the tables to the newest form: ``python -m visualnn_shared.store.migrate [revision "what changes"]``."""

import fcntl
import logging
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from visualnn_shared.store.engines import for_reading
from visualnn_shared.store.migrations import HEAD
from visualnn_shared.store.tables import User

if TYPE_CHECKING:  # Alembic takes 0.1 s to import, which a process that finds the tables ready need not pay
    from alembic.config import Config

LOCAL_OWNER = "user-local"
_LOCK = 0x76697375616C6E6E  # "visualnn", the advisory lock's number on Postgres


def upgrade(engine: Engine) -> None:
    """Run the migrations that are missing and make sure of the local user."""
    if _is_ready(engine):
        return
    with _alone(engine):
        if not _is_ready(engine):
            _upgrade(engine)


def config(connection: Connection) -> "Config":
    """Alembic's settings, bound to an open connection."""
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    return settings


def _is_ready(engine: Engine) -> bool:
    with for_reading(engine).connect() as connection:
        if connection.dialect.name == "sqlite":
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            if mode != "wal":
                return False
        if not inspect(connection).has_table("alembic_version"):
            return False
        versions = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if versions != [HEAD]:
            return False
        return connection.execute(select(User.id).where(User.id == LOCAL_OWNER)).first() is not None


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold the lock that lets one process at a time change the tables."""
    if engine.dialect.name == "sqlite":
        # Not a lock inside the database: turning on WAL takes its own, and answers "locked" without waiting.
        with Path(f"{engine.url.database}.upgrade-lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
            connection.exec_driver_sql("RESET statement_timeout")


def _upgrade(engine: Engine) -> None:
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # else a line for each, when imported
    from alembic import command

    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as raw:  # the mode cannot change inside a transaction
            raw.cursor().execute("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:  # both databases undo a migration that breaks off
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        command.upgrade(config(connection), "head")
        if connection.execute(select(User.id).where(User.id == LOCAL_OWNER)).first() is None:
            connection.execute(insert(User).values(id=LOCAL_OWNER, name="local"))


def main(arguments: list[str]) -> None:
    """Upgrade the database of the settings, or write a new revision from the difference to ``tables.py``."""
    from alembic import command

    from visualnn_shared.settings import CommonSettings
    from visualnn_shared.store.database import Database

    database = Database(CommonSettings().database)
    database.upgrade()
    if arguments[:1] == ["revision"]:
        with database.engine.begin() as connection:
            command.revision(config(connection), message=" ".join(arguments[1:]), autogenerate=True)
    database.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
