"""Kinds for the two meanings of ``padding``: what a window does at the border, and how many zeros are put around."""

from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import LARGEST_INT, Refused

Sides = tuple[tuple[int, int], tuple[int, int]]
"""((top, bottom), (left, right))"""


def _sides(value: Any) -> Sides | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        return None
    if not all(type(n) is int and 0 <= n <= LARGEST_INT for pair in value for n in pair):
        return None
    return ((value[0][0], value[0][1]), (value[1][0], value[1][1]))


@dataclass(frozen=True, slots=True)
class WindowPadding:
    """``"valid"``, ``"same"`` or ``[[top, bottom], [left, right]]``, for windows over two spatial axes."""

    @property
    def must_be(self) -> str:
        return '"valid", "same" or [[top, bottom], [left, right]] in cells'

    def clean(self, value: Any) -> str | Sides:
        if isinstance(value, str) and value in ("valid", "same"):
            return value
        sides = _sides(value)
        if sides is None:
            hint = f"write {value.lower()!r}" if isinstance(value, str) and value.lower() in ("valid", "same") else None
            raise Refused(self.must_be, value, hint=hint)
        return sides

    def as_json(self) -> dict[str, Any]:
        return {"kind": "padding", "choices": ["valid", "same"], "limits": {"explicit": True}}


@dataclass(frozen=True, slots=True)
class ZeroPadding:
    """Cells of zeros around a picture: ``n``, ``[height, width]`` or ``[[top, bottom], [left, right]]``."""

    @property
    def must_be(self) -> str:
        return "an integer of at least 0, [height, width] or [[top, bottom], [left, right]] in cells"

    def clean(self, value: Any) -> Sides:
        pair = value if isinstance(value, list | tuple) else (value, value)
        wide = [(n, n) if type(n) is int else n for n in pair] if len(pair) == 2 else None
        sides = _sides(wide)
        if sides is None:
            raise Refused(self.must_be, value)
        return sides

    def as_json(self) -> dict[str, Any]:
        return {"kind": "padding", "choices": [], "limits": {"explicit": True}}
