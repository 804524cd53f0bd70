"""Data sets between the upload and the stores: inspected, counted against the quota, kept, shown."""

import hashlib
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from anyio import CapacityLimiter, to_thread
from visualnn_shared.datasets.data import Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.gaps import listed
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.reading import Data, Inspected, inspect, load, settled
from visualnn_shared.datasets.schema import DatasetSchema, LabelSchema
from visualnn_shared.datasets.writing import write_zip
from visualnn_shared.errors import Conflict, Invalid, TooLarge
from visualnn_shared.ids import new_id
from visualnn_shared.objects import ObjectStore
from visualnn_shared.spec.model import ONE_LINE
from visualnn_shared.spec.problem import problem
from visualnn_shared.store import datasets
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Dataset

from visualnn_api.parts import Parts
from visualnn_api.settings import ApiSettings
from visualnn_api.uploads import Form, Upload
from visualnn_api.views.datasets import Sample, SampleLabel, SamplesView

_MAX_NAME = 200
_MAX_SHOWN = 2_000_000
"""Numbers that one look at samples may hold."""
reading = CapacityLimiter(2)  # a decoded data set may be large: at most so many in memory at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """A received file, and what its sender says of it."""

    upload: Upload
    name: str
    format: str | None = None
    picture_size: str | None = None


async def wanted(form: Form) -> Wanted:
    """What a form asks for; several files become one zip. Raises Invalid."""
    fields, files = form.fields, form.more["file"]
    upload = files[0] if len(files) == 1 else await to_thread.run_sync(_together, files)
    name = fields.get("name") or (_name_of(files) if len(files) > 1 else upload.filename) or "data"
    return Wanted(upload, name, fields.get("format") or None, fields.get("picture_size") or None)


def _name_of(files: list[Upload]) -> str:
    """What several files that make one data set are called."""
    first, *more = sorted(one.filename[:90] for one in files)
    return f"{first} and {more[0]}" if len(more) == 1 else f"{first} and {len(more)} more"


def _together(files: list[Upload]) -> Upload:
    """One zip of the files, which is the same whatever their order."""
    findings = Findings()
    for name in sorted({one.filename for one in files}):
        count = sum(one.filename == name for one in files)
        if count > 1 or not name:
            findings.add("files that make one data set must have names that differ", name, field="file")
    findings.raise_any()
    path = files[0].path.with_name("together.zip")
    write_zip(path, {one.filename: one.path for one in files})
    return received(path, "files.zip")


