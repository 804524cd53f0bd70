"""What a user may ask to be done to inputs: typed steps, in their order. Some are fitted on the training split.

``{"preprocessing": [{"step": "resize", "height": 32, "width": 32}, {"step": "standardise"}]}``, or by input name.
The operator applies the same steps, with what was fitted.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Over = Literal["feature", "channel", "all"]
_Real = Annotated[float, Field(strict=True, ge=-1e30, le=1e30)]
_Side = Annotated[int, Field(strict=True, ge=1, le=4096)]
_Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ScaleBy(_Step):
    """``x * factor + offset``."""

    step: Literal["scale"]
    factor: _Real = 1 / 255
    """What each value is multiplied with."""
    offset: _Real = 0.0
    """What is added then."""


class FillMissing(_Step):
    """Values that are missing (NaN) are filled in; the first step, where there is one."""

    step: Literal["fill"]
    strategy: Literal["mean", "median", "most_frequent", "constant"] = "mean"
    """What the training split has in the same place: mean, median or most frequent value; constant: fill_value."""
    fill_value: _Real = 0.0
    """What constant fills in, and every strategy where the training split has no value."""


class SubtractMean(_Step):
    """The mean of the training split becomes 0."""

    step: Literal["subtract_mean"]
    over: Over = "feature"
    """One mean for each value of a sample, for each channel (the last axis), or for all."""


class Standardise(_Step):
    """The training split gets mean 0 and standard deviation 1; what never varies becomes 0."""

    step: Literal["standardise"]
    over: Over = "feature"
    """One mean for each value of a sample, for each channel (the last axis), or for all."""


class MinMax(_Step):
    """The training split's smallest and largest value become ``low`` and ``high``."""

    step: Literal["min_max"]
    low: _Real = 0.0
    """What the smallest value becomes."""
    high: _Real = 1.0
    """What the largest value becomes."""
    over: Over = "feature"
    """One range for each value of a sample, for each channel (the last axis), or for all."""


class Pca(_Step):
    """Samples in the directions in which the training split varies most (Pearson 1901)."""

    step: Literal["pca"]
    components: _Count | None = None
    """How many directions; all where it is left out."""


class Whiten(_Step):
    """Directions that do not correlate, each with variance 1 in the training split."""

    step: Literal["whiten"]
    method: Literal["pca", "zca"] = "pca"
    """pca: values are directions; zca: samples stay as like themselves as can be, and keep their shape."""
    components: _Count | None = None
    """How many directions; all where it is left out."""
    epsilon: Annotated[float, Field(strict=True, ge=0, le=1e6)] = 1e-5
    """Added to each variance, so that what hardly varies is not blown up."""


class OneHotInputs(_Step):
    """Whole numbers become rows of 0 and 1."""

    step: Literal["one_hot"]
    classes: Annotated[int, Field(strict=True, ge=2, le=100_000)] | None = None
    """How many different numbers there are, from 0 on; the data set's largest and one more where it is left out."""


class ResizeTo(_Step):
    """Pictures of another height and width."""

    step: Literal["resize"]
    height: _Side
    """Pixels."""
    width: _Side
    """Pixels."""
    method: Literal["bilinear", "nearest"] = "bilinear"
    """bilinear averages what it makes smaller; nearest takes pixels as they are."""


class ChannelsAs(_Step):
    """Channels of pictures in another order or place."""

    step: Literal["channels"]
    order: Literal["reverse", "grey", "colour", "last", "first"]
    """reverse: RGB to BGR and back; grey: one, by luminance; colour: grey thrice; last, first: where the axis goes."""


class ReshapeTo(_Step):
    """The same values in another shape."""

    step: Literal["reshape"]
    shape: Annotated[tuple[_Count, ...], Field(min_length=1, max_length=6)]
    """Of one sample."""


class Tokenise(_Step):
    """Texts become numbers of words: 0 fills up, 1 is a word that is not known, then the most frequent words."""

    step: Literal["tokenise"]
    words: Annotated[int, Field(strict=True, ge=3, le=200_000)] | None = None
    """How many numbers there are; what the embedding takes where it is left out."""
    length: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    """Words of each sample; what the input takes where it is left out."""
    lower: Annotated[bool, Field(strict=True)] = True
    """Capital letters become small ones."""
    padding: Literal["pre", "post"] = "pre"
    """Where short texts are filled up."""
    truncating: Literal["pre", "post"] = "pre"
    """Where long texts are cut."""


RecipeStep = Annotated[
    FillMissing
    | ScaleBy
    | SubtractMean
    | Standardise
    | MinMax
    | Pca
    | Whiten
    | OneHotInputs
    | ResizeTo
    | ChannelsAs
    | ReshapeTo
    | Tokenise,
    Field(discriminator="step"),
]
Steps = Annotated[tuple[RecipeStep, ...], Field(max_length=20)]
Preprocessing = Steps | dict[str, Steps]
"""For every input, or by input name."""
Fitted = FillMissing | SubtractMean | Standardise | MinMax | Pca | Whiten | Tokenise
"""Steps that learn from the training split."""
