"""/check and /summary: a spec that is not stored, as the editor has it."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Body, Query
from visualnn_shared.analysis.advice import advice
from visualnn_shared.analysis.summary import Summary, summarise
from visualnn_shared.analysis.unfold import unfold
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import etag, read_spec

from visualnn_api.bodies import Documented, StrictRoute
from visualnn_api.documented import errors
from visualnn_api.examples import SPECS
from visualnn_api.modelling import checked_document
from visualnn_api.summaries import Question
from visualnn_api.views.platform import Checked, Unfolded

router = APIRouter(tags=["specs"], route_class=StrictRoute)
SpecBody = Annotated[Any, Documented(Spec), Body(openapi_examples=SPECS)]


@router.post("/check", summary="Find every problem of a spec", responses=errors(400, 413, 415, 422))
async def check(body: SpecBody) -> Checked:
    """200 for a spec that can be built; 422 that lists every problem with layer, parameter, rule and value."""
    return await to_thread.run_sync(_checked, body)


@router.post("/summary", summary="Shapes, parameters, MACs and memory of a spec", responses=errors(400, 413, 415, 422))
async def summary(body: SpecBody, load: Question) -> Summary:
    """Layer by layer and in total, exactly as Keras would build it; 422 with every problem where it cannot be built."""
    return await to_thread.run_sync(lambda: summarise(checked_document(body)[1], load))


@router.post("/unfold", summary="Replace blocks by their layers", responses=errors(400, 413, 415, 422))
async def unfold_blocks(
    body: SpecBody,
    layer: Annotated[
        list[str] | None, Query(description="The blocks, by name; all where it is left out.", max_length=1000)
    ] = None,
) -> Unfolded:
    """Variables keep their names, so weights fit before and after. Blocks that share weights go together."""
    found = await to_thread.run_sync(lambda: unfold(read_spec(body), layer))
    return Unfolded(spec=found.spec, made=found.made)


def _checked(body: Any) -> Checked:
    spec, resolved = checked_document(body)
    return Checked(name=spec.name, layers=len(spec.layers), etag=etag(spec), warnings=advice(resolved))
