"""JSON numbers to arrays: checked, without a slow path for what is right."""

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.datasets.schema import DType
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.spec.received import shown
from visualnn_shared.training.serving import TensorSpec, with_gaps

_CODES: dict[DType, str] = {"float32": "f", "float64": "d", "int32": "i", "int64": "q", "uint8": "B"}
_NUMBERS = (int, float)
MOST_AXES = 16


class NotNumbers(Exception):  # noqa: N818 - carries a problem to its place
    """The data breaks a rule: ``problem`` without its place."""

    def __init__(self, rule: str, received: Any, hint: str | None = None) -> None:
        super().__init__(rule)
        self.rule, self.received, self.hint = rule, shown(received), hint

    def at(self, field: str) -> Problem:
        """The problem at its place in the body."""
        return problem(self.rule, self.received, field=field, hint=self.hint)


def flatten(data: Any) -> tuple[tuple[int, ...], Sequence[Any]]:
    """Shape and values of nested lists; a bare number has the shape (). Raises NotNumbers for ragged lists."""
    if not isinstance(data, list):
        return (), [data]
    shape: list[int] = [len(data)]
    while data and isinstance(data[0], list):
        width = len(data[0])
        if len(shape) >= MOST_AXES:
            raise NotNumbers(f"data must be nested at most {MOST_AXES} deep", "deeper")
        if any(not isinstance(row, list) or len(row) != width for row in data):
            raise NotNumbers("nested lists must have the same length", "ragged lists")
        shape.append(width)
        data = list(chain.from_iterable(data))
    return tuple(shape), data


def to_array(values: Sequence[Any], dtype: DType, gaps: bool = False) -> NDArray[Any]:
    """A flat array of ``dtype``; ``gaps``: null is a value that is missing, NaN, beside which whole numbers are floats.

    Raises NotNumbers for texts, booleans, nulls, fractions, and what does not fit.
    """
    if dtype == "text":
        return _texts(values)
    if gaps and None in values:
        places = np.array([value is None for value in values])
        known = to_array([value for value in values if value is not None], dtype)
        found = np.full(len(values), np.nan, with_gaps(dtype))
        found[~places] = known
        return found
    code = _CODES.get(dtype)
    if code is not None:
        try:
            found = np.frombuffer(array(code, values), dtype) if values else np.empty(0, dtype)
        except (TypeError, OverflowError):
            return _slowly(values, dtype)
        if code in "fd" and not np.isfinite(found).all():
            raise NotNumbers(f"values must be finite numbers of type {dtype}", "one that is too large")
        if ((found == 0) | (found == 1)).any() and bool in set(map(type, values)):  # true and false are no numbers
            return _slowly(values, dtype)
        return found
    return _slowly(values, dtype)


def _texts(values: Sequence[Any]) -> NDArray[Any]:
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise NotNumbers("values must be texts", value, f"it is value {index}")
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _slowly(values: Sequence[Any], dtype: DType) -> NDArray[Any]:
    """As ``to_array`` for what it does not take at once: whole numbers written as 5.0, values of a bool input."""
    for index, value in enumerate(values):
        if isinstance(value, list):
            raise NotNumbers("nested lists must have the same depth", f"a list at value {index}")
        if dtype == "bool" and value not in (0, 1):
            raise NotNumbers("values must be true or false", value, f"it is value {index}")
        if not isinstance(value, _NUMBERS) or (isinstance(value, bool) and dtype != "bool"):
            raise NotNumbers("values must be numbers", value, f"it is value {index}")
        if dtype not in ("float32", "float64") and value != int(value):
            raise NotNumbers("values must be whole numbers", value, f"it is value {index}")
    if dtype == "bool":
        return np.array(values, np.bool_)
    whole = [int(value) for value in values]
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    outside = [value for value in whole if not low <= value <= high]
    if outside:
        raise NotNumbers(f"values must be from {low} to {high}", outside[0])
    return np.array(whole, dtype)


def size_of(spec: TensorSpec) -> int | None:
    """Values of one sample; None where a dimension is free."""
    size = 1
    for dim in spec.shape:
        if dim is None:
            return None
        size *= dim
    return size


def fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Whether a sample's shape is the wanted one, where None fits any size of at least 1."""
    return len(shape) == len(wanted) and all(
        have == want if want is not None else have >= 1 for have, want in zip(shape, wanted, strict=True)
    )


def show(shape: Sequence[int | None]) -> str:
    """[-1, 28, 28]: as V2 writes shapes."""
    return str([-1 if dim is None else dim for dim in shape])
