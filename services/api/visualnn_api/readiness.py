"""Whether each part answers now."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
from anyio import to_thread
from kombu.exceptions import OperationalError
from visualnn_shared.errors import Unavailable, VisualNNError
from visualnn_shared.jobs import workers
from visualnn_shared.jobs.wakeup import celery_app

from visualnn_api.parts import Parts
from visualnn_api.upstream import Upstream
from visualnn_api.views.platform import PartStatus, Readiness

_WAIT_S = 3.0


async def readiness(parts: Parts) -> Readiness:
    """Every part asked at once, each given a few seconds."""
    asked: dict[str, tuple[bool, Callable[[Parts], Awaitable[str]]]] = {
        "database": (True, _database),
        "object store": (True, _objects),
        "converter": (True, lambda p: _upstream(p.converter, "/healthz")),
        "predictor": (True, lambda p: _upstream(p.predictor, "/v2/health/ready")),
        "broker": (False, _broker),
        "workers": (False, _workers),
    }
    found = await asyncio.gather(*(_status(parts, needed, ask) for needed, ask in asked.values()))
    known = dict(zip(asked, found, strict=True))
    down = [one for one in known.values() if one.status == "down"]
    status = "not ready" if any(one.needed for one in down) else "degraded" if down else "ready"
    return Readiness(status=status, parts=known)


async def _status(parts: Parts, needed: bool, ask: Callable[[Parts], Awaitable[str]]) -> PartStatus:
    try:
        detail = await asyncio.wait_for(ask(parts), _WAIT_S)
    except TimeoutError:
        return PartStatus(status="down", needed=needed, detail=f"no answer within {_WAIT_S:g} s")
    except VisualNNError as error:
        return PartStatus(status="down", needed=needed, detail=error.detail)
    return PartStatus(status="none" if detail.startswith("none") else "ok", needed=needed, detail=detail)


async def _database(parts: Parts) -> str:
    await to_thread.run_sync(parts.db.ping)
    return parts.db.dialect


async def _objects(parts: Parts) -> str:
    await to_thread.run_sync(parts.objects.ping)
    return parts.settings.objects.partition(":")[0]


async def _upstream(upstream: Upstream, path: str) -> str:
    async with upstream.stream("GET", path, timeout=httpx.Timeout(_WAIT_S)) as answer:
        return f"status {answer.status_code}"


async def _broker(parts: Parts) -> str:
    if not parts.settings.broker_url:
        return "none is configured; workers poll"
    await to_thread.run_sync(_connect, parts.settings.broker_url)
    return parts.settings.broker_url.partition(":")[0]


def _connect(url: str) -> None:
    """Raises Unavailable where the broker does not take a connection."""
    with celery_app(url).connection_for_write() as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_WAIT_S)
        except (OperationalError, OSError) as error:
            raise Unavailable("the broker", type(error).__name__) from error


async def _workers(parts: Parts) -> str:
    number = len(await parts.db.read(workers.online))
    return f"{number} online" if number else "none is online; jobs wait"
