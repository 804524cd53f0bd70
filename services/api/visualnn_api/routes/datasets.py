"""/datasets: stored samples."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from visualnn_shared.store import datasets

from visualnn_api import documented, storing
from visualnn_api.counting import class_counts
from visualnn_api.deps import AllParts, Cursor, DatasetId, Db, Limit, Objects, Owner, Settings
from visualnn_api.documented import errors
from visualnn_api.uploads import receive_form
from visualnn_api.views.common import Listing
from visualnn_api.views.datasets import ClassCounts, DatasetView, SamplesView, dataset_view

router = APIRouter(prefix="/datasets", tags=["data sets"])

_PARTS = {
    "file": "An npz or csv file.",
    "name": "What to call the data set; default: the file's name.",
    "format": "npz or csv; found out from the name and content where it is left out.",
}
_BODY = {"required": True, "content": {"multipart/form-data": documented.multipart(_PARTS)}}


@router.post(
    "",
    status_code=201,
    summary="Store a data set",
    responses=documented.also(200, "It was stored before, under this name.", DatasetView)
    | errors(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": _BODY},
)
async def create(request: Request, response: Response, parts: AllParts, owner: Owner) -> DatasetView:
    """The file is checked whole: 422 lists every problem. The same content and name again is the same data set."""
    settings = parts.settings
    async with receive_form(
        request,
        spool_dir=settings.spool_dir,
        files=("file",),
        fields=("name", "format"),
        max_bytes=settings.max_dataset_bytes,
    ) as form:
        row, new = await storing.store(parts, owner, form)
    view = dataset_view(row)
    response.status_code, response.headers["Location"] = 201 if new else 200, view.links["self"]
    return view


@router.get("", summary="List data sets", responses=errors(422))
async def list_datasets(
    db: Db,
    owner: Owner,
    cursor: Cursor = None,
    limit: Limit = 50,
    name: Annotated[str | None, Query(description="Only data sets with exactly this name.", max_length=200)] = None,
) -> Listing[DatasetView]:
    """The newest first."""
    page = await db.read(datasets.page, owner, cursor, limit, name)
    return Listing(items=[dataset_view(row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{dataset_id}", summary="Read a data set", responses=errors(404, 422))
async def read(dataset_id: DatasetId, db: Db, owner: Owner) -> DatasetView:
    """Its schema (features and label, with shapes, types, ranges and classes) and the size of its splits."""
    return dataset_view(await db.read(datasets.get, owner, dataset_id))


@router.get("/{dataset_id}/samples", summary="Look at samples", responses=errors(404, 422, 503))
async def samples(
    dataset_id: DatasetId,
    db: Db,
    objects: Objects,
    settings: Settings,
    owner: Owner,
    split: Annotated[Literal["train", "test"], Query(description="Which split.")] = "train",
    offset: Annotated[int, Query(description="The first sample's index.", ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(description="How many samples.", ge=1, le=200)] = 16,
) -> SamplesView:
    """Samples as they were stored, before any preprocessing."""
    row = await db.read(datasets.get, owner, dataset_id)
    return await storing.look(objects, settings, row, split, offset, limit)


@router.get("/{dataset_id}/classes", summary="Count the samples of each class", responses=errors(404, 422, 503))
async def classes(dataset_id: DatasetId, db: Db, objects: Objects, settings: Settings, owner: Owner) -> ClassCounts:
    """By split: whether the classes are even, and whether a split lacks one."""
    return await class_counts(objects, settings, await db.read(datasets.get, owner, dataset_id))


@router.delete("/{dataset_id}", status_code=204, summary="Delete a data set", responses=errors(404, 409, 422, 503))
async def delete(dataset_id: DatasetId, db: Db, objects: Objects, owner: Owner) -> None:
    """409 while a queued or running job needs it; what was trained on it stays."""
    await storing.remove(db, objects, owner, dataset_id)
