"""The gateway as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from visualnn_shared.web import BodyLimit, LoopbackGuard, install_problem_handlers

from visualnn_api import openapi
from visualnn_api.guards import AddressGuard
from visualnn_api.metrics import PREFIX, Metrics, MetricsMiddleware
from visualnn_api.parts import open_parts
from visualnn_api.routes import API, ROOT
from visualnn_api.settings import ApiSettings
from visualnn_api.together.access import ShareGuard

_FORM_OVERHEAD = 1024 * 1024
"""Bytes that a form may have around its files."""


def create_app(settings: ApiSettings | None = None) -> FastAPI:
    """The gateway; it opens its parts when the server starts it and closes them when the server ends."""
    chosen = settings or ApiSettings()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_parts(chosen, metrics) as parts:
            app.state.parts = parts
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    for router in API:
        app.include_router(router, prefix=PREFIX)
    for router in ROOT:
        app.include_router(router)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    openapi.install(app)
    _guard(app, chosen, metrics)
    return app


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    """Nobody reads this; without it a client that leaves in mid-upload would be logged as a fault of ours."""
    return Response(status_code=400)


def _guard(app: FastAPI, settings: ApiSettings, metrics: Metrics) -> None:
    """What stands before the routes; each line adds the next layer outwards."""
    app.add_middleware(BodyLimit, limit=settings.max_json_bytes, limits=_body_limits(settings))
    app.add_middleware(ShareGuard)
    app.add_middleware(AddressGuard)
    hosts = [host.strip() for host in settings.allowed_hosts.split(",") if host.strip()]
    app.add_middleware(LoopbackGuard, allowed_hosts=hosts)
    install_problem_handlers(app)
    app.add_middleware(MetricsMiddleware, metrics=metrics)


def _body_limits(settings: ApiSettings) -> dict[str, int]:
    return {
        f"{PREFIX}/datasets": settings.max_dataset_bytes + _FORM_OVERHEAD,
        f"{PREFIX}/models": settings.max_model_bytes + _FORM_OVERHEAD,
        f"{PREFIX}/conversions": 2 * settings.max_model_bytes + _FORM_OVERHEAD,
        f"{PREFIX}/operators": settings.max_predict_bytes,
        "/v2": settings.max_predict_bytes,
    }


def __getattr__(name: str) -> FastAPI:
    """``visualnn_api.main:app``, made when a server asks for it: settings come from the environment then."""
    if name != "app":
        raise AttributeError(name)
    return create_app()
