"""What every HTTP service does alike: errors as ``application/problem+json``, and guards in front of the routes.

The guards are plain ASGI, so that they also fit an application without a framework.
"""

import contextlib
import ipaddress
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visualnn_shared.errors import Forbidden, Invalid, TooLarge, VisualNNError
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.validation import problems_of

PROBLEM_JSON = "application/problem+json"
_log = logging.getLogger(__name__)
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_PARTS = {"body", "query", "path", "header", "cookie"}  # where FastAPI found a value; the field's own path follows


def problem_response(error: VisualNNError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for ``error`` (RFC 9457). ASCII JSON: a user's text may hold lone surrogates."""
    extra = dict(headers or {})
    retry = getattr(error, "retry_after_s", 2 if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    if retry is not None:
        extra.setdefault("Retry-After", str(retry))
    return _problem(error.as_problem_json(), error.status, extra)


def install_problem_handlers(app: Starlette) -> None:
    """Make ``app`` (Starlette or FastAPI) answer every error as problem+json, the unforeseen with 500 and an id."""
    app.add_exception_handler(VisualNNError, _on_own_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    try:  # shared does not depend on FastAPI; a service that has it gets its validation errors translated too
        from fastapi.exceptions import RequestValidationError
    except ImportError:
        pass
    else:
        app.add_exception_handler(RequestValidationError, _on_request_validation)
    app.add_middleware(UnforeseenErrors)


async def _on_own_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, VisualNNError)
    return problem_response(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    headers = dict(error.headers or {})
    found: list[Problem] = []
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = _allowed(request) or headers.get("Allow", "")
        rule = f"the method must be {headers['Allow'].replace(', ', ' or ') or 'another one'} here"
        found = [problem(rule, request.method[:20], field="method")]
    elif error.status_code == HTTPStatus.NOT_FOUND and error.detail == title:
        found = [problem("the path must be one that this server knows", request.url.path, field="path")]
    body = {
        "type": f"urn:visualnn:error:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": error.status_code,
        "detail": f"{found[0].rule}; received {found[0].received!r}" if found else str(error.detail),
        "problems": [one.model_dump(mode="json") for one in found],
    }
    return _problem(body, error.status_code, headers)


def _allowed(request: Request) -> str:
    """The methods of every route with the request's path; the framework names those of the first one alone."""
    asked = {key: request.scope[key] for key in ("type", "path", "root_path", "headers") if key in request.scope}
    return ", ".join(
        method
        for method in _METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in request.app.router.routes)
    )


async def _on_request_validation(_request: Request, error: Exception) -> Response:
    found: list[dict[str, Any]] = []
    broken_json = [one for one in error.errors() if one.get("type") == "json_invalid"]  # type: ignore[attr-defined]
    if broken_json:
        one = broken_json[0]
        reason = (one.get("ctx") or {}).get("error", "not readable")
        rule = f"the body must be JSON: {reason} at character {one['loc'][-1]}"
        return problem_response(Invalid("the request", [problem(rule, field="body")]))
    for one in error.errors():  # type: ignore[attr-defined]
        place = tuple(one.get("loc", ()))
        in_body = place[:1] == ("body",)
        place = place[1:] if place[:1] and place[0] in _PARTS else place
        found.append({**one, "loc": place, "in_body": in_body})
    body = getattr(error, "body", None)
    problems = problems_of((one for one in found if one["in_body"]), body)
    problems += problems_of(one for one in found if not one["in_body"])
    return problem_response(Invalid("the request", problems))


class UnforeseenErrors:
    """Answers an exception nobody caught with 500 and a request id; the traceback goes to the log, never outside."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except VisualNNError as error:  # raised by a middleware, outside the application's own handlers
            if started:
                raise
            await problem_response(error)(scope, receive, send)
        except Exception:
            request_id = secrets.token_hex(8)
            _log.exception("request %s failed: %s %s", request_id, scope.get("method"), scope.get("path"))
            if started:
                raise  # half an answer is out: let the server break the connection
            await _unforeseen(request_id)(scope, receive, send)


def _unforeseen(request_id: str) -> Response:
    body = VisualNNError(f"an unforeseen error; the log has it under request {request_id}").as_problem_json()
    return _problem({**body, "request_id": request_id}, 500, {"X-Request-ID": request_id})


def _problem(body: Mapping[str, Any], status: int, headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(body), status, headers=headers, media_type=PROBLEM_JSON)


class LoopbackGuard:
    """Lets only requests pass that name this machine, for servers without accounts.

    A page on the web can make a browser post to 127.0.0.1, or bind its own name to 127.0.0.1 (DNS rebinding). So
    ``Host`` must be a loopback name or one of ``allowed_hosts``, and ``Origin``, which browsers send with every
    cross-site post, must be the same host and port, a loopback name, or an allowed host.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str] = ()) -> None:
        self.app = app
        self.allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if error is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        else:
            await problem_response(error)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Forbidden | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if len(hosts) != 1 or not self._known(_host_of(hosts[0])):
            return Forbidden(
                "Host must name this machine, or be in the list of allowed hosts", ", ".join(hosts) or "none"
            )
        for origin in origins:
            if not self._known(_host_of(origin.partition("://")[2])):
                return Forbidden("Origin must be this server's own", origin)
        return None

    def _known(self, host: str | None) -> bool:
        return host is not None and (host in self.allowed or is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether ``host`` (no port, no brackets) is this machine: localhost, a name below it, 127.0.0.0/8 or ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_of(authority: str) -> str | None:
    """The host of ``host[:port]`` in small letters; None where it cannot be read."""
    try:
        parts = urlsplit(f"//{authority}")
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.hostname


class BodyLimit:
    """Refuses request bodies over ``limit`` bytes with 413, by their announced length or as they stream in.

    ``limits`` gives other limits to paths that start with a prefix; the longest prefix that fits counts.
    """

    def __init__(self, app: ASGIApp, limit: int, limits: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.limit = limit
        self.limits = sorted((limits or {}).items(), key=lambda pair: -len(pair[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((value for prefix, value in self.limits if scope["path"].startswith(prefix)), self.limit)
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if announced.isdigit() and int(announced) > limit:
            await problem_response(TooLarge("the request body (bytes)", limit, int(announced)))(scope, receive, send)
            return
        await _Counted(self.app, limit).run(scope, receive, send)


class _TooMuch(Exception):  # noqa: N818 - a signal, not an error that anyone reads
    """Leaves the application, whatever it does with exceptions from reading the body."""


class _Counted:
    """One request whose body is counted. A framework may turn our signal into a 400: the answer is replaced then."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit
        self.seen, self.started, self.over = 0, False, False

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count() -> Message:
            message = await receive()
            self.seen += len(message.get("body", b"") or b"")
            if self.seen > self.limit:
                self.over = True
                raise _TooMuch
            return message

        async def watch(message: Message) -> None:
            if self.over and not self.started:
                return
            self.started = True
            await send(message)

        with contextlib.suppress(_TooMuch):
            await self.app(scope, count, watch)
        if self.over and not self.started:
            await problem_response(TooLarge("the request body (bytes)", self.limit, f"over {self.seen:,}"))(
                scope, receive, send
            )
