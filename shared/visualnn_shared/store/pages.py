"""Pages of a list: newest first, keyset on a key that grows, so that a page costs the same at a million rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

MAX_LIMIT = 200
Row = TypeVar("Row")
Shown = TypeVar("Shown", covariant=True)
Key = TypeVar("Key", str, int)


@dataclass(frozen=True, slots=True)
class Page(Generic[Shown]):
    items: Sequence[Shown]
    next_cursor: str | None
    """What to pass for the next page; None on the last one."""


def newest_first(
    s: Session, query: Select[Row], key: InstrumentedAttribute[Key], cursor: Key | None, limit: int
) -> Page[Row]:
    """``limit`` rows of ``query``, ordered by ``key`` down, from below ``cursor``: the key of the last row seen."""
    if cursor is not None:
        query = query.where(key < cursor)
    rows = s.scalars(query.order_by(key.desc()).limit(min(limit, MAX_LIMIT) + 1)).all()
    shown: list[Any] = list(rows[: min(limit, MAX_LIMIT)])
    more = len(rows) > len(shown)
    return Page(shown, str(getattr(shown[-1], key.key)) if more else None)
