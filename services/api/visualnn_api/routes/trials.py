"""/jobs/{id}/trials: what a search has tried."""

from fastapi import APIRouter
from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict
from visualnn_shared.store import jobs
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.tuning import reading, report

from visualnn_api.deps import Db, JobId, Owner
from visualnn_api.documented import errors
from visualnn_api.views.trials import TrialsView

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])


@router.get("/trials", summary="List the trials of a search", responses=errors(404, 409, 422))
async def trials(job_id: JobId, db: Db, owner: Owner) -> TrialsView:
    """In the order in which they were asked for, while it runs and after; 409 for a job of another kind."""
    return await db.read(_trials, owner, job_id)


def _trials(s: Session, owner: str, job_id: str) -> TrialsView:
    job = jobs.get(s, owner, job_id)
    if job.kind != "tune":
        raise Conflict("only a tune job has trials", f"a {job.kind} job")
    return TrialsView.model_validate(report.summary(TuneParams.model_validate(job.params), reading.rows(s, job_id)))
