"""Data sets as answers."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.spec.model import ONE_LINE
from visualnn_shared.store.tables import Dataset

from visualnn_api.views.common import Links, Timestamp, View


class DatasetView(View):
    """Stored samples: what they are and how many."""

    id: str
    name: str
    sha256: str
    format: str
    size: int
    """Bytes that are kept: the uploaded file, or what it was packed into."""
    schema_: DatasetSchema = Field(alias="schema")
    """Features and labels: shapes, types, ranges, classes."""
    splits: dict[str, int]
    created_at: Timestamp
    links: Links


class KnownDataset(View):
    """A data set that its name stands for."""

    name: str
    title: str
    origin: str
    """Who made it."""
    available: Literal["here", "fetched", "at first use"]
    """Whether its files are part of the platform, were fetched before, or are fetched when it is first used."""
    files: list[str]
    """Addresses that its files are fetched from."""


class DatasetFormat(View):
    """A kind of file that samples come in."""

    name: str
    title: str
    extensions: list[str]


class OddityView(View):
    """One thing that whoever trains on the data should know."""

    kind: str
    severity: Literal["note", "warning"]
    text: str
    count: int
    examples: tuple[str, ...]
    hint: str | None


class ColumnView(View):
    """Numbers of one feature in one split."""

    feature: str
    split: str
    mean: float
    std: float
    min: float
    max: float
    missing: int
    """Values that are NaN."""
    constant: int
    """How many of a sample's values are the same in every sample."""


class QualityView(View):
    """What is odd about a data set, and how its classes and numbers are spread."""

    classes: dict[str, dict[str, int]]
    """Of the first labels that are classes: split -> class -> samples."""
    labels: dict[str, dict[str, dict[str, int]]]
    """The same of all labels that are classes, by their name."""
    columns: list[ColumnView]
    oddities: list[OddityView]


class DivideRequest(BaseModel):
    """What `POST /datasets/{id}/split` takes."""

    model_config = ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": [{"test": 0.2, "stratify": True}]}
    )

    test: float = Field(default=0.2, gt=0, lt=1, strict=True)
    """Share of the samples that becomes the test split."""
    seed: int = Field(default=0, ge=0, le=2**32 - 1, strict=True)
    """The same seed divides in the same way."""
    stratify: bool = Field(default=False, strict=True)
    """Both splits have the same share of each class."""
    name: str | None = Field(default=None, max_length=200, pattern=ONE_LINE)
    """Of the new data set."""


class UploadView(View):
    """An upload that has begun."""

    id: str
    length: int
    """Bytes of the whole file."""
    filename: str


class StoreRequest(BaseModel):
    """`POST /datasets` without a file: `known` or `upload`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    known: str | None = Field(default=None, max_length=64)
    """Name of a known data set."""
    upload: str | None = Field(default=None, max_length=64)
    """Id of a finished upload."""
    name: str | None = Field(default=None, max_length=200)
    """What to call the data set; of an upload."""
    format: str | None = Field(default=None, max_length=32)
    """Of an upload; found out where it is left out."""
    picture_size: str | None = Field(default=None, max_length=32)
    """Height and width that an upload's pictures are brought to."""


class SampleLabel(View):
    """What labels say of a sample."""

    value: Any = None
    class_name: str | None = None


class Sample(View):
    """One sample as it was stored, before any preprocessing."""

    index: int
    inputs: dict[str, Any]
    """Input name -> nested numbers."""
    label: Any = None
    """By the first labels."""
    class_name: str | None = None
    labels: dict[str, SampleLabel] = Field(default_factory=dict)
    """Name of labels -> what they say."""


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
    """Of the first labels."""
    labels: dict[str, list[ClassCount]] = Field(default_factory=dict)
    """Name of labels -> the same of them, in the order of the schema."""


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
        links={
            "self": url,
            "samples": f"{url}/samples",
            "classes": f"{url}/classes",
            "picture": f"{url}/samples.png",
            "quality": f"{url}/quality",
        },
    )
