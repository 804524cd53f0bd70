"""What a stored data set holds: enough to check it against a model without opening it again."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, computed_field, model_validator

DType = Literal["float32", "float64", "int32", "int64", "uint8", "bool", "text"]
"""The dtypes that samples have once loaded; smaller ones are widened, 8-bit pictures stay 8-bit."""

By = Literal["name", "position"]
"""A csv label column was found by its name, or is merely the last one."""

MOST_NAMED = 20
"""Columns that ``missing_in`` names."""


PLAIN_LABELS = frozenset({"y", "label", "labels", "target", "targets", "class"})
"""Names that say no more than that these are the labels: every output without labels of its own learns from them."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FeatureSchema(_Frozen):
    """One named input of every sample."""

    name: str
    shape: tuple[int, ...]
    """Of one sample: (28, 28) for a picture, () for a single number."""
    dtype: DType
    min: float
    """Smallest value; of texts, words of the shortest."""
    max: float
    whole: bool
    """Whether every value is a whole number, whatever the dtype."""
    missing: int = 0
    """Values that are NaN, in all splits."""
    missing_in: tuple[str, ...] = ()
    """Of a table: the first columns that lack values."""


class LabelSchema(_Frozen):
    """What belongs to each sample.

    ``kind`` is how the labels are meant when nothing else is known: text, bool and integer arrays are classes, other
    numbers are real. Whether they are *used* as classes or as real numbers, the model's head and the loss decide:
    numbers that are whole and not negative keep both readings open and carry ``n_classes`` as well.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType
    """After loading; text and bool classes are loaded as the index of the class."""
    kind: Literal["class", "real"]
    classes: tuple[str, ...] | None = None
    """Names by index, for text and bool labels."""
    n_classes: int | None = None
    """Largest class index + 1; None where the labels cannot be read as classes."""
    min: float
    max: float
    whole: bool
    by: By = "name"

    @property
    def plain(self) -> bool:
        """Whether the name says of no output that these labels are its own."""
        return self.name.lower() in PLAIN_LABELS


class DatasetSchema(_Frozen):
    """Features and labels of all samples; both splits have the same.

    Most data sets have one array of labels; a network with several outputs may learn each from labels of its own.
    """

    features: tuple[FeatureSchema, ...]
    labels: tuple[LabelSchema, ...] = ()
    columns: tuple[str, ...] | None = None
    """Column names of a csv file that has a header."""
    notes: tuple[str, ...] = ()
    """What is odd but allowed, in sentences."""

    @model_validator(mode="before")
    @classmethod
    def _one_label(cls, given: Any) -> Any:
        """Schemas that were stored with a single ``label`` are read; beside ``labels`` it repeats their first."""
        if not isinstance(given, Mapping) or "label" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "label"}
        one = given["label"]
        return {"labels": () if one is None else (one,), **rest}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> LabelSchema | None:
        """The first labels, in most data sets the only ones."""
        return self.labels[0] if self.labels else None

    def with_labels(self, *labels: LabelSchema) -> "DatasetSchema":
        """The same samples with these labels."""
        return self.model_copy(update={"labels": labels})


Splits = dict[str, int]
"""Split ("train", "test") -> number of samples."""
