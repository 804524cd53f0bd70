"""JSON bodies, read strictly: what two parsers could read differently, or no database could hold, is refused.

Python's own parser accepts NaN, 1e999, repeated keys, lone surrogates and integers of any length; none passes here.
"""

import json
import math
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Never

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from visualnn_shared.spec.problem import Problem, problem

from visualnn_api.errors import Malformed, UnsupportedMedia

MAX_DEPTH = 64
MAX_PROBLEMS = 100

_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\d{19}")
"""Where this is not in a text, neither are the values that ``_unholdable`` looks for, but for its nesting."""


class _NotJsonError(ValueError):
    """A text that Python's parser takes and JSON forbids."""


def parse(raw: bytes) -> Any:
    """The document in ``raw``. Raises Malformed, which says the line and column where reading stopped."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed([_at("the body must be UTF-8", raw[: error.start], raw[error.start : error.end])]) from None
    try:
        document = json.loads(text, parse_constant=_constant, parse_float=_finite, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        shown = text[error.pos : error.pos + 40] or "the end of the text"
        raise Malformed(
            [problem(f"the body must be JSON: {error.msg} (column {error.colno})", shown, line=error.lineno)]
        ) from None
    except RecursionError:
        raise Malformed([problem(f"JSON must be nested at most {MAX_DEPTH} levels deep", "more")]) from None
    except ValueError as error:  # ours, and integers of more digits than Python converts
        rule = str(error) if isinstance(error, _NotJsonError) else "an integer must fit into 64 bits"
        raise Malformed([problem(rule, "an integer of thousands of digits" if rule != str(error) else None)]) from None
    found = _unholdable(document) if _SUSPECT.search(raw) or _is_deep(document) else None
    if found:
        raise Malformed(found)
    return document


def _at(rule: str, before: bytes, received: bytes) -> Problem:
    return problem(f"{rule} (byte {len(before)})", received.hex(" "), line=before.count(b"\n") + 1)


def _constant(name: str) -> Never:
    raise _NotJsonError(f"a number must be finite, JSON has no {name}")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NotJsonError(f"a number must be finite as a 64-bit float, {text[:40]} is not")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _NotJsonError(f"an object must have each key once, {twice[:100]!r} comes twice")
    return made


def _is_deep(document: Any) -> bool:
    """Whether lists and objects are nested deeper than ``MAX_DEPTH``."""
    level = [document]
    for _ in range(MAX_DEPTH):
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


def _unholdable(document: Any) -> list[Problem]:
    """Texts and integers that a database cannot hold, and nesting that is too deep; without recursion."""
    found: list[Problem] = []
    waiting: list[tuple[Any, tuple[Any, ...], int]] = [(document, (), 0)]
    while waiting and len(found) < MAX_PROBLEMS:
        value, path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return [problem(f"JSON must be nested at most {MAX_DEPTH} levels deep", "more", field=_dotted(path))]
        if isinstance(value, dict):
            found += [_text_problem(key, path) for key in value if _bad_text(key)]
            waiting += [(inner, (path, key), depth + 1) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(inner, (path, index), depth + 1) for index, inner in enumerate(value)]
        elif isinstance(value, str) and _bad_text(value):
            found.append(_text_problem(value, path))
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            found.append(problem("an integer must fit into 64 bits", str(value)[:40], field=_dotted(path)))
    return found


def _bad_text(text: str) -> bool:
    return (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)) or "\0" in text


def _text_problem(text: str, path: tuple[Any, ...]) -> Problem:
    shown = ascii(text[:40])
    return problem("a text must have no NUL and no half of a surrogate pair", shown, field=_dotted(path) or None)


def _dotted(path: tuple[Any, ...]) -> str:
    keys: list[str] = []
    while path:
        path, key = path
        keys.append(ascii(key)[1:-1] if isinstance(key, str) else str(key))
    return ".".join(reversed(keys))


def content_type(request: Request) -> str:
    """The media type of the body, without parameters, in small letters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(request: Request) -> bool:
    kind = content_type(request)
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


async def read_json(request: Request) -> Any:
    """The JSON body. Raises UnsupportedMedia and Malformed."""
    raw = await request.body()
    if not is_json(request) and (raw or content_type(request)):
        raise UnsupportedMedia("application/json", request.headers.get("content-type", ""))
    return parse(raw)


class StrictRoute(APIRoute):
    """A route whose JSON body is read by ``read_json`` before FastAPI looks at it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def strict(request: Request) -> Response:
            parsed = _Parsed(request.scope, request.receive)
            parsed.document = await read_json(parsed)
            return await handler(parsed)

        return strict


class _Parsed(Request):
    document: Any

    async def json(self) -> Any:
        return self.document


@dataclass(frozen=True)
class Documented:
    """Annotation of a body that is documented as ``model`` and handed on as it came, to be checked as a whole."""

    model: type[BaseModel]

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)
