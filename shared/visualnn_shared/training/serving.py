"""What a trained net needs besides its weights to answer as it was trained: signature, preprocessing, classes.

Written by the worker next to the weights and into the weights file, kept with the operator, applied by the predictor.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from visualnn_shared.datasets.schema import DType

V2_TYPES: Mapping[str, str] = {
    "float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64", "uint8": "UINT8", "bool": "BOOL",
}  # fmt: skip
"""Our name of a tensor's type -> its name in the Open Inference Protocol (V2)."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorSpec(_Frozen):
    """One input or output without its batch axis: ``shape`` (28, 28); None is a free dimension."""

    name: str
    shape: tuple[int | None, ...]
    dtype: DType


class Reshape(_Frozen):
    """The same values in another shape, C order: 28 x 28 pictures for an input of 784."""

    step: Literal["reshape"] = "reshape"
    shape: tuple[int, ...]


class Scale(_Frozen):
    """``x * factor + offset`` in float32: 8-bit pictures to 0-1 is factor 1/255."""

    step: Literal["scale"] = "scale"
    factor: float
    offset: float = 0.0


class Cast(_Frozen):
    """To the input's dtype."""

    step: Literal["cast"] = "cast"
    dtype: Literal["float32", "int32", "int64"]


class OneHot(_Frozen):
    """Integer labels to rows of 0 and 1."""

    step: Literal["one_hot"] = "one_hot"
    classes: int


Step = Annotated[Reshape | Scale | Cast | OneHot, Field(discriminator="step")]
Task = Literal["classification", "binary", "regression", "sequence"]
"""What the first output says. ``sequence``: values for each position; the last axis tells symbols apart (CTC)."""
ScoresBy = Literal["softmax", "sigmoid"]


class Serving(_Frozen):
    """Raw inputs (as the data set stored them) -> preprocessing -> model -> named outputs, and what they mean."""

    inputs: tuple[TensorSpec, ...]
    """Raw inputs, before preprocessing: names are the spec's Input layers."""
    outputs: tuple[TensorSpec, ...]
    """Names are the spec's outputs."""
    preprocessing: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    """Input name -> steps, in order."""
    labels: tuple[Step, ...] = ()
    """Steps that training applies to the labels, for the first output."""
    more_labels: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    """Output but the first -> the steps that training applies to the labels for it."""
    scores_by: ScoresBy | None = None
    """What makes shares of the first output where the net was trained from logits; None: its values are the scores."""
    task: Task
    classes: tuple[str, ...] | None = None
    """Class names by index, for classification and binary tasks."""
