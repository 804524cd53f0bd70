"""Databases for the tests of shared: every test that asks for ``database`` runs on SQLite and on Postgres."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Base, User

from tests.parts.postgres import Postgres

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.real("postgres"))]


@pytest.fixture(scope="session")
def _sqlite_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database that tests empty: one for all, because each engine compiles every statement anew."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('database')}/visualnn.db")
    database.upgrade()
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def _postgres_database(postgres_server: Postgres) -> Iterator[Database]:
    """A migrated database that tests empty."""
    url = postgres_server.create_database()
    database = Database(url, pool_size=40)
    database.upgrade()
    yield database
    database.dispose()
    postgres_server.drop_database(url)


@pytest.fixture
def sqlite_database(_sqlite_database: Database) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    yield _sqlite_database
    _empty(_sqlite_database)


@pytest.fixture
def postgres_database(_postgres_database: Database) -> Iterator[Database]:
    """A migrated, empty Postgres database."""
    yield _postgres_database
    _empty(_postgres_database)


def _empty(database: Database) -> None:
    with database.session() as s:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != User.__tablename__:
                s.execute(delete(table))
        s.execute(delete(User).where(User.id != LOCAL_OWNER))


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database of each kind."""
    found = request.getfixturevalue(f"{request.param}_database")
    assert isinstance(found, Database)
    return found


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/visualnn.db"
    return str(request.getfixturevalue("postgres_url"))
