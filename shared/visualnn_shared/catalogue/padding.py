"""Kinds for the meanings of ``padding``: what a window does at the border, and how many cells are put around or cut."""

from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.kinds import LARGEST_INT, Refused

Sides = tuple[tuple[int, int], ...]
"""(before, after) for each spatial axis: ((top, bottom), (left, right)) of a picture."""

AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""Names of the spatial axes, by their number."""
BORDERS = {
    1: "[[before, after]]",
    2: "[[top, bottom], [left, right]]",
    3: "[[front, back], [top, bottom], [left, right]]",
}
"""How cells are written, by the number of spatial axes."""


def _sides(value: Any, rank: int) -> Sides | None:
    if not isinstance(value, list | tuple) or len(value) != rank:
        return None
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        return None
    if not all(type(n) is int and 0 <= n <= LARGEST_INT for pair in value for n in pair):
        return None
    return tuple([(before, after) for before, after in value])


@dataclass(frozen=True, slots=True)
class WindowPadding:
    """One of ``words``, or with ``cells`` as many as are added on each side, for windows over ``rank`` axes.

    The normal form of cells is ``((top, bottom), (left, right))``, and likewise for other ranks.
    """

    rank: int = 2
    words: tuple[str, ...] = ("valid", "same")
    cells: bool = True

    @property
    def must_be(self) -> str:
        quoted = [f'"{word}"' for word in self.words]
        last = f"{BORDERS[self.rank]} in cells" if self.cells else quoted.pop()
        return f"{', '.join(quoted)} or {last}"

    def clean(self, value: Any) -> str | Sides:
        if isinstance(value, str) and value in self.words:
            return value
        sides = _sides(value, self.rank) if self.cells else None
        if sides is None:
            hint = f"write {value.lower()!r}" if isinstance(value, str) and value.lower() in self.words else None
            raise Refused(self.must_be, value, hint=hint)
        return sides

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": "padding",
            "choices": list(self.words),
            "limits": {"explicit": self.cells, "length": self.rank},
        }


@dataclass(frozen=True, slots=True)
class ZeroPadding:
    """Cells on each side of two or three axes: ``n``, ``[height, width]`` or ``[[top, bottom], [left, right]]``."""

    rank: int = 2

    @property
    def must_be(self) -> str:
        return f"an integer of at least 0, [{', '.join(AXES[self.rank])}] or {BORDERS[self.rank]} in cells"

    def clean(self, value: Any) -> Sides:
        each = value if isinstance(value, list | tuple) else (value,) * self.rank
        sides = _sides([(n, n) if type(n) is int else n for n in each], self.rank)
        if sides is None:
            raise Refused(self.must_be, value)
        return sides

    def as_json(self) -> dict[str, Any]:
        return {"kind": "padding", "choices": [], "limits": {"explicit": True, "length": self.rank}}
