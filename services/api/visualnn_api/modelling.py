"""Storing specs: what ``/models`` and ``/jobs`` do beyond a single statement."""

from typing import Any

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.orm import Session
from visualnn_shared.analysis.check import checked_net
from visualnn_shared.analysis.walk import Resolved
from visualnn_shared.errors import SpecInvalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem
from visualnn_shared.spec.reading import parse
from visualnn_shared.store import models

from visualnn_api.bodies import content_type, is_json, read_json
from visualnn_api.converting import read_model
from visualnn_api.errors import UnsupportedMedia
from visualnn_api.settings import ApiSettings
from visualnn_api.uploads import receive_form
from visualnn_api.upstream import Upstream
from visualnn_api.views.common import Listing, listing
from visualnn_api.views.models import (
    ModelRow,
    ModelView,
    VersionRow,
    model_row,
    model_view,
    version_row,
)

BODIES = "application/json or multipart/form-data"


def checked_spec(document: Any) -> Spec:
    """``document``, decoded JSON, as a spec that can be built. Raises SpecInvalid with every problem."""
    return checked_document(document)[0]


def checked_document(document: Any) -> tuple[Spec, Resolved]:
    """The same, with what the check found out about the layers."""
    if isinstance(document, str):  # a JSON text inside JSON is no spec, though ``checked`` reads texts too
        raise SpecInvalid([problem("a spec must be a JSON object", document, hint='{"visualnn": 1, ...}')])
    return checked_net(document)


async def posted_spec(
    request: Request, settings: ApiSettings, converter: Upstream
) -> tuple[Spec, dict[str, Any] | None]:
    """The spec that a request carries, as JSON or as an uploaded file, and where it came from."""
    if is_json(request):
        return checked_spec(await read_json(request)), None
    if content_type(request) != "multipart/form-data":
        raise UnsupportedMedia(BODIES, request.headers.get("content-type", ""))
    async with receive_form(
        request,
        spool_dir=settings.spool_dir,
        files=("file",),
        fields=("format", "name", "input_shape"),
        max_bytes=settings.max_model_bytes,
    ) as form:
        spec, source = await read_model(converter, form.files["file"], form.fields)
        document = spec.model_dump(mode="json")
        return checked_spec(document | ({"name": name} if (name := form.fields.get("name")) else {})), source


def created(s: Session, owner: str, spec: Spec, source: dict[str, Any] | None) -> ModelView:
    model = models.create(s, owner, spec.name, spec, source)
    return model_view(model, models.version(s, owner, model.id))


def read(s: Session, owner: str, model_id: str) -> ModelView:
    return model_view(models.get(s, owner, model_id), models.version(s, owner, model_id))


def listed(
    s: Session, owner: str, cursor: str | None, limit: int, name: str | None, query: str | None
) -> Listing[ModelRow]:
    page = models.search(s, owner, query, cursor, limit) if query else models.page(s, owner, cursor, limit, name)
    current = models.current(s, list(page.items))
    return listing([model_row(model, current[model.id]) for model in page.items], page)


def saved(s: Session, owner: str, model_id: str, spec: Spec, if_match: frozenset[str] | None) -> ModelView:
    models.save(s, owner, model_id, spec, if_match)
    return read(s, owner, model_id)


def renamed(s: Session, owner: str, model_id: str, name: str) -> ModelView:
    models.rename(s, owner, model_id, name)
    return read(s, owner, model_id)


def listed_versions(s: Session, owner: str, model_id: str, cursor: int | None, limit: int) -> Listing[VersionRow]:
    page = models.versions(s, owner, model_id, cursor, limit)
    return listing([version_row(row) for row in page.items], page)


def spec_of(s: Session, owner: str, model_id: str, number: int | None = None) -> Spec:
    """The spec of a version, by default the current one. Raises NotFound, and SpecInvalid for what a newer VisualNN
    has stored."""
    return known(document_of(s, owner, model_id, number))


def document_of(s: Session, owner: str, model_id: str, number: int | None = None) -> dict[str, Any]:
    """The same, as it is stored. Raises NotFound."""
    return models.version(s, owner, model_id, number).spec


def known(document: dict[str, Any]) -> Spec:
    """A stored document as a spec. Raises SpecInvalid where a newer VisualNN stored what this one does not know."""
    try:
        return Spec.model_validate(document)
    except ValidationError:
        raise SpecInvalid(parse(document).problems) from None
