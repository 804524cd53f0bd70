"""The one door to the rows: engines for SQLite and Postgres, transactions, and which faults mean "try again"."""

import asyncio
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from visualnn_shared.store import engines, faults, migrate

P = ParamSpec("P")
R = TypeVar("R")

LOCAL_OWNER = migrate.LOCAL_OWNER
"""Owner of everything while there are no accounts."""


class Database:
    """Sessions on one database, given by its SQLAlchemy address (``postgresql+psycopg://...``, ``sqlite:////file.db``).

    Every error that a database raises because it is away, full or overloaded becomes ``Unavailable`` (503); values that
    it cannot hold (a NUL in a text) become ``Invalid`` (422). Errors of our own making stay what they are.
    """

    def __init__(self, url: str, *, pool_size: int = 8, statement_timeout_s: float = 5.0) -> None:
        """Nothing is opened yet. Raises ``ValueError`` for an address of another database, or of one in memory."""
        self.engine: Engine = engines.create(url, pool_size=pool_size, statement_timeout_s=statement_timeout_s)
        self._reading: Engine = engines.for_reading(self.engine)
        self._threads = ThreadPoolExecutor(max_workers=pool_size, thread_name_prefix="database")

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One writing transaction: committed at the end of the block, rolled back by any exception in it.

        Rows that were loaded stay readable after the block. On SQLite there is one writer at a time, so keep it short.
        """
        with faults.translated(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that cannot write; on SQLite it waits for no writer, and none waits for it."""
        with faults.translated(), Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    async def run(self, fn: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """``fn(session, ...)`` in a worker thread, in one writing transaction.

        When the awaiting task is cancelled the transaction still ends as a whole: it runs to its commit, or, if it was
        waiting for a thread, never starts.
        """
        return await self._in_thread(self.session, lambda session: fn(session, *args, **kwargs))

    async def read(self, fn: Callable[Concatenate[Session, P], R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``run``, in a transaction that cannot write."""
        return await self._in_thread(self.reading, lambda session: fn(session, *args, **kwargs))

    async def _in_thread(
        self, transaction: Callable[[], AbstractContextManager[Session]], call: Callable[[Session], R]
    ) -> R:
        def work() -> R:
            with transaction() as session:
                return call(session)

        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(context.run, work))

    def ping(self) -> None:
        """Raise ``Unavailable`` where the database does not answer."""
        with self.reading() as session:
            session.execute(text("SELECT 1"))

    def upgrade(self) -> None:
        """Bring the tables to the newest form; cheap when they are, and safe when several processes do it at once."""
        with faults.translated():
            migrate.upgrade(self.engine)

    def dispose(self) -> None:
        """Wait for running transactions, then close every connection."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self.engine.dispose()
