"""Kinds whose values are one number or several: factors to draw from, statistics of an axis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import Kind, Refused

LONGEST_TABLE = 100_000
"""Entries of a vocabulary, or statistics of an axis."""


def minus(high: float) -> float:
    """One number f stands for -f to f."""
    return -abs(high)


def zero(_high: float) -> float:
    """One number f stands for 0 to f."""
    return 0


def one(_high: float) -> float:
    """One number f stands for 1 to f."""
    return 1


def itself(high: float) -> float:
    """One number stands for itself twice."""
    return high


@dataclass(frozen=True, slots=True)
class Span:
    """One value, or ``[low, high]`` in this order. ``low`` tells where the span that a single value stands for begins:
    a pair that says the same becomes that value, because Keras writes what it reads as a pair.
    """

    of: Kind
    low: Callable[[Any], Any]

    @property
    def must_be(self) -> str:
        return f"{self.of.must_be}, or [low, high] of two such"

    def clean(self, value: Any) -> Any:
        try:
            if not isinstance(value, list | tuple):
                return self.of.clean(value)
            if len(value) == 2:
                high = self.of.clean(value[1])
                if value[0] == self.low(high):
                    return high
                low = self.of.clean(value[0])
                if low <= high:
                    return (low, high)
        except Refused:
            raise Refused(self.must_be, value) from None
        raise Refused(self.must_be, value)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "span", "of": self.of.as_json()}


@dataclass(frozen=True, slots=True)
class NumberOrNumbers:
    """One number for all, or a list with one for each cell of an axis."""

    of: Kind

    @property
    def must_be(self) -> str:
        return f"{self.of.must_be}, or a list of such"

    def clean(self, value: Any) -> Any:
        clean: Callable[[Any], Any] = self.of.clean
        try:
            if not isinstance(value, list | tuple):
                return clean(value)
            if 1 <= len(value) <= LONGEST_TABLE:
                return tuple([clean(item) for item in value])
        except Refused:
            raise Refused(self.must_be, value) from None
        raise Refused(self.must_be, value)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "number_or_list", "limits": {"least": 1, "most": LONGEST_TABLE}, "of": self.of.as_json()}
