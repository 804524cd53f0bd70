"""/healthz, /readyz, /metrics: for those who run the platform."""

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session
from visualnn_shared.jobs import workers
from visualnn_shared.jobs.model import State
from visualnn_shared.store import jobs, operators

from visualnn_api.deps import AllParts
from visualnn_api.metrics import CONTENT_TYPE, Metrics
from visualnn_api.readiness import readiness
from visualnn_api.version import VERSION
from visualnn_api.views.platform import Alive, Readiness

router = APIRouter(tags=["operations"])


@router.get("/healthz", summary="Is the gateway alive")
async def healthz() -> Alive:
    """Asks no other part."""
    return Alive(version=VERSION)


@router.get(
    "/readyz",
    summary="Is the platform ready",
    responses={503: {"model": Readiness, "description": "A needed part does not answer."}},
)
async def readyz(parts: AllParts, response: Response) -> Readiness:
    """Each part and what it says; 503 while a needed one is missing."""
    found = await readiness(parts)
    response.status_code = 503 if found.status == "not ready" else 200
    return found


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"description": "The text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(parts: AllParts) -> Response:
    """Requests by route and status, time to the first byte, jobs by state, online workers, operators."""
    await parts.db.read(_count, parts.metrics)
    return Response(parts.metrics.render(), media_type=CONTENT_TYPE)


def _count(s: Session, metrics: Metrics) -> None:
    known = jobs.count_by_state(s)
    for state in State:
        metrics.jobs.labels(state.value).set(known.get(state.value, 0))
    metrics.workers.set(len(workers.online(s)))
    metrics.operators.set(operators.count(s))
