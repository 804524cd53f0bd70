"""/jobs/{id}/reproduce: a training done again and compared."""

from fastapi import APIRouter, Response
from visualnn_shared.jobs.model import State

from visualnn_api import reproducing
from visualnn_api.deps import Db, JobId, Objects, Owner, Wake
from visualnn_api.documented import errors
from visualnn_api.views.jobs import JobView
from visualnn_api.views.reproductions import ReproductionView

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])


@router.post("/reproduce", status_code=202, summary="Train again, to compare", responses=errors(404, 409, 422))
async def reproduce(job_id: JobId, response: Response, db: Db, wake: Wake, owner: Owner) -> JobView:
    """Queues the same training of the same model version on the same data set; 409 unless it succeeded."""
    job = await db.run(reproducing.again, owner, job_id)
    response.headers["Location"] = job.links["self"]
    if job.state == State.QUEUED:
        wake.wake(job.queue)
    return job


@router.get("/reproduction", summary="Compare a repetition with its original", responses=errors(404, 409, 422, 503))
async def reproduction(job_id: JobId, db: Db, objects: Objects, owner: Owner) -> ReproductionView:
    """Of a job that `POST /jobs/{id}/reproduce` queued: whether it ended as the first did, and what was different."""
    job, first, records = await db.read(reproducing.pair, owner, job_id)
    return reproducing.compared(objects, job, first, records)
