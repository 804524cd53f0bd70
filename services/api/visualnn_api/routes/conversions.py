"""/conversions: a file in one format to a file in another."""

import contextlib
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, Request, Response
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem

from visualnn_api import documented
from visualnn_api.bodies import StrictRoute
from visualnn_api.converting import Conversion, convert
from visualnn_api.deps import Converter, Settings
from visualnn_api.documented import errors
from visualnn_api.exporting import Bundle, sent
from visualnn_api.fetching import fetched
from visualnn_api.uploads import Form, receive_form
from visualnn_api.upstream import Upstream
from visualnn_api.views.conversions import FromUrl

router = APIRouter(prefix="/conversions", tags=["conversions"], route_class=StrictRoute)

_PARTS = {
    "file": "A model file in any format that GET /formats lists as read.",
    "weights": "Its weights as safetensors, tensors named `layer/variable`, or in a Keras file (`.weights.h5`).",
    "source": "The file's format; found out from its content where it is left out.",
    "target": "The wanted format: one that GET /formats lists as written.",
    "allow_rewrite": "`true`: rewrite layers that the target cannot say into others of the same meaning.",
    "verify": "`true`: run source and target on the same inputs; a certificate in the report, 422 where they differ.",
    "gate": "Largest absolute error that passes; 0.0001 where it is left out.",
    "seed": "Of what is drawn to verify, and of the initial weights; 0 where it is left out.",
    "require_independent": "`true`: verify, and 422 where no runtime but VisualNN's own ran the target.",
    "reference": "What stands beside both sides to verify: `numpy`, `keras`, or `auto`, as where it is left out.",
    "initial_weights": "`true`: where there are no weights, those with which a training of `seed` begins.",
    "samples": "More inputs to verify with: `.npz` by input name, or `.npy`.",
    "input_shape": 'Shape of inputs that the file does not say: `[28, 28, 1]` or `{"data": [28, 28, 1]}`.',
    "phase": "Of a Caffe net: `TRAIN` or `TEST`; left out, what the file's `state` says, or `TRAIN`.",
    "stage": "Of a Caffe net: a stage that `include` and `exclude` rules ask for; several with commas between.",
    "level": "Of a Caffe net: the level that `min_level` and `max_level` ask for; 0 where it is left out.",
}
PASSED_ON = (
    "source", "input_shape", "phase", "stage", "level", "allow_rewrite", "verify", "gate", "seed",
    "require_independent", "reference", "initial_weights",
)  # fmt: skip
"""Fields that the converter takes as they are."""
_BODY = {"required": True, "content": {"multipart/form-data": documented.multipart(_PARTS, ("file", "target"))}}


@router.post(
    "",
    summary="Convert a file",
    responses=documented.binary("A zip of the file and `report.json`.", "application/zip")
    | errors(400, 413, 415, 422, 503),
    openapi_extra={"requestBody": _BODY},
    response_class=Response,
)
async def create(request: Request, settings: Settings, converter: Converter, bundle: Bundle = True) -> Response:
    """The answer is a zip of the file and its conversion report; with `bundle=false` the file alone."""
    stack = contextlib.AsyncExitStack()
    try:
        form = await stack.enter_async_context(
            receive_form(
                request,
                spool_dir=settings.spool_dir,
                files=("file", "weights", "samples"),
                fields=("target", *PASSED_ON),
                max_bytes=settings.max_model_bytes,
            )
        )
        made = await stack.enter_async_context(_conversion(form, converter, settings.spool_dir))
        return await sent(request, made, bundle, stack)
    except BaseException:
        await stack.aclose()
        raise


@router.post(
    "/from-url",
    summary="Convert a file from an address",
    responses=documented.binary("A zip of the file and `report.json`.", "application/zip")
    | errors(400, 413, 415, 422, 503),
    response_class=Response,
)
async def create_from_url(
    body: FromUrl, request: Request, settings: Settings, converter: Converter, bundle: Bundle = True
) -> Response:
    """As above, of a file that the gateway fetches: only http and https, public addresses, within limits of size and
    time. Switched off unless `VISUALNN_IMPORT_URLS` is true; `GET /features` tells."""
    stack = contextlib.AsyncExitStack()
    try:
        upload = await stack.enter_async_context(fetched(body.url, settings))
        made = await stack.enter_async_context(
            convert(converter, target=body.target, spool_dir=settings.spool_dir, upload=upload, given=body.passed_on())
        )
        return await sent(request, made, bundle, stack)
    except BaseException:
        await stack.aclose()
        raise


def _conversion(form: Form, converter: Upstream, spool_dir: str) -> AbstractAsyncContextManager[Conversion]:
    if not form.fields.get("target"):
        raise Invalid("the form", [problem("the form must have the part 'target'", None, field="target")])
    weights, samples = form.files.get("weights"), form.files.get("samples")
    return convert(
        converter,
        target=form.fields["target"],
        spool_dir=spool_dir,
        upload=form.files["file"],
        given={name: form.fields[name] for name in PASSED_ON if name in form.fields},
        weights=weights.path if weights else None,
        samples=samples.path if samples else None,
    )
