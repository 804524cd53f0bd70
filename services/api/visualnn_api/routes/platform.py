"""/workers: who does the work."""

from fastapi import APIRouter
from visualnn_shared.jobs import workers

from visualnn_api.deps import Db
from visualnn_api.views.platform import Workers, worker_view

router = APIRouter(tags=["platform"])


@router.get("/workers", summary="List online workers")
async def list_workers(db: Db) -> Workers:
    """With their devices, the queues they serve and the job they work on."""
    return Workers(items=[worker_view(row) for row in await db.read(workers.online)])
