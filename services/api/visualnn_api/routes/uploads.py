"""/uploads: files that are sent in parts: the protocol tus 1.0.0 with creation, termination and expiration."""

from email.utils import formatdate
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Request, Response
from visualnn_shared.ids import ID

from visualnn_api import resumable
from visualnn_api.bodies import content_type
from visualnn_api.deps import AllParts, Objects, Owner, Settings
from visualnn_api.documented import errors
from visualnn_api.errors import UnsupportedMedia
from visualnn_api.views.datasets import UploadView

router = APIRouter(prefix="/uploads", tags=["data sets"])
_PART = "application/offset+octet-stream"
_TUS = {"Tus-Resumable": "1.0.0"}
_BODY = {"required": True, "content": {_PART: {"schema": {"type": "string", "format": "binary"}, "example": "..."}}}
UploadId = Annotated[
    str, Path(description="The upload's id.", pattern=ID, examples=["upload-01jd2k3m4n5p6q7r8s9t0v1w2x"])
]


def _said(response: Response, offset: int, info: resumable.Info) -> None:
    response.headers.update(_TUS)
    response.headers["Upload-Offset"] = str(offset)
    response.headers["Upload-Length"] = str(info.length)
    response.headers["Upload-Expires"] = formatdate(info.began + resumable.KEPT_S, usegmt=True)
    response.headers["Cache-Control"] = "no-store"


@router.options("", status_code=204, summary="What this server can do")
async def can(response: Response, settings: Settings) -> None:
    """Version and extensions of the protocol, and the largest file."""
    response.headers.update(_TUS)
    response.headers["Tus-Version"] = "1.0.0"
    response.headers["Tus-Extension"] = "creation,termination,expiration"
    response.headers["Tus-Max-Size"] = str(settings.max_dataset_bytes)


@router.post("", status_code=201, summary="Begin an upload", responses=errors(413, 422, 503))
async def begin(
    request: Request,
    response: Response,
    objects: Objects,
    settings: Settings,
    owner: Owner,
    upload_length: Annotated[str | None, Header(description="Size of the whole file in bytes.")] = None,  # noqa: ARG001
    upload_metadata: Annotated[str | None, Header(description="`filename` and its base64.")] = None,  # noqa: ARG001
) -> UploadView:
    """`Location` is where the parts go. A finished upload becomes a data set by `POST /datasets` with its id."""
    length, filename = resumable.announced(request.headers, settings)
    info = await to_thread.run_sync(resumable.begin, objects, owner, length, filename)
    _said(response, 0, info)
    response.headers["Location"] = f"/api/v1/uploads/{info.id}"
    return UploadView(id=info.id, length=info.length, filename=info.filename)


@router.head("/{upload_id}", status_code=204, summary="How much has come", responses=errors(404, 422, 503))
async def look(upload_id: UploadId, response: Response, objects: Objects, owner: Owner) -> None:
    """`Upload-Offset`: go on from there."""
    info = await to_thread.run_sync(resumable.find, objects, owner, upload_id)
    _said(response, await to_thread.run_sync(resumable.offset, objects, upload_id), info)


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Send a part",
    responses=errors(404, 409, 413, 415, 422, 503),
    openapi_extra={"requestBody": _BODY},
)
async def send(
    upload_id: UploadId,
    request: Request,
    response: Response,
    parts: AllParts,
    owner: Owner,
    upload_offset: Annotated[str | None, Header(description="Where in the file this part begins.")] = None,
) -> None:
    """The body is what comes at `Upload-Offset`; 409 where the upload is elsewhere. What came is kept."""
    if content_type(request) != _PART:
        raise UnsupportedMedia(_PART, request.headers.get("content-type", ""))
    info = await to_thread.run_sync(resumable.find, parts.objects, owner, upload_id)
    at = resumable.number(upload_offset, "Upload-Offset")
    _said(response, await resumable.append(request, parts, info, at), info)


@router.delete("/{upload_id}", status_code=204, summary="Give an upload up", responses=errors(404, 422, 503))
async def remove(upload_id: UploadId, response: Response, objects: Objects, owner: Owner) -> None:
    """What has come of it is removed."""
    await to_thread.run_sync(resumable.find, objects, owner, upload_id)
    await to_thread.run_sync(resumable.remove, objects, upload_id)
    response.headers.update(_TUS)
