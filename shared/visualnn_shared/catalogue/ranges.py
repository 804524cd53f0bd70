"""Kinds whose values are one number or several: factors to draw from, statistics of an axis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import LARGEST_FLOAT, Float, Kind, Refused

ANY_NUMBER = Float()
LONGEST_TABLE = 100_000
"""Entries of a vocabulary, or statistics of an axis."""


@dataclass(frozen=True, slots=True)
class Span:
    """One value, or ``[low, high]`` in this order. What a single value stands for is the layer's affair.

    A pair may begin below zero as far as it may end above: Keras writes a single factor of 0.2 as ``[-0.2, 0.2]``.
    """

    of: Kind

    @property
    def must_be(self) -> str:
        return f"{self.of.must_be}, or [low, high] of two such"

    def clean(self, value: Any) -> Any:
        try:
            if not isinstance(value, list | tuple):
                return self.of.clean(value)
            if len(value) == 2:
                low, high = (self._end().clean(item) for item in value)
                if low <= high:
                    return (low, high)
        except Refused:
            raise Refused(self.must_be, value) from None
        raise Refused(self.must_be, value)

    def _end(self) -> Kind:
        if isinstance(self.of, Float) and self.of.most < LARGEST_FLOAT:
            return Float(min(self.of.least, -self.of.most), self.of.most)
        return self.of

    def as_json(self) -> dict[str, Any]:
        return {"kind": "span", "of": self.of.as_json()}


@dataclass(frozen=True, slots=True)
class NumberOrNumbers:
    """One number for all, or a list with one for each cell of an axis."""

    of: Kind = ANY_NUMBER

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
