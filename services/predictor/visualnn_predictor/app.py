"""The predictor as a bare ASGI application: routing, bodies, errors, lifetime. No framework is on the way.

One event loop reads requests, turns JSON into arrays, calls the models (see ``batching``) and writes JSON.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send
from visualnn_shared.errors import NotFound, Overloaded, TooLarge, Unavailable, VisualNNError
from visualnn_shared.objects import open_store
from visualnn_shared.spec.problem import problem
from visualnn_shared.store.database import Database
from visualnn_shared.web import PROBLEM_JSON, LoopbackGuard

from visualnn_predictor import friendly, v2
from visualnn_predictor.errors import MethodNotAllowed, RequestInvalid
from visualnn_predictor.metrics import CONTENT_TYPE, Metrics
from visualnn_predictor.registry import Loaded, Registry
from visualnn_predictor.settings import PredictorSettings

R = TypeVar("R")
VERSION = "0.1.0"
_log = logging.getLogger(__name__)
_JSON = b"application/json"
_NAME = r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,99})"
_WHICH = r"(?:/versions/(?P<which>[A-Za-z0-9][A-Za-z0-9._-]{0,63}))?"
_LARGE_TEXT = 64 * 1024
"""Bytes of a body from which it is parsed in a thread: pictures take milliseconds to decode."""
_PLAIN_ROUTES = {
    "/v2": "server", "/v2/": "server", "/v2/health/live": "live", "/v2/health/ready": "ready",
    "/healthz": "live", "/readyz": "ready", "/metrics": "metrics",
}  # fmt: skip
_MODEL_ROUTES = (
    ("infer", re.compile(f"/v2/models/{_NAME}{_WHICH}/infer")),
    ("predict", re.compile(f"/predict/{_NAME}{_WHICH}")),
    ("model_ready", re.compile(f"/v2/models/{_NAME}{_WHICH}/ready")),
    ("metadata", re.compile(f"/v2/models/{_NAME}{_WHICH}")),
)
_POSTED = {"infer", "predict"}


@dataclass(frozen=True, slots=True)
class Route:
    """What a path asks for."""

    kind: str
    name: str = ""
    which: str | None = None


@lru_cache(maxsize=4096)
def route_of(path: str) -> Route | None:
    """The route of a path, or None."""
    plain = _PLAIN_ROUTES.get(path)
    if plain is not None:
        return Route(plain)
    for kind, pattern in _MODEL_ROUTES:
        match = pattern.fullmatch(path)
        if match:
            return Route(kind, match["name"], match["which"])
    return None


class Predictor:
    """The application. ``startup`` opens the database and the objects; nothing is loaded until it is asked for."""

    def __init__(self, settings: PredictorSettings | None = None) -> None:
        self._given = settings
        self.metrics = Metrics()
        self.requests = 0
        self._get: dict[str, Callable[[Route], Awaitable[tuple[int, bytes, bytes]]]] = {
            "server": self._server,
            "live": self._live,
            "ready": self._ready,
            "metrics": self._metrics,
            "model_ready": self._model_ready,
            "metadata": self._metadata,
        }

    def startup(self) -> None:
        """Must run in the event loop. Raises for settings that cannot be used."""
        self.settings = self._given or PredictorSettings()
        self.db = Database(self.settings.database)
        self.objects = open_store(self.settings)
        self.registry = Registry(self.settings, self.db, self.objects, self.metrics)
        self.decoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="decode")

    def shutdown(self) -> None:
        self.registry.close()
        self.decoders.shutdown(wait=True, cancel_futures=True)
        self.db.dispose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.startup()
        except Exception as error:  # noqa: BLE001 - the server reports it and ends
            _log.exception("the predictor cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.get_running_loop().run_in_executor(None, self.shutdown)
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        self.requests += 1
        try:
            route = route_of(path)
            if route is None:
                raise NotFound("path", path)
            if route.kind in _POSTED:
                status, media, body = await self._predict(scope, receive, route)
            elif scope["method"] not in ("GET", "HEAD"):
                raise MethodNotAllowed("GET", scope["method"])
            else:
                status, media, body = await self._get[route.kind](route)
            await _send(send, status, media, b"" if scope["method"] == "HEAD" else body)
        except VisualNNError as error:
            await _send_error(send, error, path)
        except Exception:  # noqa: BLE001 - logged; the caller gets a 500 with an id
            await _send_unforeseen(send, scope)
        finally:
            self.requests -= 1

    async def _predict(self, scope: Scope, receive: Receive, route: Route) -> tuple[int, bytes, bytes]:
        if scope["method"] != "POST":
            raise MethodNotAllowed("POST", scope["method"])
        if self.requests > self.settings.predictor_max_requests:
            raise Overloaded("requests at once", self.settings.predictor_max_requests)
        begin = perf_counter()
        loaded = self.registry.at_hand(route.name, which := _which(scope, route))
        if loaded is None:
            loaded = await self.registry.get(route.name, which)
        status = 500
        try:
            body = await read_body(scope, receive, self.settings.predictor_max_body_bytes)
            answer = await self._answer(route, loaded, body)
            status = 200
            return 200, _JSON, answer
        except VisualNNError as error:
            status = error.status
            raise
        finally:
            loaded.metrics.answered(status, perf_counter() - begin)

    async def _answer(self, route: Route, loaded: Loaded, body: bytes) -> bytes:
        serving, most = loaded.model.serving, self.settings.predictor_max_samples
        if route.kind == "infer":
            request = await self._read(lambda: v2.read_request(_json(body), serving, most), body)
            return v2.write_answer(loaded.model, request, await loaded.batcher.run(request.arrays))
        arrays = await self._read(lambda: friendly.read_request(_json(body), serving, most), body)
        return friendly.write_answer(loaded.model, await loaded.batcher.run(arrays))

    async def _read(self, read: Callable[[], R], body: bytes) -> R:
        if len(body) < _LARGE_TEXT:
            return read()
        return await asyncio.get_running_loop().run_in_executor(self.decoders, read)

    async def _server(self, _route: Route) -> tuple[int, bytes, bytes]:
        return 200, _JSON, orjson.dumps({"name": "visualnn", "version": VERSION, "extensions": []})

    async def _live(self, _route: Route) -> tuple[int, bytes, bytes]:
        return 200, _JSON, b'{"live":true}'

    async def _ready(self, _route: Route) -> tuple[int, bytes, bytes]:
        loop = asyncio.get_running_loop()
        for ping in (self.db.ping, self.objects.ping):
            await asyncio.wait_for(loop.run_in_executor(None, ping), 10)
        return 200, _JSON, b'{"ready":true}'

    async def _metrics(self, _route: Route) -> tuple[int, bytes, bytes]:
        return 200, CONTENT_TYPE, self.metrics.render()

    async def _model_ready(self, route: Route) -> tuple[int, bytes, bytes]:
        loaded = await self.registry.get(route.name, route.which)
        known = {"name": route.name, "version": str(loaded.model.number), "ready": True}
        return 200, _JSON, orjson.dumps(known)

    async def _metadata(self, route: Route) -> tuple[int, bytes, bytes]:
        loaded = await self.registry.get(route.name, route.which)
        versions = [route.which] if route.which else await self.registry.versions(route.name)
        return 200, _JSON, orjson.dumps(v2.metadata(loaded.model, versions))


def _which(scope: Scope, route: Route) -> str | None:
    """A version's number or an alias, from the path or, in the friendly dialect, the query."""
    if route.which is not None or route.kind != "predict" or not scope["query_string"]:
        return route.which
    found = parse_qs(scope["query_string"].decode("latin-1")).get("version")
    return found[-1][:64] if found else None


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The request's body. Raises TooLarge, by its announced length or as it comes in."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise TooLarge("the request body (bytes)", limit, int(value))
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise TooLarge("the request body (bytes)", limit, len(body))
        return body
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unavailable("the caller", "the end of its request before its body was complete")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise TooLarge("the request body (bytes)", limit, f"over {size:,}")
    return b"".join(parts)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestInvalid(problem(f"the body must be JSON: {error}"[:300], field="body")) from None
    except RecursionError:
        raise RequestInvalid(problem("the body must not be nested so deep", field="body")) from None


