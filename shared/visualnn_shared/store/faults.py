"""Which errors of a database mean "try again", which mean "that value", and which are mistakes of ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from visualnn_shared.errors import Invalid, Unavailable
from visualnn_shared.spec.problem import problem

_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
"""Primary result codes that come from the machine, not from the statement."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise ``Unavailable`` for a database that is away or overloaded, ``Invalid`` for a value it cannot hold."""
    try:
        yield
    except exc.TimeoutError as error:  # of the connection pool
        raise Unavailable("the database", "no free connection in time") from error
    except exc.DBAPIError as error:
        if is_passing(error):
            raise Unavailable("the database", _first_line(error)) from error
        if isinstance(error, exc.DataError):
            rule = "texts and numbers must be such that the database can hold them"
            raise Invalid("the request", [problem(rule, _first_line(error))]) from error
        raise


def is_passing(error: exc.DBAPIError) -> bool:
    """True where the same statement may succeed later."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, exc.OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # SQLite also calls a missing table or a syntax error "operational"; only its code tells them apart.
        return (getattr(error.orig, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_PASSING
    return True


def _first_line(error: exc.DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0][:200]
