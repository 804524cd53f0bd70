"""Claims per second on SQLite and Postgres: ours, with attempts and events, beside the bare statement.

``python benchmarks/claims.py [jobs]``. Postgres is the server of the tests, which does not wait for the disk; give
``VISUALNN_DATABASE_URL`` to measure another one (its jobs table must be empty).
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import delete, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import QUEUES
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Job

NOW = {
    "postgresql": "extract(epoch from clock_timestamp())",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}
SKIP = {"postgresql": "FOR UPDATE SKIP LOCKED", "sqlite": ""}
BARE = """
UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_token = 't', lease_until = {now} + 60
WHERE state = 'queued' AND id = (SELECT id FROM jobs WHERE state = 'queued' AND queue = 'train.cpu'
  AND run_after <= {now} ORDER BY priority DESC, run_after, id LIMIT 1 {skip}) RETURNING id
"""


def ours(database: Database) -> bool:
    """One claim; False when nothing waits."""
    with database.session() as s:
        return protocol.claim(s, queues=QUEUES, worker_id="worker") is not None


def bare(database: Database) -> bool:
    """One claim by the statement alone."""
    statement = BARE.format(now=NOW[database.dialect], skip=SKIP[database.dialect])
    with database.engine.begin() as connection:
        return connection.execute(text(statement)).first() is not None


def rate(database: Database, claim: Callable[[Database], bool], claimers: int, jobs: int) -> float:
    """Claims per second of ``claimers`` threads that empty a queue of ``jobs``."""
    with database.session() as s:
        s.execute(delete(Job))
        for _ in range(jobs):
            protocol.submit(s, owner=LOCAL_OWNER, kind="train", queue="train.cpu", params={})

    def claim_all(_number: int) -> int:
        count = 0
        while claim(database):
            count += 1
        return count

    began = time.perf_counter()
    with ThreadPoolExecutor(claimers) as threads:
        total = sum(threads.map(claim_all, range(claimers)))
    seconds = time.perf_counter() - began
    assert total == jobs, f"{jobs} jobs must be claimed once each; received {total} claims"
    return jobs / seconds


@contextmanager
def databases() -> Iterator[list[Database]]:
    """SQLite in a temporary folder, and Postgres where it can be had."""
    with tempfile.TemporaryDirectory() as folder:
        found = [Database(f"sqlite:///{folder}/visualnn.db", pool_size=16)]
        server = None
        if url := os.environ.get("VISUALNN_DATABASE_URL"):
            found.append(Database(url, pool_size=16))
        else:
            from tests.parts.postgres import Postgres
            from tests.parts.server import PartMissingError

            try:
                server = Postgres()
                found.append(Database(server.create_database(), pool_size=16))
            except PartMissingError as error:
                print(f"postgres: none: {error}")
        try:
            for database in found:
                database.upgrade()
            yield found
        finally:
            for database in found:
                database.dispose()
            if server:
                server.stop()


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print(f"{'database':<12} {'claimers':>8} {'claims/s':>9} {'bare/s':>8} {'ratio':>6}")
    with databases() as found:
        for database in found:
            for claimers in (1, 8):
                rate(database, ours, claimers, min(jobs, 20))  # connections and compiled statements
                ratio = (own := rate(database, ours, claimers, jobs)) / (raw := rate(database, bare, claimers, jobs))
                print(f"{database.dialect:<12} {claimers:>8} {own:>9.0f} {raw:>8.0f} {ratio:>6.2f}")


if __name__ == "__main__":
    main()
