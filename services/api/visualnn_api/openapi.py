"""The OpenAPI document: FastAPI's, plus what it cannot know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.checking import CheckReport
from visualnn_shared.training.files import AttributeReport, ClassReport, DqnEvaluation
from visualnn_shared.training.recipe import PARAMS
from visualnn_shared.training.reproduction import RunRecord

from visualnn_api.documented import any_error
from visualnn_api.version import VERSION
from visualnn_api.views.catalogue import ConversionReport
from visualnn_api.views.common import ProblemDocument
from visualnn_api.views.datasets import StoreRequest
from visualnn_api.views.trials import SearchReport

TITLE = "VisualNN"
DESCRIPTION = """Design, train and test neural networks over REST.

Errors are `application/problem+json` (RFC 9457) with every problem in `problems`: rule, received value, where, hint.
Lists are `{items, next_cursor}`, the newest first."""
_TAGS = [
    {"name": "models", "description": "Stored, named specs with versions."},
    {
        "name": "together",
        "description": "Several people in one model: rooms, links, comments. The websocket "
        "`/models/{model_id}/together` speaks y-protocols.",
    },
    {"name": "specs", "description": "Specs that are not stored."},
    {"name": "catalogue", "description": "Layer types, file formats, built-in networks."},
    {"name": "conversions", "description": "Files from one format to another."},
    {"name": "data sets", "description": "Stored samples with a schema and splits."},
    {"name": "jobs", "description": "Asynchronous work: train, evaluate, predict."},
    {"name": "results", "description": "Weights and files of succeeded jobs."},
    {"name": "operators", "description": "The registry of networks that can be called."},
    {"name": "predictions", "description": "Calling operators."},
    {"name": "open inference protocol", "description": "Calling operators, version 2 of the protocol."},
    {"name": "platform", "description": "Workers."},
    {"name": "operations", "description": "Health, readiness, metrics."},
]
_FILES: tuple[type[BaseModel], ...] = (
    RunRecord, CheckReport, AttributeReport, ClassReport, DqnEvaluation, SearchReport,
)  # fmt: skip
"""JSON files of a job's result, whose form is promised: run.json, check.json, classes.json, ..."""


def install(app: FastAPI) -> None:
    """Make ``app.openapi()``, and so /openapi.json, the complete document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=TITLE, version=VERSION, description=DESCRIPTION, routes=app.routes, tags=_TAGS)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, schema in _extra_schemas().items():
        schemas.setdefault(name, schema)
    for path in made["paths"].values():
        for operation in path.values():
            _document_errors(operation["responses"])
    return made


def _extra_schemas() -> dict[str, Any]:
    """Models that are referred to and that no route's signature holds."""
    models: list[type[BaseModel]] = [
        Spec, ProblemDocument, ConversionReport, StoreRequest, *PARAMS.values(), *_FILES,
    ]  # fmt: skip
    _, found = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    return dict(found["$defs"])


def _document_errors(responses: dict[str, Any]) -> None:
    """FastAPI documents its own form of 422, which nobody gets here."""
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    responses.setdefault("default", any_error())
