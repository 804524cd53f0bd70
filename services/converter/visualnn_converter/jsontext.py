"""JSON from outside: bounded depth, no duplicate keys, no NaN; every way it can fail is a problem."""

import json
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable

MAX_DEPTH = 100
"""Nesting of lists and objects; Keras files need about 15 and 4 more for each nested model."""


def parse_json(data: bytes) -> Any:
    """The value. Raises ``Unmappable`` with the line of the first error."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unmappable("the text must be UTF-8", data[error.start : error.start + 4].hex(), line=1) from None
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        rule = f"the text must be JSON: {error.msg} (column {error.colno})"
        raise Unmappable(rule, text[error.pos : error.pos + 30] or "the end of the text", line=error.lineno) from None
    except RecursionError:
        raise Unmappable(f"the JSON must be nested at most {MAX_DEPTH} deep", "deeper") from None
    except ValueError as error:  # an integer of too many digits, or what the hooks refuse
        raise Unmappable("the text must be plain JSON", str(error)[:200]) from None
    if _deeper(found, MAX_DEPTH):
        raise Unmappable(f"the JSON must be nested at most {MAX_DEPTH} deep", "deeper")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:100]!r} stands twice in one object")
    return found


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _deeper(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
