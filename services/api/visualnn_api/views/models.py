"""Models and their versions, as answers and requests."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from visualnn_shared.spec.model import MAX_NAME, ONE_LINE, Spec
from visualnn_shared.store.tables import Model, ModelVersion

from visualnn_api.bodies import Documented
from visualnn_api.views.common import Links, Timestamp, View

PREFIX = "/api/v1"

StoredSpec = Annotated[Any, Documented(Spec)]
"""A spec, or what a newer version has stored, as it stands: clients show what they know of it and lose nothing."""


class ModelRow(View):
    """A model as lists show it, without its spec."""

    id: str
    name: str
    version: int
    etag: str
    created_at: Timestamp
    updated_at: Timestamp
    links: Links


class ModelView(ModelRow):
    """A model with the spec of its current version."""

    spec: StoredSpec
    source: dict[str, Any] | None = None
    """Where the version came from: format, file name and conversion report; null for a posted spec."""


class VersionRow(View):
    """A version as lists show it, without its spec."""

    number: int
    etag: str
    created_at: Timestamp
    source: dict[str, Any] | None = None


class VersionView(VersionRow):
    """A version of a model with its spec."""

    model: str
    spec: StoredSpec


class Rename(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "digits, first try"}]})

    name: str = Field(min_length=1, max_length=MAX_NAME, pattern=ONE_LINE)


def model_row(model: Model, version: ModelVersion) -> ModelRow:
    return ModelRow(**_fields(model, version))


def model_view(model: Model, version: ModelVersion) -> ModelView:
    return ModelView(**_fields(model, version), spec=_known(version.spec), source=version.source)


def _known(document: dict[str, Any]) -> Spec | dict[str, Any]:
    try:
        return Spec.model_validate(document)
    except ValidationError:
        return document


def _fields(model: Model, version: ModelVersion) -> dict[str, Any]:
    url = f"{PREFIX}/models/{model.id}"
    links = {
        "self": url,
        "spec": f"{url}/spec",
        "versions": f"{url}/versions",
        "summary": f"{url}/summary",
        "export": f"{url}/export",
    }
    return {
        "id": model.id,
        "name": model.name,
        "version": version.number,
        "etag": version.etag,
        "created_at": model.created_at,
        "updated_at": model.updated_at,
        "links": links,
    }


def version_row(version: ModelVersion) -> VersionRow:
    return VersionRow(number=version.number, etag=version.etag, created_at=version.created_at, source=version.source)


def version_view(version: ModelVersion) -> VersionView:
    return VersionView(**version_row(version).model_dump(), model=version.model_id, spec=_known(version.spec))
