"""/operators: the registry."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from visualnn_shared.ids import NAME

from visualnn_api import documented, downloads, registration, registry
from visualnn_api.bodies import StrictRoute
from visualnn_api.deps import AllParts, Cursor, Db, Limit, Number, NumberCursor, Objects, OperatorName, Owner
from visualnn_api.documented import errors
from visualnn_api.views.common import Listing
from visualnn_api.views.operators import OperatorView, PointAlias, Register

router = APIRouter(prefix="/operators", tags=["operators"], route_class=StrictRoute)


@router.post("", status_code=201, summary="Register an operator", responses=errors(400, 409, 413, 415, 422, 503))
async def create(body: Register, response: Response, parts: AllParts, owner: Owner) -> OperatorView:
    """Converts the job's weights to ONNX, loads them, and replays stored samples: 422 where served and trained outputs
    differ, and nothing is registered then. An existing name gets its next version."""
    operator = await registration.register(parts, owner, body)
    response.headers["Location"] = operator.links["self"]
    return operator


@router.get("", summary="List operators", responses=errors(422))
async def list_operators(
    db: Db,
    owner: Owner,
    cursor: Cursor = None,
    limit: Limit = 50,
    model: Annotated[
        str | None,
        Query(description="Only operators whose newest version was made from the model with this id.", max_length=64),
    ] = None,
) -> Listing[OperatorView]:
    """The newest first, each as its newest version."""
    return await db.read(registry.listed, owner, cursor, limit, model)


@router.get("/{name}", summary="Read an operator", responses=errors(404, 422))
async def read(name: OperatorName, db: Db, owner: Owner) -> OperatorView:
    """Its newest version: signature, preprocessing, classes, and what it was made from."""
    return await db.read(registration.read, owner, name)


@router.delete("/{name}", status_code=204, summary="Delete an operator", responses=errors(404, 422, 503))
async def delete(name: OperatorName, db: Db, objects: Objects, owner: Owner) -> None:
    """With all versions and aliases."""
    await registry.remove(db, objects, owner, name)


@router.get("/{name}/versions", summary="List an operator's versions", responses=errors(404, 422))
async def versions(
    name: OperatorName, db: Db, owner: Owner, cursor: NumberCursor, limit: Limit = 50
) -> Listing[OperatorView]:
    """The newest first."""
    return await db.read(registry.listed_versions, owner, name, cursor, limit)


@router.get("/{name}/versions/{number}", summary="Read an operator's version", responses=errors(404, 422))
async def version(name: OperatorName, number: Number, db: Db, owner: Owner) -> OperatorView:
    """Versions never change."""
    return await db.read(registration.read, owner, name, number)


@router.head("/{name}/versions/{number}/model", include_in_schema=False)
@router.get(
    "/{name}/versions/{number}/model",
    summary="Download an operator's network",
    response_class=Response,
    responses=documented.binary("The ONNX file.")
    | documented.also(206, "The range of bytes that `Range` asked for.")
    | documented.also(304, "`If-None-Match` names the file's ETag, which is its sha256.")
    | errors(404, 416, 422, 503),
)
async def network(
    name: OperatorName, number: Number, request: Request, db: Db, objects: Objects, owner: Owner
) -> Response:
    """What the predictor runs, as ONNX; the version's preprocessing comes before it."""
    return await downloads.answer(request, await registry.network(db, objects, owner, name, number))


@router.put("/{name}/aliases/{alias}", summary="Point an alias at a version", responses=errors(400, 404, 413, 415, 422))
async def point(
    name: OperatorName,
    alias: Annotated[str, Path(description="Small letters, digits, - and _.", pattern=NAME, examples=["champion"])],
    body: PointAlias,
    db: Db,
    owner: Owner,
) -> OperatorView:
    """Callers of `?version=ALIAS` get that version from now on."""
    return await db.run(registry.pointed, owner, name, alias, body.version)
