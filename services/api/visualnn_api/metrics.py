"""Prometheus metrics of the gateway: requests by route and status, time to the first byte, jobs by state."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "/api/v1"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One registry per application, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "visualnn_http_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "visualnn_http_request_seconds",
            "Seconds until an answer's first byte.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge("visualnn_http_requests_in_flight", "Requests being answered.", registry=self.registry)
        self.jobs = Gauge("visualnn_jobs", "Jobs by state.", ("state",), registry=self.registry)
        self.workers = Gauge("visualnn_workers_online", "Workers seen in the last minute.", registry=self.registry)
        self.operators = Gauge("visualnn_operators", "Operators that can be called.", registry=self.registry)

    def render(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)


class MetricsMiddleware:
    """Counts and times every request by its route's template, never by its path: paths hold ids."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin, status = time.perf_counter(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self.metrics.seconds.labels(_method(scope), _route(scope)).observe(time.perf_counter() - begin)
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, watch)
            finally:
                self.metrics.requests.labels(_method(scope), _route(scope), str(status or "none")).inc()


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The template of the whole path; some FastAPI versions leave the prefix of an included router out of a route."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "unmatched"
    prefixed = scope["path"].startswith(f"{PREFIX}/") and not path.startswith(PREFIX)
    return f"{PREFIX}{path}" if prefixed else str(path)
