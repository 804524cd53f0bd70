"""Problems of one file, gathered; a file that breaks a rule on every line does not fill the memory."""

from typing import Any

from visualnn_shared.errors import DatasetInvalid
from visualnn_shared.spec.problem import Problem, problem

_LISTED = 50


class Findings:
    """The first fifty problems in order, and how many came after."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.more = 0

    def add(self, rule: str, received: Any = None, **where: Any) -> None:
        """As ``spec.problem.problem``."""
        if len(self.problems) < _LISTED:
            self.problems.append(problem(rule, received, **where))
        else:
            self.more += 1

    @property
    def full(self) -> bool:
        return len(self.problems) >= _LISTED

    def __bool__(self) -> bool:
        return bool(self.problems)

    def raise_any(self, name: str | None = None) -> None:
        """Raise DatasetInvalid with what was found, if anything was."""
        if not self.problems:
            return
        listed = list(self.problems)
        if self.more:
            listed.append(problem("only the first problems are listed", f"{self.more} more"))
        raise DatasetInvalid(listed, name)
