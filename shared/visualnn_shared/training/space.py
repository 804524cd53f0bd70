"""The dimensions of a search, and their values put into a recipe and a network.

A dimension is named by its place: ``params.learning_rate``, ``params.optimizer.momentum`` for the recipe (a place
in a list by its number, ``params.preprocessing.0.strategy``),
``model.layers.NAME.params.units`` for a parameter of a layer.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import problem

Value = Any
Values = dict[str, Value]
"""Dimension -> the value that a trial has there."""
_RECIPE = re.compile(r"params\.(\w+(?:\.\w+)*)")
_LAYER = re.compile(r"model\.layers\.(.+)\.params\.(\w+)")
_Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_Whole = Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]


class _Dimension(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Range(_Dimension):
    log: Annotated[bool, Field(strict=True)] = False
    """Evenly over the orders of magnitude, for what is multiplied rather than added: learning rates, penalties."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.ends()
        if not low < high:
            raise ValueError(f"low must be below high; received {low:g} and {high:g}")
        if self.log and low <= 0:
            raise ValueError(f"low must be above 0 where log is true; received {low:g}")
        return self

    def ends(self) -> tuple[float, float]:
        raise NotImplementedError

    def share(self, value: float) -> float:
        """Where the value lies between low (0) and high (1), by logarithms where ``log``."""
        low, high = self.ends()
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def at(self, share: float) -> float:
        """The value at this share of the range."""
        low, high = self.ends()
        share = min(max(share, 0.0), 1.0)
        if self.log:
            return min(max(math.exp(math.log(low) + share * (math.log(high) - math.log(low))), low), high)
        return min(max(low + share * (high - low), low), high)


class FloatRange(_Range):
    """A real number, e.g. ``{"type": "float", "low": 1e-4, "high": 0.1, "log": true}``."""

    type: Literal["float"]
    low: _Number
    high: _Number

    def ends(self) -> tuple[float, float]:
        return self.low, self.high


class IntRange(_Range):
    """A whole number, both ends included, e.g. ``{"type": "int", "low": 16, "high": 256}``."""

    type: Literal["int"]
    low: _Whole
    high: _Whole

    def ends(self) -> tuple[float, float]:
        return float(self.low), float(self.high)


class Choices(_Dimension):
    """One of a list, any JSON, e.g. ``{"type": "choice", "choices": ["sgd", "adam"]}``."""

    type: Literal["choice"]
    choices: Annotated[tuple[Value, ...], Field(min_length=2, max_length=100)]

    @model_validator(mode="after")
    def _different(self) -> Self:
        told = [json.dumps(one, sort_keys=True) for one in self.choices]
        twice = next((one for one in told if told.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"choices must differ; received {twice} more than once")
        return self


Dimension = Annotated[FloatRange | IntRange | Choices, Field(discriminator="type")]
Space = dict[Annotated[str, Field(min_length=1, max_length=500)], Dimension]


def in_recipe(name: str) -> list[str] | None:
    """The keys of a recipe's dimension, outermost first; None where the name is of no recipe's dimension."""
    match = _RECIPE.fullmatch(name)
    return match[1].split(".") if match else None


def in_layer(name: str) -> tuple[str, str] | None:
    """(layer, parameter) of a dimension of the network, or None."""
    match = _LAYER.fullmatch(name)
    return (match[1], match[2]) if match else None


def put_recipe(recipe: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """The recipe with the values of its dimensions; an optimizer, loss or schedule that is a name becomes an object.

    A number among the keys is a place in a list. Raises Invalid where a value has no place.
    """
    made = deepcopy(dict(recipe))
    for name in sorted(values, key=lambda each: (each.count("."), each)):  # a whole object before its parts
        keys = in_recipe(name)
        if keys is None:
            continue
        try:
            _put(made, keys, values[name])
        except _NoPlace as error:
            rule = "a dimension must be at a place that recipe has, such as params.preprocessing.0.strategy"
            raise Invalid("the trial", [problem(rule, str(error), field=name)]) from None
    return made


class _NoPlace(Exception):  # noqa: N818 - a signal within this module
    pass


def _put(inner: Any, keys: Sequence[str], value: Value) -> None:
    """``inner`` is an object or a list; the objects on the way to the last key are made where there are none."""
    for depth, key in enumerate(keys):
        if isinstance(inner, list) and not (key.isdecimal() and int(key) < len(inner)):
            raise _NoPlace(f"{'.'.join(keys[:depth])} with {len(inner)} entries, {key}")
        place: Any = int(key) if isinstance(inner, list) else key
        if depth == len(keys) - 1:
            inner[place] = value
            return
        held = inner[place] if isinstance(inner, list) else inner.get(place)
        if held is not None and not isinstance(held, str | dict | list):
            raise _NoPlace(f"{'.'.join(keys[: depth + 1])}, a single value")
        inner[place] = {"name": held} if isinstance(held, str) else {} if held is None else held
        inner = inner[place]


def put_spec(spec: Spec, values: Mapping[str, Value]) -> Spec:
    """The network with the values of its dimensions; the same object where none is of the network."""
    changed: dict[str, dict[str, Value]] = {}
    for name, value in values.items():
        place = in_layer(name)
        if place is not None:
            changed.setdefault(place[0], {})[place[1]] = value
    if not changed:
        return spec
    layers = tuple(
        layer.model_copy(update={"params": {**layer.params, **changed[layer.name]}}) if layer.name in changed else layer
        for layer in spec.layers
    )
    return spec.model_copy(update={"layers": layers})


def samples(dimension: FloatRange | IntRange | Choices) -> list[Value]:
    """The values that are tried before anything is queued: both ends, or every choice."""
    return list(dimension.choices) if isinstance(dimension, Choices) else [dimension.low, dimension.high]