def received(path: Path, filename: str) -> Upload:
    """A file that lies here already, as if it had been sent."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Upload(path, filename, path.stat().st_size, digest)


async def store(parts: Parts, owner: str, wish: Wanted) -> tuple[Dataset, bool]:
    """The stored data set, and whether it is new. Raises DatasetInvalid with every problem, TooLarge for the quota."""
    upload, name = wish.upload, wish.name
    if len(name) > _MAX_NAME:
        raise Invalid("the form", [problem(f"name must have at most {_MAX_NAME} characters", name, field="name")])
    if not re.fullmatch(ONE_LINE, name):
        raise Invalid("the form", [problem("name must be one line without control characters", name, field="name")])
    content, known = await _content(parts, owner, wish)
    if known is not None:
        return known, False
    limits = Limits(expanded_bytes=parts.settings.max_expanded_bytes)
    inspected = await to_thread.run_sync(
        inspect, upload.path, upload.filename, wish.format, limits, wish.picture_size, limiter=reading
    )
    return await keep(parts, owner, name, replace(upload, sha256=content), inspected)


async def _content(parts: Parts, owner: str, wish: Wanted) -> tuple[str, Dataset | None]:
    """The sha256 that is kept, and the data set that is the same already.

    It is the file's own, unless pictures are brought to a size that was asked for, or the owner has the file under this
    name in another format: what is read then is another data set. Raises DatasetInvalid for options that cannot be.
    """
    upload, name = wish.upload, wish.name
    format, size = await to_thread.run_sync(
        settled, upload.path, upload.filename, wish.format, wish.picture_size, limiter=reading
    )
    known = await parts.db.read(datasets.same, owner, upload.sha256, name)
    if size is None and (known is None or known.format == format):
        return upload.sha256, known
    if known is not None and known.format == format and size == tuple(known.schema["features"][0]["shape"][:2]):
        return upload.sha256, known
    told = f"{upload.sha256} {format}" + (f" {size[0]}x{size[1]}" if size else "")
    content = hashlib.sha256(told.encode()).hexdigest()
    return content, await parts.db.read(datasets.same, owner, content, name)


async def keep(
    parts: Parts, owner: str, name: str, upload: Upload, inspected: Inspected, folder: str | None = None
) -> tuple[Dataset, bool]:
    """Store an inspected file. ``folder`` is where its object lies; default: one of its sha256. Raises TooLarge."""
    path = inspected.packed or upload.path
    row = _row(owner, name, upload.sha256, path.stat().st_size, inspected, folder)
    stored = await parts.db.read(datasets.stored_bytes, owner)
    if stored + row.size > parts.settings.dataset_quota_bytes:
        raise TooLarge("all data sets of an owner (bytes)", parts.settings.dataset_quota_bytes, stored + row.size)
    return await _keep(parts, row, path)


def _row(owner: str, name: str, sha256: str, size: int, inspected: Inspected, folder: str | None) -> Dataset:
    dataset_id = new_id("dataset")
    return Dataset(
        id=dataset_id,
        owner=owner,
        name=name,
        sha256=sha256,
        format=inspected.format,
        size=size,
        key=f"datasets/{folder or sha256}/{dataset_id}",
        schema=inspected.schema.model_dump(mode="json"),
        splits=dict(inspected.splits),
    )


async def _keep(parts: Parts, row: Dataset, path: Path) -> tuple[Dataset, bool]:
    """The object first, then the row that names it; where somebody stored the same meanwhile, theirs."""
    owner, sha256, name, key = row.owner, row.sha256, row.name, row.key
    await to_thread.run_sync(parts.objects.put_file, key, path)
    try:
        return await parts.db.run(datasets.add, row), True
    except Conflict:  # after another error the row may be there all the same, so its object stays
        await to_thread.run_sync(parts.objects.delete, key)
    known = await parts.db.read(datasets.same, owner, sha256, name)
    if known is None:
        raise Conflict("a data set must not be deleted while it is stored again", name)
    return known, False


async def remove(db: Database, objects: ObjectStore, owner: str, dataset_id: str) -> None:
    """The row first, then the object: a crash between the two leaves bytes, never a row without its bytes."""
    key = await db.run(datasets.delete, owner, dataset_id)
    await to_thread.run_sync(objects.delete, key)


async def look(
    objects: ObjectStore, settings: ApiSettings, row: Dataset, split: str, offset: int, limit: int
) -> SamplesView:
    """Samples ``offset`` to ``offset + limit`` of a split. Raises Invalid where they are too many numbers."""
    schema = DatasetSchema.model_validate(row.schema)
    per_sample = sum(int(np.prod(feature.shape, dtype=np.int64)) for feature in schema.features)
    if per_sample * limit > _MAX_SHOWN:
        fits = max(1, _MAX_SHOWN // per_sample)
        rule = f"limit must be at most {fits:,} for samples of {per_sample:,} numbers"
        raise Invalid("the request", [problem(rule, limit, field="limit")])

    def read() -> SamplesView:
        with tempfile.TemporaryDirectory(prefix="visualnn-", dir=settings.spool_dir or None) as folder:
            path = Path(folder) / "data"
            objects.get_file(row.key, path)
            return _shown(load(path, row.format, schema, offset + limit), schema, row.splits, split, offset, limit)

    return await to_thread.run_sync(read, limiter=reading)


def _shown(
    data: Data, schema: DatasetSchema, splits: dict[str, int], split: str, offset: int, limit: int
) -> SamplesView:
    found = data.splits.get(split)
    indices = range(offset, min(offset + limit, len(found))) if found is not None else ()
    items = [_sample(found, schema, index) for index in indices] if found is not None else []
    return SamplesView(split=split, offset=offset, total=splits.get(split, 0), items=items)


def _values(one: Any) -> Any:
    """A sample's values for JSON; null where one is missing."""
    return one if isinstance(one, str) else listed(one)


def _sample(split: Split, schema: DatasetSchema, index: int) -> Sample:
    inputs = {name: _values(array[index]) for name, array in split.x.items()}
    labels = {label.name: _label(split.labels[label.name][index].tolist(), label) for label in schema.labels}
    first = next(iter(labels.values()), SampleLabel())
    return Sample(index=index, inputs=inputs, label=first.value, class_name=first.class_name, labels=labels)


def _label(value: Any, label: LabelSchema) -> SampleLabel:
    classes = label.classes
    known = classes[value] if classes and isinstance(value, int) and 0 <= value < len(classes) else None
    return SampleLabel(value=value, class_name=known)
