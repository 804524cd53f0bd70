"""How training samples may be changed at random, each time they are seen: pictures before any preprocessing."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from visualnn_shared.datasets.schema import FeatureSchema
from visualnn_shared.spec.problem import Problem, problem

_Share = Annotated[float, Field(strict=True, ge=0, le=1)]
_CHANNELS = (1, 2, 3, 4)


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Flip(_Change):
    """Mirrored, every second time."""

    step: Literal["flip"]
    axis: Literal["horizontal", "vertical", "both"] = "horizontal"
    """horizontal changes left and right."""


class Crop(_Change):
    """A window of the picture's own size, out of the picture with a black border around it."""

    step: Literal["crop"]
    padding: Annotated[int, Field(strict=True, ge=1, le=512)] = 4
    """Pixels of border on each side."""


class Shift(_Change):
    """Moved by whole pixels; the edge is drawn out."""

    step: Literal["shift"]
    height: _Share = 0.1
    """Largest move up or down, as a share of the height."""
    width: _Share = 0.1
    """Largest move left or right, as a share of the width."""


class Rotate(_Change):
    """Turned around the middle; the edge is drawn out."""

    step: Literal["rotate"]
    degrees: Annotated[float, Field(strict=True, gt=0, le=180)] = 15.0
    """Largest angle either way."""


class Noise(_Change):
    """Random numbers added to each value."""

    step: Literal["noise"]
    stddev: Annotated[float, Field(strict=True, gt=0, le=10)] = 0.05
    """Standard deviation, as a share of the data's range."""


Change = Annotated[Flip | Crop | Shift | Rotate | Noise, Field(discriminator="step")]
Changes = Annotated[tuple[Change, ...], Field(max_length=20)]


def picture_axes(shape: Sequence[int | None]) -> int | None:
    """The axis of a sample that is the height, the next one being the width; None where it is no picture."""
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in _CHANNELS):
        return 0
    return 1 if len(shape) == 3 and shape[0] in _CHANNELS else None


def augmentation_problems(changes: Iterable[Change], features: Iterable[FeatureSchema]) -> list[Problem]:
    """What cannot be done: there must be pictures, or for noise numbers."""
    features = list(features)
    found = []
    for number, change in enumerate(changes):
        where = f"params.augmentation.{number}"
        if not any(fits(change, feature.shape, feature.dtype) for feature in features):
            what = "numbers" if isinstance(change, Noise) else "pictures (height, width and perhaps channels)"
            rule = f"{change.step} must have {what} to change"
            found.append(problem(rule, {one.name: list(one.shape) for one in features}, field=where))
    return found


def fits(change: Change, shape: Sequence[int | None], dtype: str) -> bool:
    """Whether samples of this shape and dtype are changed."""
    if dtype == "text":
        return False
    if isinstance(change, Noise):
        return dtype in ("float32", "float64", "uint8")
    axis = picture_axes(shape)
    if axis is None:
        return False
    return not isinstance(change, Crop) or all((side or 0) > 1 for side in shape[axis : axis + 2])


def ranges(features: Iterable[FeatureSchema]) -> dict[str, tuple[float, float]]:
    """Feature name -> the smallest and the largest value that changed samples keep to."""
    found: dict[str, tuple[float, float]] = {}
    for one in features:
        found[one.name] = (0.0, 255.0) if one.dtype == "uint8" else (one.min, one.max)
    return found


Ranges = dict[str, tuple[float, float]]
Arrays = dict[str, Any]
