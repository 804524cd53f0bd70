"""The database's own clock, as seconds since 1970 in a float: the only clock that leases and queues may read."""

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class clock(FunctionElement[float]):  # noqa: N801 - reads as the SQL function it is
    """``clock()``: now, in seconds, at the statement's run (not at the start of its transaction)."""

    type = Double()
    inherit_cache = True


@compiles(clock, "postgresql")
def _postgresql(_element: clock, _compiler: SQLCompiler, **_: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


@compiles(clock, "sqlite")
def _sqlite(_element: clock, _compiler: SQLCompiler, **_: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"  # unixepoch('now', 'subsec') needs SQLite 3.42
