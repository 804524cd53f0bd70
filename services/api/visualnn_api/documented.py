"""How routes document their errors: every one is problem+json, in one shape."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

INPUT_SHAPE = 'Shape of inputs that the file does not say: `[28, 28, 1]` or `{"data": [28, 28, 1]}`.'
_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
_WHEN = {
    400: "The request cannot be read: malformed JSON or form, text that is not UTF-8.",
    403: "Host or Origin is not this server's.",
    404: "There is no such thing.",
    409: "The present state does not allow it.",
    412: "Someone was faster: If-Match names an older version.",
    413: "The body is larger than the limit.",
    415: "The body is of another kind than the route reads.",
    416: "The file has no such bytes.",
    422: "The input breaks rules; all of them are listed.",
    428: "If-Match is missing.",
    429: "Too much at once.",
    502: "What the request needs from elsewhere cannot be had.",
    503: "A part that the request needs does not answer; try again.",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer with these statuses."""
    return {status: _entry(_WHEN[status]) for status in statuses}


def any_error() -> dict[str, Any]:
    """The response that documents whatever else may go wrong."""
    return _entry("Any other error.")


def _entry(description: str) -> dict[str, Any]:
    return {"description": description, "content": _CONTENT}


def also(status: int, description: str, model: type[BaseModel] | None = None) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that has another successful status."""
    return {status: {"description": description} | ({"model": model} if model else {})}


def binary(description: str, media_type: str = "application/octet-stream") -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that answers with a file."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {int(HTTPStatus.OK): {"description": description, "content": {media_type: schema}}}


_FILES = ("file", "weights", "samples")


def multipart(properties: dict[str, str], required: tuple[str, ...] = ("file",)) -> dict[str, Any]:
    """The OpenAPI media type of a form; part -> its description. Parts named in ``_FILES`` are files."""
    parts: dict[str, Any] = {
        name: {"type": "string", "description": text}
        | ({"contentMediaType": "application/octet-stream", "format": "binary"} if name in _FILES else {})
        for name, text in properties.items()
    }
    example = {name: f"@{name}" if name in _FILES else name for name in required}
    return {"schema": {"type": "object", "required": list(required), "properties": parts}, "example": example}
