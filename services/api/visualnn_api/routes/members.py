"""/jobs/{id}/members: what an ensemble is made of, and what it gained."""

import json

from anyio import to_thread
from fastapi import APIRouter
from sqlalchemy.orm import Session
from visualnn_shared.ensembling.planning import epochs_of, monitored
from visualnn_shared.ensembling.report import REPORT, EnsembleReport
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.store import jobs
from visualnn_shared.store.tables import Artifact
from visualnn_shared.training.recipe import EnsembleParams
from visualnn_shared.tuning import reading

from visualnn_api.deps import Db, JobId, Objects, Owner
from visualnn_api.documented import errors
from visualnn_api.views.members import MembersView, MemberTraining

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])


@router.get("/members", summary="What an ensemble is made of, and its gain", responses=errors(404, 409, 422))
async def members(job_id: JobId, db: Db, objects: Objects, owner: Owner) -> MembersView:
    """The members' trainings while they run and after, and once the ensemble is done the comparison; 409 for a job of
    another kind."""
    view, row = await db.read(_members, owner, job_id)
    if row is None:
        return view
    report = json.loads(await to_thread.run_sync(objects.get, row.key))
    return view.model_copy(update={"report": EnsembleReport.model_validate(report)})


def _members(s: Session, owner: str, job_id: str) -> tuple[MembersView, Artifact | None]:
    job = jobs.get(s, owner, job_id)
    if job.kind != "ensemble":
        raise Conflict("only an ensemble job has members", f"a {job.kind} job")
    params = EnsembleParams.model_validate(job.params)
    along = params.method in ("snapshots", "average")
    rows = [
        MemberTraining(
            number=row.number + 1, job=row.job_id, state=row.state, seed=row.values.get("params.seed"),
            value=row.value, epochs=row.epochs, note=row.note,
        )
        for row in reading.rows(s, job_id)
    ]  # fmt: skip
    view = MembersView(
        method=params.method, monitor=monitored(params), trainings=rows, epochs=list(epochs_of(params)) if along else []
    )
    try:
        return view, jobs.artifact(s, owner, job_id, REPORT)
    except NotFound:
        return view, None
