"""Claims, wake-ups and reapers go through the partial indexes, however the planner is told their parameters."""

from typing import Any

import pytest
from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql
from visualnn_shared.jobs.model import QUEUES
from visualnn_shared.jobs.statements import best_waiting, lapsed_ids, waiting_ids
from visualnn_shared.store.database import Database

QUERIES: dict[str, tuple[Select[Any], str, str]] = {
    "claim from one queue": (select(best_waiting(("infer",))), "queued", "ix_jobs_waiting (queue=?)"),
    "claim from three queues": (select(best_waiting(QUEUES)), "queued", "ix_jobs_waiting (queue=?)"),
    "wake": (waiting_ids("infer", 100), "queued", "ix_jobs_waiting (queue=?)"),
    "reap": (lapsed_ids(100), "running", "ix_jobs_running"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_sqlite_reads_only_the_part_of_the_table_that_the_query_needs(sqlite_database: Database, name: str) -> None:
    query, _, index = QUERIES[name]
    compiled = query.compile(sqlite_database.engine)
    values = tuple(compiled.params[key] for key in compiled.positiontup or ())
    with sqlite_database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()
    steps = [step[-1] for step in plan if "jobs_" in step[-1]]
    assert steps
    assert all(index in step for step in steps), steps


@pytest.mark.parametrize("name", QUERIES)
def test_the_condition_of_the_index_is_in_the_statements_text(name: str) -> None:
    query, state, _ = QUERIES[name]
    text = str(query.compile(dialect=postgresql.dialect()))
    assert f"state = '{state}'" in text
    assert text.count("FOR UPDATE SKIP LOCKED") == text.count(f"state = '{state}'")
