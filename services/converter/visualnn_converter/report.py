"""The conversion report: what a conversion mapped, rewrote and dropped, layer by layer."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from visualnn_shared.spec.problem import Problem


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    layer: str


class Mapped(_Line):
    """A layer that the target has as one operator."""

    source: str = Field(alias="from")
    """Its type in the source."""
    to: str
    """Its operator in the target."""


class Rewritten(_Line):
    """A layer that became another form with the same meaning."""

    rule: str
    why: str


class Dropped(_Line):
    """Something that the target does not carry, or that was not understood."""

    what: str
    why: str


class Approximated(_Line):
    """A layer whose counterpart computes almost the same."""

    rule: str
    bound: str
    """How far off it may be."""


class Impossible(_Line):
    """A layer that the target cannot say: then nothing is written."""

    layer: str | None  # type: ignore[assignment]
    """None where the obstacle is of the whole net."""
    reason: str
    received: Any = None
    hint: str | None = None
    """What to do: where a rewrite would remove the obstacle, it says which."""


class Report(BaseModel):
    """Grows while a conversion runs; passes append to it."""

    source: str
    target: str
    mapped: list[Mapped] = Field(default_factory=list)
    rewritten: list[Rewritten] = Field(default_factory=list)
    approximated: list[Approximated] = Field(default_factory=list)
    dropped: list[Dropped] = Field(default_factory=list)
    impossible: list[Impossible] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    renamed: dict[str, str] = Field(default_factory=dict)
    """Name in the source -> name in the target, where they differ."""
    certificate: dict[str, Any] | None = None
    """What running both sides on the same inputs showed, where that was asked for."""

    def maps(self, layer: str, source: str, to: str) -> None:
        """One layer became one operator."""
        self.mapped.append(Mapped(layer=layer, source=source, to=to))

    def rewrote(self, layer: str, rule: str, why: str) -> None:
        """One layer changed its form."""
        self.rewritten.append(Rewritten(layer=layer, rule=rule, why=why))

    def approximates(self, layer: str, rule: str, bound: str) -> None:
        """One layer became another that computes almost the same."""
        self.approximated.append(Approximated.model_construct(layer=layer, rule=rule, bound=bound))

    def drops(self, layer: str, what: str, why: str) -> None:
        """Something of a layer did not come along."""
        self.dropped.append(Dropped(layer=layer, what=what, why=why))

    def note(self, text: str) -> None:
        """A remark on the whole, once."""
        if text not in self.notes:
            self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        """As answered: ``from`` rather than ``source`` in ``mapped``."""
        return self.model_dump(mode="json", by_alias=True)


def impossibles(problems: Iterable[Problem]) -> list[Impossible]:
    """Problems as a report lists them."""
    return [
        Impossible(layer=one.where.layer, reason=one.rule, received=one.received, hint=one.hint) for one in problems
    ]
