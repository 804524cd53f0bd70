"""Forms that several answers share."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from visualnn_shared.store.pages import Page

Item = TypeVar("Item")

Timestamp = datetime
"""Rows keep seconds since 1970; answers say RFC 3339 in UTC."""

Links = dict[str, str]


class View(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Listing(View, Generic[Item]):
    """A page of a list, newest first."""

    items: list[Item]
    next_cursor: str | None = None
    """Pass it as `cursor` for the next page; null on the last."""


def listing(items: list[Item], page: Page[object]) -> Listing[Item]:
    return Listing(items=items, next_cursor=page.next_cursor)


class ProblemWhere(View):
    layer: str | None = None
    param: str | None = None
    line: int | None = None
    field: str | None = None


class ProblemEntry(View):
    rule: str
    """The rule that is broken, as a sentence."""
    received: object = None
    where: ProblemWhere = ProblemWhere()
    hint: str | None = None
    code: str | None = None
    """Of rules that a program may act upon, a name that stays when the words change: `weights-missing`,
    `input-shape-missing`."""


class ProblemDocument(View):
    """The body of every error (RFC 9457), with media type `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[ProblemEntry] = []
    """Every broken rule at once."""
