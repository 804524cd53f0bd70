"""/layers, /formats, /zoo and /schema: what there is to build with."""

import gzip
import hashlib
import json
from dataclasses import asdict
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.describing import as_json
from visualnn_shared.errors import NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import etag, spec_schema
from visualnn_shared.store import jobs
from visualnn_shared.training.describing import describe, describe_ensemble, describe_tune
from visualnn_shared.training.recipe import CheckParams

from visualnn_api.conditional import none_match, quoted
from visualnn_api.deps import Converter, Db, Owner
from visualnn_api.documented import errors
from visualnn_api.views.catalogue import Formats, LayerType, LayerTypes, Networks
from visualnn_api.views.recipes import Recipe

router = APIRouter(tags=["catalogue"])


@router.get("/layers", summary="Every layer type", response_model=LayerTypes)
async def layers(request: Request) -> Response:
    """Parameters with kinds, defaults and limits, ports, and the formats each layer maps to."""
    text, packed, etag = _listed(tuple(CATALOGUE))
    headers = {"ETag": quoted(etag), "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if none_match(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
    return Response(text, headers=headers, media_type="application/json")


@cache
def _listed(types: tuple[str, ...]) -> tuple[bytes, bytes, str]:
    """The catalogue as JSON, the same packed (a thirtieth of the size), and its ETag; made once."""
    text = json.dumps({"items": [as_json(CATALOGUE[one]) for one in types]}, allow_nan=False).encode()
    return text, gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest()


@router.get(
    "/layers/{type}",
    summary="One layer type",
    response_model=LayerType,
    response_model_exclude_unset=True,
    responses=errors(404, 422),
)
async def layer(
    type: Annotated[str, Path(description="As specs name it.", examples=["Conv2D"], max_length=200)],
) -> dict[str, Any]:
    """What GET /layers lists of it."""
    if type not in CATALOGUE:
        raise NotFound("layer type", type)
    return as_json(CATALOGUE[type])


@router.get("/formats", summary="File formats", responses=errors(503))
async def formats(converter: Converter) -> Formats:
    """Which are read, which are written, and which carry weights."""
    return Formats(items=await converter.get_json("/formats"))


@router.get("/zoo", summary="Built-in networks")
def networks(db: Db, owner: Owner) -> Networks:  # beside the event loop: the first call in a process builds them all
    """Ready to train: `"model": "zoo:NAME"` in a job. `trained` is the best test accuracy among your jobs that trained
    the network as it is."""
    etags = _zoo_etags()
    with db.reading() as s:
        best = jobs.best_accuracies(s, owner, list(etags.values()))
    trained = {name: asdict(best[etag]) for name, etag in etags.items() if etag in best}
    return Networks.model_validate({"items": [row | {"trained": trained.get(row["name"])} for row in zoo.describe()]})


@cache
def _zoo_etags() -> dict[str, str]:
    """Name -> ETag of the network, as models have it."""
    return {name: etag(zoo.load(name)) for name in zoo.NAMES}


@router.get("/zoo/{name}", summary="The spec of a built-in network", responses=errors(404, 422))
async def network(
    name: Annotated[str, Path(description="As GET /zoo lists it.", examples=["mnist-dnn"], max_length=200)],
) -> Spec:
    """To post to /models as it is, or changed."""
    if name not in zoo.NAMES:
        raise NotFound("built-in network", name)
    return zoo.load(name)


@router.get("/schema/spec", summary="The JSON Schema of specs")
async def schema() -> dict[str, Any]:
    """For editors and validators; POST /check knows the rules of each layer as well."""
    return spec_schema()


@router.get("/schema/train", summary="What a train job takes")
async def recipe() -> Recipe:
    """Every field of `params` with kind, default, limits, choices and a sentence: what a form needs."""
    return Recipe.model_validate({"items": describe()})


@router.get("/schema/tune", summary="What a tune job takes")
async def search() -> Recipe:
    """Its own fields of `params`; `recipe` takes what a train job takes, `space` a range or choices for each dimension,
    which is `params.FIELD` of a field that is `searchable`, or `model.layers.NAME.params.PARAMETER`."""
    return Recipe.model_validate({"items": describe_tune()})


@router.get("/schema/ensemble", summary="What an ensemble job takes")
async def joined() -> Recipe:
    """Its own fields of `params`; `recipe` takes what a train job takes."""
    return Recipe.model_validate({"items": describe_ensemble()})


@router.get("/schema/check", summary="What a check job takes")
async def sanity() -> Recipe:
    """Every field of `params` with kind, default, limits, choices and a sentence: what a form needs."""
    return Recipe.model_validate({"items": describe(CheckParams)})
