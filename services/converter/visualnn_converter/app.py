"""The converter's HTTP application: formats, read, convert."""

import io
import json
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import FastAPI, File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from visualnn_shared.spec.model import Spec
from visualnn_shared.web import BodyLimit, install_problem_handlers

from visualnn_converter import certifying, conversion, uploads
from visualnn_converter.conversion import Converted
from visualnn_converter.rewriting import Weights
from visualnn_converter.settings import ConverterSettings

DESCRIPTION = """Converts model files both ways: a VisualNN spec, Keras JSON, Caffe prototxt, Keras files and ONNX with
their weights; older Keras HDF5 files in.
Every answer carries a report of what was mapped, rewritten and dropped; every obstacle is listed at once, by layer."""
REPORT = "report.json"
GATE = 1e-4
InputShape = Annotated[
    str | None,
    Form(description='Shape of inputs that the file does not say: `[28, 28, 1]` or `{"data": [28, 28, 1]}`'),
]

Phase = Annotated[
    str | None, Form(description="Caffe: TRAIN or TEST; what the file says, or TRAIN, when left out", max_length=16)
]
Stage = Annotated[
    str | None, Form(description="Caffe: a stage, or several with commas between: `deploy`", max_length=1000)
]
Level = Annotated[int | None, Form(description="Caffe: the level, for `min_level` and `max_level`; 0 when left out")]


def create_app(settings: ConverterSettings | None = None) -> FastAPI:
    """The application; settings come from the environment unless given."""
    settings = settings or ConverterSettings()
    certify = certifying.certifier(settings.converter_certifier)
    app = FastAPI(title="VisualNN converter", description=DESCRIPTION, version="1")
    install_problem_handlers(app)
    app.add_middleware(BodyLimit, limit=settings.converter_max_request)
    app.get("/healthz", summary="Alive")(health)
    app.get("/formats", summary="Formats that are read and written")(list_formats)
    app.post("/read", summary="A model file as a spec, with the report")(read)
    app.post("/convert", summary="A model file in another format: a zip with the report and the file")(convert)
    app.state.certify, app.state.certifier = certify, settings.converter_certifier
    return app


async def health() -> dict[str, str]:
    """Answers while the process serves."""
    return {"status": "ok"}


async def list_formats() -> list[dict[str, Any]]:
    """Name, title, extensions, whether read, written, and carrying weights."""
    return conversion.formats()


async def read(
    file: Annotated[UploadFile, File(description="The model file")],
    format: Annotated[str | None, Form(description="Its format; recognised by its content when left out")] = None,
    filename: Annotated[str | None, Form(description="Its name, for messages")] = None,
    input_shape: InputShape = None,
    phase: Phase = None,
    stage: Stage = None,
    level: Level = None,
) -> dict[str, Any]:
    """The spec of the file. 422 lists every obstacle by layer and line."""
    data = await uploads.model_file(file)
    shape, state = uploads.shape_of_inputs(input_shape), uploads.net_state(phase, stage, level)
    name = filename or file.filename
    spec, weights, report = await run_in_threadpool(
        conversion.read, data, format or None, name, input_shape=shape, state=state, field="format"
    )
    if weights:
        report.note("the file's weights are no part of the spec; converting the file itself carries them over")
    return {"spec": spec.model_dump(mode="json"), "format": report.source, "report": report.as_json()}


async def convert(
    request: Request,
    file: Annotated[UploadFile, File(description="The model file")],
    target: Annotated[str, Form(description="Format to write")],
    weights: Annotated[
        UploadFile | None,
        File(description="safetensors: tensors named `layer/variable`, in Keras layout; or a Keras file of this model"),
    ] = None,
    source: Annotated[str | None, Form(description="Format of the file; recognised when left out")] = None,
    filename: Annotated[str | None, Form(description="Its name, for messages and for the written file")] = None,
    input_shape: InputShape = None,
    phase: Phase = None,
    stage: Stage = None,
    level: Level = None,
    allow_rewrite: Annotated[bool, Form(description="Rewrite layers that the target cannot say")] = False,
    verify: Annotated[bool, Form(description="Run both sides; a certificate in the report, or 422")] = False,
    gate: Annotated[
        float | None, Form(description="Largest absolute error that passes; 0.0001 when left out", ge=0)
    ] = None,
    seed: Annotated[
        int | None, Form(description="Of what is drawn to verify, and of initial weights; 0 when left out", ge=0)
    ] = None,
    samples: Annotated[UploadFile | None, File(description="More inputs to verify with: .npz or .npy")] = None,
    reference: Annotated[
        Literal["auto", "numpy", "keras"] | None,
        Form(description="What stands beside both sides to verify; auto when left out"),
    ] = None,
    require_independent: Annotated[
        bool, Form(description="Verify, and refuse where no runtime but VisualNN's own ran the target")
    ] = False,
    initial_weights: Annotated[
        bool, Form(description="Where there are no weights: those with which a training of `seed` begins")
    ] = False,
) -> Response:
    """A zip (stored) with `report.json` and the written file, which it names in `file`. 422 lists every obstacle."""
    options = {
        "input_shape": uploads.shape_of_inputs(input_shape),
        "state": uploads.net_state(phase, stage, level),
    }
    wanted = verify or require_independent or samples is not None
    idle = {"gate": gate, "seed": seed, "reference": reference}
    certifying.must_be_used(idle, verify=wanted, initial_weights=initial_weights)
    asked = {"gate": GATE if gate is None else gate, "seed": seed or 0, "reference": reference or "auto", **options}
    asked["weights_given"] = weights is not None or initial_weights
    if samples is not None:
        asked["samples"] = await samples.read()
    if wanted:
        certifying.must_be_verifiable(target)
    state = request.app.state
    certify = partial(certifying.must_pass, state.certify, asked=asked, independent=require_independent)
    draw = partial(certifying.drawn, state.certifier, seed=seed or 0) if initial_weights else None
    data = await uploads.model_file(file)
    given = None if weights is None else await weights.read()
    options["allow_rewrite"] = allow_rewrite
    name = filename or file.filename
    packed = await run_in_threadpool(
        _convert, data, given, target, source or None, name, options, certify if wanted else None, draw
    )
    return Response(packed, media_type="application/zip")


def _convert(
    data: bytes,
    weights: bytes | None,
    target: str,
    source: str | None,
    filename: str | None,
    options: dict[str, Any],
    certify: Callable[..., None] | None,
    draw: Callable[[Spec], Weights] | None = None,
) -> bytes:
    found = None if weights is None else uploads.tensors(weights)
    if found is None and draw is not None:
        spec, own, _ = conversion.read(
            data, source, filename, input_shape=options["input_shape"], state=options["state"]
        )
        found = draw(spec) if own is None else None
    converted = conversion.convert(data, target, source, filename, found, **options)
    if certify is not None:
        certify(converted, data, filename)
    return pack(converted)


def pack(converted: Converted) -> bytes:
    """Report and file in one zip, stored: weights do not compress, and time matters."""
    buffer = io.BytesIO()
    report = {**converted.report.as_json(), "file": converted.filename}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(REPORT), json.dumps(report))
        archive.writestr(zipfile.ZipInfo(converted.filename), converted.data)
    return buffer.getvalue()


app = create_app()
