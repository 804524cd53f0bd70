"""A closer look at a stored data set: its quality, a picture of samples, and a new division into splits."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from visualnn_shared.datasets.data import Data
from visualnn_shared.datasets.grid import draw
from visualnn_shared.datasets.quality import report
from visualnn_shared.datasets.reading import Inspected, inspect, load
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema
from visualnn_shared.datasets.splitting import divide
from visualnn_shared.datasets.writing import write_npz
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.problem import problem
from visualnn_shared.store import datasets
from visualnn_shared.store.tables import Dataset

from visualnn_api import storing
from visualnn_api.parts import Parts
from visualnn_api.views.datasets import DivideRequest, QualityView

_T = TypeVar("_T")


async def quality(parts: Parts, row: Dataset) -> QualityView:
    """What is odd about it."""
    return await _loaded(parts, row, lambda data, schema: QualityView.model_validate(asdict(report(data, schema))))


async def picture(parts: Parts, row: Dataset, split: str, offset: int, count: int, columns: int) -> bytes:
    """A PNG of samples ``offset`` to ``offset + count``. Raises Invalid where there are none."""
    total = int(row.splits.get(split, 0))
    if offset >= total:
        rule = f"offset must be below {total:,}, the samples of {split}" if total else f"there must be a split {split}"
        raise Invalid("the request", [problem(rule, offset, field="offset")])

    def made(data: Data, schema: DatasetSchema) -> bytes:
        whole = data.splits[split]
        part = whole.part(slice(offset, offset + count))
        title = f"{row.name}, {split}: samples {offset:,} to {offset + len(part) - 1:,} of {total:,}"
        return draw(part, schema, title, offset, columns)

    return await _loaded(parts, row, made, offset + count)


async def divided(parts: Parts, owner: str, row: Dataset, wish: DivideRequest) -> tuple[Dataset, bool]:
    """A new data set of the same samples in other splits. Raises Invalid, TooLarge."""
    name = wish.name or f"{row.name}, test {wish.test:g}, seed {wish.seed}"[:200]
    with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
        path = Path(folder) / "divided.npz"

        def made(data: Data, schema: DatasetSchema) -> Inspected:
            write_npz(path, _divided(data, schema, wish))
            found = inspect(path, path.name)
            named = _named(found.schema, schema)
            return Inspected(found.format, named, found.splits)

        inspected = await _loaded(parts, row, made)
        upload = await to_thread.run_sync(storing.received, path, path.name)
        known = await parts.db.read(datasets.same, owner, upload.sha256, name)
        return (known, False) if known is not None else await storing.keep(parts, owner, name, upload, inspected)


def _divided(data: Data, schema: DatasetSchema, wish: DivideRequest) -> dict[str, NDArray[Any]]:
    """The arrays of an npz with the splits asked for, from the samples of all splits."""
    splits = list(data.splits.values())
    count = sum(len(split) for split in splits)
    label = schema.label
    problems = []
    if any(one.dtype == "text" for one in schema.features):
        hint = "give the file a column named split"
        problems.append(problem("texts cannot be divided here", "text", field="dataset", hint=hint))
    if count < 2:
        problems.append(problem("a data set must have two samples to be divided", count, field="dataset"))
    if wish.stratify and (label is None or label.n_classes is None or label.shape != ()):
        problems.append(problem("stratify must have labels that are classes", "none", field="stratify"))
    if problems:
        raise Invalid("the request", problems)
    labels = {one.name: np.concatenate([split.labels[one.name] for split in splits]) for one in schema.labels}
    classes = labels[label.name] if wish.stratify and label is not None else None
    train, test = divide(count, wish.test, wish.seed, classes)
    arrays: dict[str, NDArray[Any]] = {}
    for split, rows in (("train", train), ("test", test)):
        for feature in schema.features:
            whole = np.concatenate([one.x[feature.name] for one in splits])
            arrays[_array_name("x", split, feature, len(schema.features))] = whole[rows]
        for one in schema.labels:
            name = f"y_{split}" if len(labels) == 1 or one.plain else f"y_{split}_{one.name}"
            arrays[name] = labels[one.name][rows]
    return arrays


def _array_name(role: str, split: str, feature: FeatureSchema, count: int) -> str:
    return f"{role}_{split}" if count == 1 else f"{role}_{split}_{feature.name}"


def _named(made: DatasetSchema, source: DatasetSchema) -> DatasetSchema:
    """With the names of classes and columns, which an npz of numbers does not hold."""
    labels = []
    for label in made.labels:
        own = next((one for one in source.labels if one.name == label.name), source.labels[0])
        known = {"classes": own.classes, "n_classes": own.n_classes, "kind": own.kind}
        labels.append(label.model_copy(update=known))
    return made.with_labels(*labels).model_copy(update={"columns": source.columns})


async def _loaded(parts: Parts, row: Dataset, use: Callable[[Data, DatasetSchema], _T], limit: int | None = None) -> _T:
    """What ``use`` makes of the data set in memory, in a thread."""
    schema = DatasetSchema.model_validate(row.schema)

    def read() -> _T:
        with tempfile.TemporaryDirectory(prefix="visualnn-", dir=parts.settings.spool_dir or None) as folder:
            path = Path(folder) / "data"
            parts.objects.get_file(row.key, path)
            return use(load(path, row.format, schema, limit), schema)

    return await to_thread.run_sync(read, limiter=storing.reading)
