"""/jobs: asynchronous work."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import StreamingResponse
from visualnn_shared.ids import KEY
from visualnn_shared.jobs.model import State

from visualnn_api import documented, running, streams, submission
from visualnn_api.bodies import Documented, StrictRoute
from visualnn_api.deps import AllParts, Cursor, Db, JobId, Limit, Owner, Wake
from visualnn_api.documented import errors
from visualnn_api.views.common import Listing
from visualnn_api.views.jobs import EXAMPLES, JobRequest, JobView, Kind

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=StrictRoute)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of up to 255 characters that is new for each new job: a request that is sent again with "
        "it and the same body answers with the same job.",
        pattern=KEY,
    ),
]


@router.post("", status_code=202, summary="Queue a job", responses=errors(400, 413, 415, 422, 503))
async def create(
    body: Annotated[Any, Documented(JobRequest), Body(openapi_examples=EXAMPLES)],
    response: Response,
    parts: AllParts,
    owner: Owner,
    key: IdempotencyKey = None,
) -> JobView:
    """422 lists every problem of the params and of model and data set together, before anything is queued."""
    job = await submission.submit(parts, owner, body, key)
    response.headers["Location"] = job.links["self"]
    return job


@router.get("", summary="List jobs", responses=errors(422))
async def list_jobs(
    db: Db,
    owner: Owner,
    cursor: Cursor = None,
    limit: Limit = 50,
    state: Annotated[State | None, Query(description="Only jobs in this state.")] = None,
    kind: Annotated[Kind | None, Query(description="Only jobs of this kind.")] = None,
    model: Annotated[str | None, Query(description="Only jobs on the model with this id.", max_length=64)] = None,
) -> Listing[JobView]:
    """The newest first."""
    return await db.read(running.listed, owner, cursor, limit, state, kind, model)


@router.get("/{job_id}", summary="Read a job", responses=errors(404, 422))
async def read(job_id: JobId, db: Db, owner: Owner) -> JobView:
    """State, progress, metrics so far; of a failed job the error with its class and the next step to take."""
    return await db.read(running.read, owner, job_id)


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses=documented.binary(
        "Server-sent events `state`, `batch`, `epoch`, `episode`, `metrics`, `insight` and `log`, with JSON data.",
        "text/event-stream",
    )
    | documented.also(204, "The job has ended and there is nothing newer; a browser stops asking.")
    | errors(404, 422),
)
async def events(
    job_id: JobId,
    parts: AllParts,
    owner: Owner,
    after: Annotated[int, Query(description="Only events with a larger id.", ge=0, le=2**63 - 1)] = 0,
    last: Annotated[
        int | None,
        Header(alias="Last-Event-ID", description="As `after`; it counts where both come.", ge=0, le=2**63 - 1),
    ] = None,
) -> Response:
    """Begins with what happened since `Last-Event-ID` and ends when the job has."""
    last_id = after if last is None else last
    found, over = await parts.db.read(streams.newer, owner, job_id, last_id)
    if over and not found:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        streams.stream(parts, owner, job_id, last_id), headers=headers, media_type="text/event-stream"
    )


@router.post(
    "/{job_id}/cancel",
    summary="Stop a job",
    responses=documented.also(202, "It runs; it is cancelled once its worker has stopped it.", JobView)
    | errors(404, 409, 422),
)
async def cancel(job_id: JobId, response: Response, db: Db, owner: Owner) -> JobView:
    """200 with a cancelled job, 202 while a running one is being stopped, 409 where it has ended otherwise."""
    job = await db.run(running.cancelled, owner, job_id)
    response.status_code = 200 if job.state == State.CANCELLED else 202
    return job


@router.post("/{job_id}/resume", summary="Go on with a failed or cancelled job", responses=errors(404, 409, 422))
async def resume(job_id: JobId, db: Db, wake: Wake, owner: Owner) -> JobView:
    """From its last checkpoint. A queued or running job stays as it is; 409 for one that succeeded."""
    job = await db.run(running.resumed, owner, job_id)
    wake.wake(job.queue)
    return job
