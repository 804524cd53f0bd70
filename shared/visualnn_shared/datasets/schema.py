"""What a stored data set holds: enough to check it against a model without opening it again."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

DType = Literal["float32", "float64", "int32", "int64", "uint8", "bool", "text"]
"""The dtypes that samples have once loaded; smaller ones are widened, 8-bit pictures stay 8-bit."""

By = Literal["name", "position"]
"""A csv label column was found by its name, or is merely the last one."""

MOST_NAMED = 20
"""Columns that ``missing_in`` names."""


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


class DatasetSchema(_Frozen):
    """Features and label of all samples; both splits have the same."""

    features: tuple[FeatureSchema, ...]
    label: LabelSchema | None = None
    columns: tuple[str, ...] | None = None
    """Column names of a csv file that has a header."""
    notes: tuple[str, ...] = ()
    """What is odd but allowed, in sentences."""


Splits = dict[str, int]
"""Split ("train", "test") -> number of samples."""
