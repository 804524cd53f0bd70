"""Data sets as answers."""

from typing import Any

from pydantic import Field
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.store.tables import Dataset

from visualnn_api.views.common import Links, Timestamp, View


class DatasetView(View):
    """Stored samples: what they are and how many."""

    id: str
    name: str
    sha256: str
    format: str
    size: int
    """Bytes of the uploaded file."""
    schema_: DatasetSchema = Field(alias="schema")
    """Features and label: shapes, types, ranges, classes."""
    splits: dict[str, int]
    created_at: Timestamp
    links: Links


class Sample(View):
    """One sample as it was stored, before any preprocessing."""

    index: int
    inputs: dict[str, Any]
    """Input name -> nested numbers."""
    label: Any = None
    class_name: str | None = None


class SamplesView(View):
    """Some samples of one split."""

    split: str
    offset: int
    total: int
    items: list[Sample]


class ClassCount(View):
    """How many samples of each split belong to a class."""

    index: int
    name: str
    counts: dict[str, int]
    """Split -> number of samples."""


class ClassCounts(View):
    """By index; empty where the labels are no classes, or more than 1,000."""

    items: list[ClassCount]


def dataset_view(row: Dataset) -> DatasetView:
    url = f"/api/v1/datasets/{row.id}"
    return DatasetView(
        id=row.id,
        name=row.name,
        sha256=row.sha256,
        format=row.format,
        size=row.size,
        schema=DatasetSchema.model_validate(row.schema),
        splits=row.splits,
        created_at=row.created_at,
        links={"self": url, "samples": f"{url}/samples", "classes": f"{url}/classes"},
    )
