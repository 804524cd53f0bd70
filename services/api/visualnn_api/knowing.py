"""Data sets without a file in the request: known by name, or uploaded before."""

import tempfile
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import Request
from pydantic import ValidationError
from visualnn_shared.catalogue.kinds import closest
from visualnn_shared.datasets.known import KNOWN
from visualnn_shared.datasets.known.fetching import Source
from visualnn_shared.datasets.known.registry import Known
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.reading import Inspected, inspect
from visualnn_shared.errors import Invalid, TooLarge
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store import datasets
from visualnn_shared.store.tables import Dataset
from visualnn_shared.validation import problems_of

from visualnn_api import resumable, storing
from visualnn_api.bodies import parse
from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.uploads import Upload
from visualnn_api.views.datasets import KnownDataset, StoreRequest


async def small_json(request: Request, settings: ApiSettings) -> Any:
    """The JSON body of a path whose bodies may be large. Raises TooLarge, Malformed."""
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > settings.max_json_bytes:
            raise TooLarge("the request body (bytes)", settings.max_json_bytes, "more")
    return parse(bytes(raw))


async def from_json(parts: Parts, owner: str, body: Any) -> tuple[Dataset, bool]:
    """The stored data set, and whether it is new. Raises Invalid, NotFetched, NotFound, DatasetInvalid."""
    wish = _checked(body)
    if wish.known is not None:
        known = await parts.db.read(_find, owner, KNOWN[wish.known])
        return (known, False) if known is not None else (await stored(parts, owner, wish.known), True)
    async with resumable.finished(parts, owner, str(wish.upload)) as upload:
        name = wish.name or upload.filename or "data"
        found = await storing.store(parts, owner, storing.Wanted(upload, name, wish.format, wish.picture_size))
    await to_thread.run_sync(resumable.remove, parts.objects, str(wish.upload))
    return found


def _checked(body: Any) -> StoreRequest:
    try:
        wish = StoreRequest.model_validate(body)
    except ValidationError as error:
        raise Invalid("the request", problems_of(error.errors(include_url=False), body)) from None
    problems: list[Problem] = []
    if (wish.known is None) == (wish.upload is None):
        given = {"known": wish.known, "upload": wish.upload}
        problems.append(problem("either known or upload must be given", given, field="known"))
    elif wish.known is not None:
        if wish.known not in KNOWN:
            hint = closest(wish.known, list(KNOWN)) or f"known are {', '.join(KNOWN)}"
            problems.append(problem("known must name a known data set", wish.known, field="known", hint=hint))
        problems += [
            problem(f"{field} must come with an upload only", getattr(wish, field), field=field)
            for field in ("name", "format", "picture_size")
            if getattr(wish, field) is not None
        ]
    if problems:
        raise Invalid("the request", problems)
    return wish


def listed(settings: ApiSettings) -> list[KnownDataset]:
    """Every data set that is known by name, and whether it is here."""
    source = _source(settings)
    return [
        KnownDataset(
            name=known.name,
            title=known.title,
            origin=known.origin,
            available="here" if not known.files else "fetched" if source.has(known) else "at first use",
            files=[source.address(remote) for remote in known.files],
        )
        for known in KNOWN.values()
    ]


async def stored(parts: Parts, owner: str, name: str) -> Dataset:
    """The data set of a known name, made or fetched where it is used for the first time. Raises NotFetched."""
    known = KNOWN[name]
    row = await parts.db.read(_find, owner, known)
    return row if row is not None else await _make(parts, owner, known)


def _find(s: Any, owner: str, known: Known) -> Dataset | None:
    return datasets.in_folder(s, owner, known.name, f"datasets/{_folder(known)}/")


def _folder(known: Known) -> str:
    return f"known/{known.name}.{known.revision}"


def _source(settings: ApiSettings) -> Source:
    cache = (
        Path(settings.dataset_cache) if settings.dataset_cache else settings.data_dir.expanduser() / "known-datasets"
    )
    return Source(cache, settings.dataset_mirror, settings.dataset_fetch_s)


async def _make(parts: Parts, owner: str, known: Known) -> Dataset:
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
        path = Path(folder) / known.filename

        def make() -> tuple[Upload, Inspected]:
            known.make(path, _source(parts.settings).files(known))
            inspected = inspect(path, known.filename, known.format, Limits(expanded_bytes=2**33))
            return storing.received(path, known.filename), described(inspected, known)

        upload, inspected = await to_thread.run_sync(make)
        row, _new = await storing.keep(parts, owner, known.name, upload, inspected, _folder(known))
    return row


def described(inspected: Inspected, known: Known) -> Inspected:
    """With the names of classes and columns, which its file does not hold."""
    schema = inspected.schema
    labels = schema.labels
    if known.classes is not None:
        named = {"classes": known.classes, "n_classes": len(known.classes)}
        labels = tuple(label.model_copy(update=named) for label in labels)
    schema = schema.with_labels(*labels).model_copy(update={"columns": known.columns})
    return Inspected(inspected.format, schema, inspected.splits, inspected.packed)
