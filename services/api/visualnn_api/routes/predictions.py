"""/operators/{name}/predict and /v2: predictions, which the predictor makes."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from visualnn_shared.ids import NAME

from visualnn_api.deps import OperatorName, Predictor
from visualnn_api.documented import errors
from visualnn_api.examples import INFER, PREDICT
from visualnn_api.proxy import forward
from visualnn_api.views.predictions import Predictions

router = APIRouter(tags=["predictions"])
v2 = APIRouter(prefix="/v2", tags=["open inference protocol"])

RestOfPath = Annotated[str, Path(description="What the protocol has below /v2.", examples=["models/digits/infer"])]
_JSON: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer.", "content": {"application/json": {"schema": {"type": "object"}}}}
}
_PREDICTIONS: dict[int | str, dict[str, Any]] = {200: {"description": "The answer.", "model": Predictions}}


def _body(examples: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, **examples}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/operators/{name}/predict",
    summary="Predict",
    response_class=Response,
    responses=_PREDICTIONS | errors(400, 404, 413, 415, 422, 429, 503),
    openapi_extra=_body({"examples": PREDICT}),
)
async def predict(
    name: OperatorName,
    request: Request,
    predictor: Predictor,
    version: Annotated[  # noqa: ARG001 - documented and checked here, passed on with the query
        str | None, Query(description="A version's number or an alias; default: the newest.", pattern=NAME)
    ] = None,
) -> Response:
    """Raw samples in, as the data set stored them; class, index, score and scores out, or values for a regression."""
    return await forward(request, predictor, f"/predict/{name}")


@v2.get("/{path:path}", summary="Health and metadata", response_class=Response, responses=_JSON | errors(404, 503))
async def inference_get(path: RestOfPath, request: Request, predictor: Predictor) -> Response:
    """Open Inference Protocol, version 2: `health/live`, `health/ready`, `models/{name}`, `models/{name}/ready`, ..."""
    return await forward(request, predictor, f"/v2/{quote(path)}")


@v2.post(
    "/{path:path}",
    summary="Infer",
    response_class=Response,
    responses=_JSON | errors(400, 404, 413, 415, 422, 429, 503),
    openapi_extra=_body({"example": INFER}),
)
async def inference_post(path: RestOfPath, request: Request, predictor: Predictor) -> Response:
    """Open Inference Protocol, version 2: `models/{name}/infer` and `models/{name}/versions/{version}/infer`."""
    return await forward(request, predictor, f"/v2/{quote(path)}")
