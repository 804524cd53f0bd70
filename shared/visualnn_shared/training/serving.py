"""What a trained net needs besides its weights to answer as it was trained: signature, preprocessing, classes.

Written by the worker next to the weights and into the weights file, kept with the operator, applied by the predictor.
"""

import base64
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from visualnn_shared.datasets.schema import DType

V2_TYPES: Mapping[str, str] = {
    "float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64", "uint8": "UINT8", "bool": "BOOL",
    "text": "BYTES",
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


class Numbers(_Frozen):
    """An array of 32-bit floats, as text: what fitting found."""

    shape: tuple[int, ...]
    data: str
    """Base64 of the values, little-endian, in C order."""

    @classmethod
    def of(cls, array: NDArray[Any]) -> "Numbers":
        data = np.ascontiguousarray(array, "<f4").tobytes()
        return cls(shape=array.shape, data=base64.b64encode(data).decode())

    @property
    def array(self) -> NDArray[np.float32]:
        """Not to be written to."""
        return _decoded(self.shape, self.data)

    @model_validator(mode="after")
    def _whole(self) -> "Numbers":
        if 4 * math.prod(self.shape) != len(base64.b64decode(self.data, validate=True)):
            raise ValueError("the values must be as many as the shape says")
        return self


@lru_cache(maxsize=256)
def _decoded(shape: tuple[int, ...], data: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(data), "<f4").astype(np.float32).reshape(shape)


def with_gaps(dtype: str) -> Literal["float32", "float64"]:
    """The dtype of values some of which are missing, or were: it has a NaN, and every value of ``dtype``."""
    return "float32" if dtype in ("float32", "uint8", "bool") else "float64"


class Fill(_Frozen):
    """What is missing (NaN) becomes the value in the same place; one value for all samples and, where it is a single
    one, for all places. Whole numbers become floats."""

    step: Literal["fill"] = "fill"
    values: Numbers


class Normalise(_Frozen):
    """``(x - subtract) * factor + offset``, element by element along the last axes."""

    step: Literal["normalise"] = "normalise"
    subtract: Numbers
    factor: Numbers
    offset: float = 0.0


class Project(_Frozen):
    """Samples, made flat, less ``mean``, times ``matrix``: principal components, whitening."""

    step: Literal["project"] = "project"
    mean: Numbers
    matrix: Numbers
    shape: tuple[int, ...]
    """Of a sample then."""


class Resize(_Frozen):
    """Pictures (height, width) or (height, width, channels) of another height and width."""

    step: Literal["resize"] = "resize"
    height: int
    width: int
    method: Literal["bilinear", "nearest"] = "bilinear"


class Channels(_Frozen):
    """Channels of pictures in another order or place."""

    step: Literal["channels"] = "channels"
    order: Literal["reverse", "grey", "colour", "last", "first"]


class Tokens(_Frozen):
    """Texts to word numbers: 0 fills up, 1 is an unknown word, ``vocabulary[i]`` is i + 2."""

    step: Literal["tokens"] = "tokens"
    vocabulary: tuple[str, ...]
    length: int
    lower: bool = True
    padding: Literal["pre", "post"] = "pre"
    truncating: Literal["pre", "post"] = "pre"


Step = Annotated[
    Reshape | Scale | Cast | OneHot | Fill | Normalise | Project | Resize | Channels | Tokens,
    Field(discriminator="step"),
]
Task = Literal["classification", "binary", "regression", "sequence"]
"""What the first output says. ``sequence``: values for each position; the last axis tells symbols apart (CTC)."""
ScoresBy = Literal["softmax", "sigmoid", "margin"]
"""``margin``: of a value whose sign tells two classes apart, as hinge trains it; -1 to 1 become 0 to 1, what is beyond
is cut off. It ranks the classes and is no probability."""


class Meaning(_Frozen):
    """What one output says, and what it learnt from."""

    label: str | None = None
    """Name of the data set's labels that it learnt from; None where that is not known."""
    labels: tuple[Step, ...] = ()
    """Steps that training applies to them."""
    scores_by: ScoresBy | None = None
    task: Task = "regression"
    classes: tuple[str, ...] | None = None


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
    label: str | None = None
    """Name of the data set's labels that the first output learnt from; None where that is not known."""
    others: dict[str, Meaning] = Field(default_factory=dict)
    """Output but the first -> what it says."""
    scores_by: ScoresBy | None = None
    """What makes shares of the first output where the net was trained from logits or by margins; None: they are its
    values."""
    task: Task
    classes: tuple[str, ...] | None = None
    """Class names by index, for classification and binary tasks."""

    def may_miss(self, name: str) -> bool:
        """Whether values of input ``name`` may be missing: what is done first fills them."""
        return any(isinstance(step, Fill) for step in self.preprocessing.get(name, ())[:1])

    @model_validator(mode="before")
    @classmethod
    def _older(cls, given: Any) -> Any:
        """Of other outputs, older files have only the steps of the labels (``more_labels``)."""
        if not isinstance(given, Mapping) or "more_labels" not in given:
            return given
        rest = {name: value for name, value in given.items() if name != "more_labels"}
        others = {name: {"labels": steps} for name, steps in given["more_labels"].items()}
        return {**rest, "others": {**others, **rest.get("others", {})}}

    def meaning(self, output: str) -> Meaning:
        """What the output says."""
        if output == self.outputs[0].name:
            return Meaning(
                label=self.label, labels=self.labels, scores_by=self.scores_by, task=self.task, classes=self.classes
            )
        return self.others.get(output, Meaning())

    def of(self, output: str) -> "Serving":
        """The same net as if this were its only output."""
        own = self.meaning(output)
        only = tuple(spec for spec in self.outputs if spec.name == output)
        said = {name: getattr(own, name) for name in Meaning.model_fields}
        return self.model_copy(update={"outputs": only, "others": {}, **said})
