"""/layers, /formats, /zoo and /schema: what there is to build with."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.describing import as_json
from visualnn_shared.errors import NotFound
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import spec_schema

from visualnn_api.deps import Converter
from visualnn_api.documented import errors
from visualnn_api.views.platform import Items

router = APIRouter(tags=["catalogue"])


@router.get("/layers", summary="Every layer type")
async def layers() -> Items:
    """Parameters with kinds, defaults and limits, ports, and the formats each layer maps to."""
    return Items(items=[as_json(entry) for entry in CATALOGUE.values()])


@router.get("/layers/{type}", summary="One layer type", responses=errors(404, 422))
async def layer(
    type: Annotated[str, Path(description="As specs name it.", examples=["Conv2D"], max_length=200)],
) -> dict[str, Any]:
    """What GET /layers lists of it."""
    if type not in CATALOGUE:
        raise NotFound("layer type", type)
    return as_json(CATALOGUE[type])


@router.get("/formats", summary="File formats", responses=errors(503))
async def formats(converter: Converter) -> Items:
    """Which are read, which are written, and which carry weights."""
    return Items(items=await converter.get_json("/formats"))


@router.get("/zoo", summary="Built-in networks")
def networks() -> Items:  # beside the event loop: the first call in a process builds them all
    """Ready to train: `"model": "zoo:NAME"` in a job."""
    return Items(items=list(zoo.describe()))


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