async def _send(send: Send, status: int, media: bytes, body: bytes, *extra: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", media), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_error(send: Send, error: VisualNNError, path: str) -> None:
    """problem+json; under /v2 with the protocol's own ``error`` beside."""
    known = error.as_problem_json()
    if path.startswith("/v2"):
        known["error"] = str(error)
    extra = []
    retry = getattr(error, "retry_after_s", 2 if error.status == 503 else None)
    if retry is not None:
        extra.append((b"retry-after", str(retry).encode()))
    if isinstance(error, MethodNotAllowed):
        extra.append((b"allow", error.allowed.encode()))
    await _send(send, error.status, PROBLEM_JSON.encode(), orjson.dumps(known), *extra)


async def _send_unforeseen(send: Send, scope: Scope) -> None:
    request_id = secrets.token_hex(8)
    _log.exception("request %s failed: %s %s", request_id, scope.get("method"), scope.get("path"))
    known = VisualNNError(f"an unforeseen error; the log has it under request {request_id}").as_problem_json()
    body = orjson.dumps({**known, "request_id": request_id})
    await _send(send, 500, PROBLEM_JSON.encode(), body, (b"x-request-id", request_id.encode()))


def create_app(settings: PredictorSettings | None = None) -> ASGIApp:
    """The predictor behind its guard: only requests that name this machine, or an allowed host, reach it."""
    known = settings or PredictorSettings()
    hosts = [host.strip() for host in known.allowed_hosts.split(",") if host.strip()]
    return LoopbackGuard(Predictor(known), hosts)


def __getattr__(name: str) -> Any:
    """``visualnn_predictor.app:app``, made when a server asks for it: settings come from the environment then."""
    if name != "app":
        raise AttributeError(name)
    return create_app()
