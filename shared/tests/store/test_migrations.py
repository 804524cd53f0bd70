"""The migrations lead to exactly the tables that the code declares, and back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, select, update
from visualnn_shared.jobs import protocol
from visualnn_shared.store import migrate
from visualnn_shared.store.database import Database
from visualnn_shared.store.migrations import HEAD
from visualnn_shared.store.tables import Base, Job


# An index of an expression is not compared; that claims use it, the tests of statements see.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrated_tables_are_those_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_object": _comparable}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, Base.metadata) == []


def _comparable(_thing: object, name: str | None, *_others: object) -> bool:
    return name != "ix_jobs_waiting"


def test_the_migrated_checks_are_those_of_the_code(database: Database) -> None:
    found = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        declared = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {check["name"] for check in found.get_check_constraints(table.name)} == declared, table.name


def test_the_head_that_a_quick_start_compares_with_is_the_newest_file() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).with_name("migrations")))
    assert scripts.get_heads() == [HEAD]


def test_a_downgrade_leaves_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    database.upgrade()
    with database.engine.begin() as connection:
        command.downgrade(migrate.config(connection), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.upgrade()
    assert set(Base.metadata.tables) < set(inspect(database.engine).get_table_names())
    database.dispose()


def test_a_migration_that_breaks_off_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = command.upgrade

    def breaks_off(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        raise ZeroDivisionError

    database = Database(empty_url)
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", breaks_off)
        with pytest.raises(ZeroDivisionError):
            database.upgrade()
    assert inspect(database.engine).get_table_names() == []
    database.upgrade()
    database.dispose()


def test_the_module_run_as_a_program_upgrades_the_database_of_the_settings(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUALNN_DATABASE_URL", empty_url)
    migrate.main([])
    database = Database(empty_url)
    assert "jobs" in inspect(database.engine).get_table_names()
    database.dispose()


def test_what_migrations_fill_in_is_read_from_the_jobs_that_were(empty_url: str) -> None:
    """0005: the accuracy of trainings that succeeded. 0006: the devices of those that may still run."""
    database = Database(empty_url)
    database.upgrade()
    wanted = {"none": {}, "one": {"devices": 1}, "all": {"devices": "all"}, "four": {"devices": 4}}
    with database.session() as s:
        for name, params in wanted.items():
            protocol.submit(s, id=name, owner=migrate.LOCAL_OWNER, kind="train", queue="train.cpu", params=params)
        done = {"state": "succeeded", "result_attempt": 0, "metrics": {"test_accuracy": 0.5}}
        s.execute(update(Job).where(Job.id == "one").values(**done))
    with database.engine.begin() as connection:
        command.downgrade(migrate.config(connection), "0004")
    database.upgrade()
    with database.session() as s:
        found = {job.id: (job.accuracy, job.devices) for job in s.scalars(select(Job))}
    assert found == {"none": (None, 1), "one": (0.5, 1), "all": (None, 1), "four": (None, 4)}
    database.dispose()
