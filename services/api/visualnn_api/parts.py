"""The parts that the gateway works with, opened at its start and closed at its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from anyio import to_thread
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.objects import ObjectStore, open_store
from visualnn_shared.store.database import Database

from visualnn_api.metrics import Metrics
from visualnn_api.settings import ApiSettings
from visualnn_api.together.lobby import Lobby
from visualnn_api.upstream import Upstream


@dataclass(frozen=True)
class Parts:
    settings: ApiSettings
    db: Database
    objects: ObjectStore
    waker: Waker
    converter: Upstream
    predictor: Upstream
    metrics: Metrics
    lobby: Lobby
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server was told to end: what waits for something to tell ends then."""


@asynccontextmanager
async def open_parts(settings: ApiSettings, metrics: Metrics) -> AsyncIterator[Parts]:
    """Every part; the database is brought to its newest form first. Raises Unavailable where one cannot be had."""
    db = Database(settings.database)
    converter = Upstream("converter", settings.converter_url, settings.upstream_timeout_s)
    predictor = Upstream("predictor", settings.predictor_url, settings.upstream_timeout_s)
    try:
        await to_thread.run_sync(db.upgrade)
        objects = await to_thread.run_sync(open_store, settings)
        waker, lobby = Waker(settings.broker_url), Lobby(db, settings)
        yield Parts(settings, db, objects, waker, converter, predictor, metrics, lobby)
    finally:
        await converter.close()
        await predictor.close()
        await to_thread.run_sync(db.dispose)
