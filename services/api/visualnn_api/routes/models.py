"""/models: stored specs and their versions."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Header, Query, Request, Response
from visualnn_shared.analysis.diff import Diff
from visualnn_shared.analysis.diff import diff as compare
from visualnn_shared.analysis.summary import Summary
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.store import models

from visualnn_api import documented, exporting, modelling
from visualnn_api.bodies import Documented, StrictRoute
from visualnn_api.conditional import if_match, quoted
from visualnn_api.deps import Converter, Cursor, Db, Limit, ModelId, Number, NumberCursor, Owner, Settings
from visualnn_api.documented import errors
from visualnn_api.examples import SPECS
from visualnn_api.summaries import Question, summarised
from visualnn_api.views.common import Listing
from visualnn_api.views.models import ModelRow, ModelView, Rename, VersionRow, VersionView, version_view

router = APIRouter(prefix="/models", tags=["models"], route_class=StrictRoute)

_POST = {
    "required": True,
    "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Spec"}, "examples": SPECS},
        "multipart/form-data": documented.multipart(
            {
                "file": "A model file in any format that GET /formats lists as read.",
                "format": "The file's format; found out from its content where it is left out.",
                "name": "What to call the model; default: the name in the file.",
                "input_shape": 'Shape of inputs that the file does not say: `[28, 28, 1]` or `{"data": [28, 28, 1]}`.',
            }
        ),
    },
}


@router.post(
    "",
    status_code=201,
    summary="Store a model",
    responses=errors(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": _POST},
)
async def create(
    request: Request, response: Response, db: Db, settings: Settings, converter: Converter, owner: Owner
) -> ModelView:
    """A spec as JSON, or a file in any known format. The new model has version 1."""
    spec, source = await modelling.posted_spec(request, settings, converter)
    model = await db.run(modelling.created, owner, spec, source)
    response.headers["Location"], response.headers["ETag"] = model.links["self"], quoted(model.etag)
    return model


@router.get("", summary="List models", responses=errors(422))
async def list_models(
    db: Db,
    owner: Owner,
    cursor: Cursor = None,
    limit: Limit = 50,
    name: Annotated[str | None, Query(description="Only models with exactly this name.", max_length=200)] = None,
    query: Annotated[
        str | None, Query(description="Only models whose name holds this, in any case.", max_length=200)
    ] = None,
) -> Listing[ModelRow]:
    """The newest first, without their specs. With `query`, a page looks at 20,000 models: it may hold few and have a
    next one. With both, `query` counts."""
    return await db.read(modelling.listed, owner, cursor, limit, name, query)


@router.get("/{model_id}", summary="Read a model", responses=errors(404, 422))
async def read(model_id: ModelId, response: Response, db: Db, owner: Owner) -> ModelView:
    """The model with the spec of its current version, whose ETag a change must name in `If-Match`."""
    model = await db.read(modelling.read, owner, model_id)
    response.headers["ETag"] = quoted(model.etag)
    return model


@router.patch("/{model_id}", summary="Rename a model", responses=errors(400, 404, 415, 422))
async def rename(model_id: ModelId, body: Rename, db: Db, owner: Owner) -> ModelView:
    """The name is the model's, not a version's: this makes no new version."""
    return await db.run(modelling.renamed, owner, model_id, body.name)


@router.delete("/{model_id}", status_code=204, summary="Delete a model", responses=errors(404, 409, 422))
async def delete(model_id: ModelId, db: Db, owner: Owner) -> None:
    """With all versions. 409 while a queued or running job needs it; what was trained from it stays."""
    await db.run(models.delete, owner, model_id)


@router.put("/{model_id}/spec", summary="Save the next version", responses=errors(400, 404, 412, 415, 422, 428))
async def save(
    model_id: ModelId,
    body: Annotated[Any, Documented(Spec), Body(openapi_examples=SPECS)],
    response: Response,
    db: Db,
    owner: Owner,
    match: Annotated[
        str | None, Header(alias="If-Match", description="ETag of the version that was changed, or `*`.")
    ] = None,
) -> ModelView:
    """Needs `If-Match`; 412 where someone was faster. A spec equal to the current one makes no new version."""
    spec = modelling.checked_spec(body)
    model = await db.run(modelling.saved, owner, model_id, spec, if_match(match))
    response.headers["ETag"] = quoted(model.etag)
    return model


@router.get("/{model_id}/versions", summary="List versions", responses=errors(404, 422))
async def versions(
    model_id: ModelId, db: Db, owner: Owner, cursor: NumberCursor, limit: Limit = 50
) -> Listing[VersionRow]:
    """The newest first, without their specs."""
    return await db.read(modelling.listed_versions, owner, model_id, cursor, limit)


@router.get("/{model_id}/versions/{number}", summary="Read a version", responses=errors(404, 422))
async def version(model_id: ModelId, number: Number, response: Response, db: Db, owner: Owner) -> VersionView:
    """One version with its spec; versions never change."""
    found = version_view(await db.read(models.version, owner, model_id, number))
    response.headers["ETag"] = quoted(found.etag)
    return found


@router.get("/{model_id}/diff", summary="What differs between two versions", responses=errors(404, 422))
async def diff(
    model_id: ModelId,
    db: Db,
    owner: Owner,
    before: Annotated[int, Query(alias="from", description="Number of the first version.", ge=1, le=2**31 - 1)],
    after: Annotated[int, Query(alias="to", description="Number of the second version.", ge=1, le=2**31 - 1)],
) -> Diff:
    """Layers added, removed and changed in meaning, with what that costs; order and spelling are no difference."""
    first = await db.read(modelling.spec_of, owner, model_id, before)
    second = await db.read(modelling.spec_of, owner, model_id, after)
    return await to_thread.run_sync(compare, first, second)


@router.get("/{model_id}/summary", summary="Shapes, parameters, MACs and memory", responses=errors(404, 422))
async def summary(
    model_id: ModelId,
    db: Db,
    owner: Owner,
    load: Question,
    version: Annotated[int | None, Query(description="Default: the current one.", ge=1, le=2**31 - 1)] = None,
) -> Summary:
    """Layer by layer and in total; 422 with every problem where the network cannot be built."""
    spec = await db.read(modelling.spec_of, owner, model_id, version)
    return await summarised(spec, load)


@router.get(
    "/{model_id}/export",
    summary="The model as a file",
    responses=documented.binary("The file, or with `bundle` a zip of it and `report.json`.") | errors(404, 422, 503),
    response_class=Response,
)
async def export(
    model_id: ModelId,
    request: Request,
    db: Db,
    settings: Settings,
    converter: Converter,
    owner: Owner,
    format: exporting.Target,
    bundle: exporting.Bundle = False,
    version: Annotated[int | None, Query(description="Default: the current one.", ge=1, le=2**31 - 1)] = None,
) -> Response:
    """In any format that GET /formats lists as written. What a format cannot say is answered with 422, all at once.

    What a newer VisualNN stored is given as a spec just as it is stored; no other format can be made of it.
    """
    document = await db.read(modelling.document_of, owner, model_id, version)
    try:
        spec = modelling.known(document)
    except SpecInvalid:
        if format != "native" or bundle:
            raise
        return exporting.as_stored(document)
    return await exporting.exported(request, converter, settings, spec=spec, target=format, bundle=bundle)
