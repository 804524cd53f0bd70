"""How many samples each class of a data set has."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from anyio import to_thread
from visualnn_shared.datasets.data import Split
from visualnn_shared.datasets.reading import load
from visualnn_shared.datasets.schema import DatasetSchema, LabelSchema
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store.tables import Dataset

from visualnn_api.settings import ApiSettings
from visualnn_api.storing import reading
from visualnn_api.views.datasets import ClassCount, ClassCounts

MOST_CLASSES = 1000
"""More are no classes that anybody looks at one by one."""


async def class_counts(objects: ObjectStore, settings: ApiSettings, row: Dataset) -> ClassCounts:
    """Samples by class and split; no classes where the labels are none, or too many. Raises ObjectMissing."""
    schema = DatasetSchema.model_validate(row.schema)
    told = [label for label in schema.labels if not label.shape and 0 < _size(label) <= MOST_CLASSES]
    if not told:
        return ClassCounts(items=[], labels={label.name: [] for label in schema.labels})

    def count() -> ClassCounts:
        with tempfile.TemporaryDirectory(prefix="visualnn-", dir=settings.spool_dir or None) as folder:
            path = Path(folder) / "data"
            objects.get_file(row.key, path)
            splits = load(path, row.format, schema).splits
        found = {label.name: _of(label, splits) if label in told else [] for label in schema.labels}
        return ClassCounts(items=next(iter(found.values())), labels=found)

    return await to_thread.run_sync(count, limiter=reading)


def _of(label: LabelSchema, splits: Mapping[str, Split]) -> list[ClassCount]:
    names = label.classes or tuple(str(index) for index in range(_size(label)))
    found = {split: _counted(part.labels[label.name], len(names)) for split, part in splits.items()}
    return [
        ClassCount(index=index, name=name, counts={split: counts[index] for split, counts in found.items()})
        for index, name in enumerate(names)
    ]


def _size(label: LabelSchema) -> int:
    return len(label.classes) if label.classes else label.n_classes or 0


def _counted(y: object, classes: int) -> list[int]:
    labels = np.asarray(y).reshape(-1).astype(np.int64)
    counted: list[int] = np.bincount(labels, minlength=classes)[:classes].tolist()
    return counted
