"""/jobs/{id}/weights and /artifacts: what a job leaves."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from visualnn_shared.training.weights import WeightsFormat

from visualnn_api import documented, downloads, results
from visualnn_api.deps import AllParts, Db, JobId, Objects, Owner
from visualnn_api.documented import errors
from visualnn_api.running import artifacts
from visualnn_api.views.jobs import Artifacts

router = APIRouter(prefix="/jobs/{job_id}", tags=["results"])

_RANGES = documented.also(206, "The range of bytes that `Range` asked for.") | documented.also(
    304, "`If-None-Match` names the file's ETag, which is its sha256."
)


@router.head("/weights", include_in_schema=False)
@router.get(
    "/weights",
    summary="Download the weights",
    response_class=Response,
    responses=documented.binary("The file.") | _RANGES | errors(404, 409, 416, 422, 503),
)
async def weights(
    job_id: JobId,
    request: Request,
    parts: AllParts,
    owner: Owner,
    format: Annotated[WeightsFormat, Query(description="safetensors is canonical.")] = WeightsFormat.SAFETENSORS,
) -> Response:
    """Of a train job that succeeded; 409 before. Answers single ranges; the ETag is the file's sha256."""
    return await results.weights(request, parts, owner, job_id, format)


@router.get("/artifacts", summary="List a job's files", responses=errors(404, 422))
async def list_artifacts(job_id: JobId, db: Db, owner: Owner) -> Artifacts:
    """Empty until the job has succeeded."""
    return await db.read(artifacts, owner, job_id)


@router.head("/artifacts/{name}", include_in_schema=False)
@router.get(
    "/artifacts/{name}",
    summary="Download a file of a job",
    response_class=Response,
    responses=documented.binary("The file.") | _RANGES | errors(404, 416, 422, 503),
)
async def artifact(
    job_id: JobId,
    name: Annotated[str, Path(description="As the list names it.", max_length=100, examples=["history.json"])],
    request: Request,
    db: Db,
    objects: Objects,
    owner: Owner,
    lang: Annotated[Literal["en", "zh-CN"], Query(description="Of the words in a picture, where it has them.")] = "en",
) -> Response:
    """history.json, evaluation.json, predictions.npz, ...; with ranges and ETag as the weights."""
    row = await db.read(results.in_language, owner, job_id, name, lang)
    return await downloads.answer(request, results.stored(objects, row))
