"""/datasets: stored samples."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from visualnn_shared.datasets.reading import FORMATS
from visualnn_shared.store import datasets

from visualnn_api import documented, knowing, looking, storing
from visualnn_api.bodies import is_json
from visualnn_api.counting import class_counts
from visualnn_api.deps import AllParts, Cursor, DatasetId, Db, Limit, Objects, Owner, Settings
from visualnn_api.documented import errors
from visualnn_api.uploads import receive_form
from visualnn_api.views.common import Listing
from visualnn_api.views.datasets import (
    ClassCounts,
    DatasetFormat,
    DatasetView,
    DivideRequest,
    KnownDataset,
    QualityView,
    SamplesView,
    dataset_view,
)

router = APIRouter(prefix="/datasets", tags=["data sets"])

_PARTS = {
    "file": "The samples: see GET /datasets/formats. Several parts of this name make one data set: x_train.npy, ...",
    "name": "What to call the data set; default: the file's name.",
    "format": "One of GET /datasets/formats; found out from the name and content where it is left out.",
    "picture_size": "Height and width that pictures are brought to, as in 64x64; needed where they differ.",
}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": documented.multipart(_PARTS),
        "application/json": {
            "schema": {"$ref": "#/components/schemas/StoreRequest"},
            "examples": {
                "known": {"summary": "A data set known by name", "value": {"known": "digits"}},
                "uploaded": {"summary": "A finished upload", "value": {"upload": "upload-01jd2k", "name": "mine.npz"}},
            },
        },
    },
}


@router.post(
    "",
    status_code=201,
    summary="Store a data set",
    responses=documented.also(200, "It was stored before, under this name.", DatasetView)
    | errors(400, 404, 409, 413, 415, 422, 502, 503),
    openapi_extra={"requestBody": _BODY},
)
async def create(request: Request, response: Response, parts: AllParts, owner: Owner) -> DatasetView:
    """The file is checked whole: 422 lists every problem. The same content and name again is the same data set.

    As JSON: a data set that is known by name (`GET /datasets/known`), or an upload that `POST /uploads` began.
    """
    if is_json(request):
        row, new = await knowing.from_json(parts, owner, await knowing.small_json(request, parts.settings))
    else:
        async with receive_form(
            request,
            spool_dir=parts.settings.spool_dir,
            files=("file",),
            fields=("name", "format", "picture_size"),
            max_bytes=parts.settings.max_dataset_bytes,
            several=("file",),
        ) as form:
            row, new = await storing.store(parts, owner, await storing.wanted(form))
    view = dataset_view(row)
    response.status_code, response.headers["Location"] = 201 if new else 200, view.links["self"]
    return view


@router.get("/known", summary="List the data sets known by name")
async def known(settings: Settings) -> list[KnownDataset]:
    """What `dataset` may name in `POST /jobs` without an upload. Those that are not here are fetched at first use."""
    return knowing.listed(settings)


@router.get("/formats", summary="List the formats of data sets")
async def formats() -> list[DatasetFormat]:
    """What `POST /datasets` reads."""
    return [
        DatasetFormat(name=name, title=module.TITLE, extensions=[one for one in module.EXTENSIONS if one])
        for name, module in FORMATS.items()
    ]


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


@router.get(
    "/{dataset_id}/samples.png",
    summary="A picture of samples",
    response_class=Response,
    responses=documented.binary("The picture.", "image/png") | errors(404, 422, 503),
)
async def picture(
    dataset_id: DatasetId,
    parts: AllParts,
    owner: Owner,
    split: Annotated[Literal["train", "test"], Query(description="Which split.")] = "train",
    offset: Annotated[int, Query(description="The first sample's index.", ge=0, le=2**31 - 1)] = 0,
    count: Annotated[int, Query(description="How many samples.", ge=1, le=400)] = 48,
    columns: Annotated[int, Query(description="How many stand side by side.", ge=1, le=40)] = 12,
) -> Response:
    """Pictures side by side with their labels; tables as bars, texts as texts."""
    row = await parts.db.read(datasets.get, owner, dataset_id)
    return Response(await looking.picture(parts, row, split, offset, count, columns), media_type="image/png")


@router.get("/{dataset_id}/quality", summary="Judge a data set", responses=errors(404, 422, 503))
async def quality(dataset_id: DatasetId, parts: AllParts, owner: Owner) -> QualityView:
    """Balance of classes, statistics, duplicates (also between splits), constant features, leaks of the label."""
    return await looking.quality(parts, await parts.db.read(datasets.get, owner, dataset_id))


@router.post(
    "/{dataset_id}/split",
    status_code=201,
    summary="Divide a data set anew",
    responses=documented.also(200, "It was divided so before.", DatasetView) | errors(400, 404, 413, 415, 422, 503),
)
async def divide(
    dataset_id: DatasetId, body: DivideRequest, response: Response, parts: AllParts, owner: Owner
) -> DatasetView:
    """A new data set of all its samples, in a training and a test split; seeded, and stratified where asked for."""
    source = await parts.db.read(datasets.get, owner, dataset_id)
    row, new = await looking.divided(parts, owner, source, body)
    view = dataset_view(row)
    response.status_code, response.headers["Location"] = 201 if new else 200, view.links["self"]
    return view


@router.get("/{dataset_id}/classes", summary="Count the samples of each class", responses=errors(404, 422, 503))
async def classes(dataset_id: DatasetId, db: Db, objects: Objects, settings: Settings, owner: Owner) -> ClassCounts:
    """By split: whether the classes are even, and whether a split lacks one."""
    return await class_counts(objects, settings, await db.read(datasets.get, owner, dataset_id))


@router.delete("/{dataset_id}", status_code=204, summary="Delete a data set", responses=errors(404, 409, 422, 503))
async def delete(dataset_id: DatasetId, db: Db, objects: Objects, owner: Owner) -> None:
    """409 while a queued or running job needs it; what was trained on it stays."""
    await storing.remove(db, objects, owner, dataset_id)
