"""What a feature is after a user's steps: its shape, dtype and range; what cannot be done is a problem."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from visualnn_shared.datasets.schema import FeatureSchema
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.training.serving import Channels, OneHot, Reshape, Resize, Scale, Step, with_gaps
from visualnn_shared.training.steps import (
    ChannelsAs,
    FillMissing,
    Fitted,
    MinMax,
    OneHotInputs,
    Pca,
    RecipeStep,
    ReshapeTo,
    ResizeTo,
    ScaleBy,
    Standardise,
    SubtractMean,
    Tokenise,
    Whiten,
)

LARGEST_MATRIX = 2**20
"""Numbers of a projection: it travels with the operator."""
MOST_DIRECTIONS = 4096
"""Values of a sample whose covariance is taken."""
_CHANNELS = (1, 2, 3, 4)
Planned = Step | Fitted
"""A step that is ready, or one that the training split completes."""


class _Impossible(Exception):  # noqa: N818 - a signal within this module
    def __init__(self, rule: str, received: Any, hint: str | None = None) -> None:
        super().__init__(rule)
        self.rule, self.received, self.hint = rule, received, hint


@dataclass(frozen=True, slots=True)
class Piped:
    """A feature after steps."""

    feature: FeatureSchema
    steps: tuple[Planned, ...]
    problems: tuple[Problem, ...] = ()


def pipe(feature: FeatureSchema, steps: Sequence[RecipeStep], where: str) -> Piped:
    """Follow ``feature`` through ``steps``, up to the first that cannot be done. ``where``: the field they came in."""
    done: list[Planned] = []
    for number, step in enumerate(steps):
        try:
            if (feature.dtype == "text") != isinstance(step, Tokenise):
                kind = "texts" if feature.dtype == "text" else "numbers"
                raise _Impossible(f"{step.step} must not be asked of {kind}", feature.name)
            if isinstance(step, FillMissing) and number:
                raise _Impossible("fill must be the first step: the others take values that are all there", number + 1)
            feature, planned = _DOES[type(step)](step, feature)
        except _Impossible as error:
            place = f"{where}.{number}"
            wrong = problem(error.rule, error.received, field=place, hint=error.hint)
            return Piped(feature, tuple(done), (wrong,))
        done.append(planned)
    missing = () if done and isinstance(done[0], FillMissing) else missing_problems(feature)
    return Piped(feature, tuple(done), missing)


def missing_problems(feature: FeatureSchema) -> tuple[Problem, ...]:
    """What is to be said of a feature whose missing values nothing fills."""
    if not feature.missing:
        return ()
    columns = ", ".join(feature.missing_in)
    where = f" in the columns {columns}" if columns else ""
    hint = 'begin preprocessing with {"step": "fill"}, by mean, median, most_frequent or constant'
    rule = f"values of {feature.name} that are missing must be filled in before a net takes them"
    return (problem(rule, f"{feature.missing:,} missing{where}", field="params.preprocessing", hint=hint),)


def _after(feature: FeatureSchema, **changes: Any) -> FeatureSchema:
    return feature.model_copy(update=changes)


def _floats(feature: FeatureSchema, low: float, high: float, **changes: Any) -> FeatureSchema:
    return _after(feature, dtype="float32", min=low, max=high, whole=False, **changes)


def _picture(step: Any, feature: FeatureSchema) -> tuple[int, ...]:
    shape = feature.shape
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in _CHANNELS):
        return shape
    hint = None
    if len(shape) == 3 and shape[0] in _CHANNELS:
        hint = 'put the channels last first: {"step": "channels", "order": "last"}'
    rule = f"{step.step} must be asked of pictures: height, width and perhaps 1 to 4 channels"
    raise _Impossible(rule, list(shape), hint)


def _fill(step: FillMissing, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    dtype = with_gaps(feature.dtype)
    if step.strategy in ("most_frequent", "constant"):
        low, high = min(feature.min, step.fill_value), max(feature.max, step.fill_value)
        whole = feature.whole and step.fill_value == int(step.fill_value)
        return _after(feature, dtype=dtype, min=low, max=high, whole=whole, missing=0, missing_in=()), step
    whole = feature.whole and not feature.missing
    return _after(feature, dtype=dtype, whole=whole, missing=0, missing_in=()), step


def _scale(step: ScaleBy, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    if step.factor == 0:
        raise _Impossible("factor must not be 0, which makes all samples the same", step.factor)
    ends = sorted((feature.min * step.factor + step.offset, feature.max * step.factor + step.offset))
    return _floats(feature, *ends), Scale(factor=step.factor, offset=step.offset)


def _centred(step: Any, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    if step.over == "channel" and not feature.shape:
        raise _Impossible("over must be feature or all where a sample is a single value", step.over)
    if isinstance(step, MinMax):
        if step.low >= step.high:
            raise _Impossible("low must be below high", [step.low, step.high])
        return _floats(feature, step.low, step.high), step
    return _floats(feature, -math.inf, math.inf), step


def _project(step: Pca | Whiten, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    size = math.prod(feature.shape)
    keeps = isinstance(step, Whiten) and step.method == "zca"
    width = step.components or size
    if size > MOST_DIRECTIONS:
        hint = "make pictures smaller or grey first"
        raise _Impossible(f"{step.step} must be asked of at most {MOST_DIRECTIONS:,} values a sample", size, hint)
    if width > size:
        raise _Impossible(f"components must be at most {size}, the values of a sample", width)
    numbers = size * (size if keeps else width)
    if numbers > LARGEST_MATRIX:
        hint = f"at most {LARGEST_MATRIX // size} components" if not keeps else "make pictures smaller or grey first"
        rule = f"what {step.step} finds must have at most {LARGEST_MATRIX:,} numbers, because operators carry it"
        raise _Impossible(rule, f"{numbers:,}", hint)
    return _floats(feature, -math.inf, math.inf, shape=feature.shape if keeps else (width,)), step


def _one_hot(step: OneHotInputs, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    if not feature.whole or feature.min < 0:
        raise _Impossible("one_hot must be asked of whole numbers from 0 on", f"{feature.min:g} to {feature.max:g}")
    classes = step.classes or int(feature.max) + 1
    if feature.max >= classes:
        raise _Impossible(f"classes must be above {feature.max:g}, the largest value", classes)
    if math.prod(feature.shape) * classes > LARGEST_MATRIX:
        raise _Impossible(f"a sample must have at most {LARGEST_MATRIX:,} values", f"{classes:,} for each value")
    return _floats(feature, 0, 1, shape=(*feature.shape, classes)), OneHot(classes=classes)


def _resize(step: ResizeTo, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    shape = _picture(step, feature)
    made = Resize(height=step.height, width=step.width, method=step.method)
    whole = feature.whole and step.method == "nearest"
    return _after(feature, shape=(step.height, step.width, *shape[2:]), whole=whole), made


def _channels(step: ChannelsAs, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    shape, made = feature.shape, Channels(order=step.order)
    if step.order == "last":
        if len(shape) != 3:
            raise _Impossible("channels can be moved where a sample has three axes", list(shape))
        return _after(feature, shape=(*shape[1:], shape[0])), made
    _picture(step, feature)
    if step.order == "first" and len(shape) == 3:
        return _after(feature, shape=(shape[2], *shape[:2])), made
    if step.order == "reverse" and len(shape) == 3:
        return feature, made
    if step.order == "grey" and len(shape) == 3 and shape[2] >= 3:
        return _after(feature, shape=(*shape[:2], 1), whole=False), made
    if step.order == "colour" and (len(shape) == 2 or shape[2] == 1):
        return _after(feature, shape=(*shape[:2], 3)), made
    raise _Impossible(f"the order {step.order} must be asked of pictures that have such channels", list(shape))


def _reshape(step: ReshapeTo, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    if math.prod(step.shape) != math.prod(feature.shape):
        received = f"{list(feature.shape)} to {list(step.shape)}"
        raise _Impossible("reshape must keep the number of values", received)
    return _after(feature, shape=step.shape), Reshape(shape=step.shape)


def _tokenise(step: Tokenise, feature: FeatureSchema) -> tuple[FeatureSchema, Planned]:
    if step.length is None or step.words is None:
        raise _Impossible(
            "tokenise must be told words and length, where the net does not say them", step.model_dump(),
            "give both",
        )  # fmt: skip
    return _after(feature, shape=(step.length,), dtype="int32", min=0, max=step.words - 1, whole=True), step


_DOES: dict[type[Any], Callable[[Any, FeatureSchema], tuple[FeatureSchema, Planned]]] = {
    FillMissing: _fill,
    ScaleBy: _scale,
    SubtractMean: _centred,
    Standardise: _centred,
    MinMax: _centred,
    Pca: _project,
    Whiten: _project,
    OneHotInputs: _one_hot,
    ResizeTo: _resize,
    ChannelsAs: _channels,
    ReshapeTo: _reshape,
    Tokenise: _tokenise,
}
