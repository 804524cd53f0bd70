"""What is wrong, and where: the one shape in which every check reports."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from visualnn_shared.spec.received import shown


class Where(BaseModel):
    """The place a problem was found; only the parts that are known are set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: str | None = None
    param: str | None = None
    line: int | None = None
    """Line of the uploaded text, from 1."""
    column: int | None = None
    """Character within the line, from 1."""
    field: str | None = None
    """Path in a JSON body or an array name in a data file: ``params.epochs``, ``x_train``."""

    def __str__(self) -> str:
        known = [
            f"{name} {value}"
            for name in ("layer", "param", "line", "column", "field")
            if (value := getattr(self, name)) is not None
        ]
        return ", ".join(known)


class Line(int):
    """A line of a text that knows the column too."""

    column: int | None = None

    @classmethod
    def at(cls, line: int, column: int) -> "Line":
        """Both count from 1."""
        found = cls(line)
        found.column = column
        return found


class Problem(BaseModel):
    """One broken rule: what must hold, what was received, where, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    """The rule as a sentence without a full stop: ``units must be an integer of at least 1``."""
    received: Any = None
    where: Where = Where()
    hint: str | None = None
    code: str | None = None
    """Of rules that a program acts upon, a name that stays when the words change: ``weights-missing``."""

    def __str__(self) -> str:
        place = f"; {self.where}" if str(self.where) else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.rule}; received {self.received!r}{place}{hint}"

    def inside(self, parent: str) -> "Problem":
        """Of params that are themselves a field ``parent`` of a job's params: ``params.x`` is ``params.parent.x``."""
        field = self.where.field
        if field is None or not field.startswith("params."):
            return self
        where = self.where.model_copy(update={"field": f"params.{parent}.{field.removeprefix('params.')}"})
        return self.model_copy(update={"where": where})


def problem(
    rule: str,
    received: Any = None,
    *,
    layer: str | None = None,
    param: str | None = None,
    line: int | None = None,
    field: str | None = None,
    hint: str | None = None,
    code: str | None = None,
) -> Problem:
    """A Problem without spelling out its Where; what was received is made JSON-safe and short.

    A ``Line`` gives the column along with the line.
    """
    where = Where(layer=layer, param=param, line=line, column=getattr(line, "column", None), field=field)
    return Problem(rule=rule, received=shown(received), where=where, hint=hint, code=code)
