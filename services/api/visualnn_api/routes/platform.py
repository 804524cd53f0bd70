"""/workers: who does the work. /features: what is switched on."""

from fastapi import APIRouter
from visualnn_shared.jobs import workers

from visualnn_api.deps import Db, Settings
from visualnn_api.views.platform import Features, Workers, worker_view

router = APIRouter(tags=["platform"])


@router.get("/workers", summary="List online workers")
async def list_workers(db: Db) -> Workers:
    """With their devices, the queues they serve and the job they work on."""
    return Workers(items=[worker_view(row) for row in await db.read(workers.online)])


@router.get("/features", summary="What is switched on")
async def features(settings: Settings) -> Features:
    """For clients that offer only what will be answered."""
    return Features(import_urls=settings.import_urls)
