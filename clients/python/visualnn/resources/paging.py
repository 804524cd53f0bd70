"""Lists that come in pages."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from visualnn.transport import Transport

Item = TypeVar("Item", bound=BaseModel)


def pages(transport: Transport, path: str, item: type[Item], **params: Any) -> Iterator[Item]:
    """Every item, newest first; a page is fetched when it is needed."""
    cursor = None
    while True:
        page = transport.get(path, cursor=cursor, **params)
        yield from (item.model_validate(one) for one in page["items"])
        cursor = page.get("next_cursor")
        if not cursor:
            return
