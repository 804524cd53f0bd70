"""Problems of one file, gathered; a file that breaks a rule on every line does not fill the memory."""

from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.errors import DatasetInvalid
from visualnn_shared.spec.problem import Problem, problem

_LISTED = 50
_LINES = 5
_GATHERED = 1_000_000
"""Cells after which nothing more is counted: a file of that many mistakes is none of numbers."""


@dataclass(slots=True)
class _Cells:
    """Cells of one column that break one rule."""

    received: str
    lines: list[int] = field(default_factory=list)
    count: int = 0


class Findings:
    """The first fifty problems in order, and how many came after."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.more = 0
        self._cells: dict[tuple[str, str, str | None], _Cells] = {}
        self._gathered = 0

    def add(self, rule: str, received: Any = None, **where: Any) -> None:
        """As ``spec.problem.problem``."""
        if len(self.problems) < _LISTED:
            self.problems.append(problem(rule, received, **where))
        else:
            self.more += 1

    def gather(self, rule: str, received: str, *, line: int, field: str, hint: str | None = None) -> None:
        """A cell; those of one column that break one rule become one problem, with their number and first lines."""
        self._gathered += 1
        key = (field, rule, hint)
        if key not in self._cells:
            if len(self._cells) >= _LISTED:
                self.more += 1
                return
            self._cells[key] = _Cells(received)
        cells = self._cells[key]
        cells.count += 1
        if len(cells.lines) < _LINES:
            cells.lines.append(line)

    def in_order(self) -> None:
        """What was gathered becomes problems, and all are put in the order of their lines."""
        for (column, rule, hint), cells in self._cells.items():
            self.add(rule, cells.received, line=cells.lines[0], field=column, hint=_counted(cells, hint))
        self._cells.clear()
        self.problems.sort(key=lambda one: one.where.line or 0)

    @property
    def full(self) -> bool:
        return len(self.problems) >= _LISTED or self._gathered >= _GATHERED

    def __bool__(self) -> bool:
        return bool(self.problems or self._cells)

    def raise_any(self, name: str | None = None) -> None:
        """Raise DatasetInvalid with what was found, if anything was."""
        if not self:
            return
        if self._cells:
            self.in_order()
        listed = list(self.problems)
        if self.more:
            listed.append(problem("only the first problems are listed", f"{self.more} more"))
        raise DatasetInvalid(listed, name)


def _counted(cells: _Cells, hint: str | None) -> str | None:
    if cells.count == 1:
        return hint
    more = ", ..." if cells.count > len(cells.lines) else ""
    lines = ", ".join(map(str, cells.lines)) + more
    told = f"{cells.count:,} cells of this column, in lines {lines}"
    return told if hint is None else f"{told}; {hint}"
