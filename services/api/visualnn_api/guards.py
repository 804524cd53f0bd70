"""A guard in front of the routes: text in the address that no database can hold is refused before it gets there."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send
from visualnn_shared.spec.problem import problem
from visualnn_shared.web import problem_response

from visualnn_api.errors import Malformed


class AddressGuard:
    """Answers 400 where the path or query holds a NUL, or bytes that are not UTF-8."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not (_plain(scope["path"]) and _plain_query(scope["query_string"])):
            received = ascii(scope["path"] + "?" + scope["query_string"].decode("latin-1"))[:200]
            error = Malformed([problem("path and query must be UTF-8 without NUL", received)])
            await problem_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _plain(text: str) -> bool:
    return "\0" not in text and "\ufffd" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _plain_query(raw: bytes) -> bool:
    if b"%" not in raw and raw.isascii():
        return True
    try:
        return "\0" not in unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return False
