"""Kinds of parameter values. ``clean`` gives the normal value (number, word, boolean, tuple) or refuses with the rule.

A rule completes the sentence *parameter must be ...*. Kinds know nothing of layers; the walk adds the place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Protocol

LARGEST_INT = 2**31 - 1
LARGEST_FLOAT = 3.4028234e38
"""Largest finite float32: what is larger would be infinite in the net."""
LONGEST_LIST = 64
"""Enough for any rank; a longer list is a mistake, and would make cost depend on the input alone."""


class Refused(Exception):  # noqa: N818 - says what happened to the value, not to the program
    """A value breaks its kind's rule: ``must_be`` says what it must be, ``path`` where inside a compound value."""

    def __init__(self, must_be: str, received: Any, *, path: str = "", hint: str | None = None) -> None:
        super().__init__(must_be)
        self.must_be = must_be
        self.received = received
        self.path = path
        self.hint = hint


class Kind(Protocol):
    """What every kind can do."""

    @property
    def must_be(self) -> str:
        """The rule: completes *parameter must be ...*."""

    def clean(self, value: Any) -> Any:
        """The normal value. Raises ``Refused``."""

    def as_json(self) -> dict[str, Any]:
        """``kind`` and what an editor needs besides: ``limits``, ``choices``, ``of``."""


def closest(name: object, names: Mapping[str, Any] | list[str]) -> str | None:
    """A hint naming the most similar of ``names``, ignoring case."""
    if not isinstance(name, str) or len(name) > 100:
        return None
    lower = {known.lower(): known for known in names}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean {lower[found[0]]!r}?" if found else None


@dataclass(frozen=True, slots=True)
class Int:
    """An integer from ``least`` to ``most``. A boolean is no integer, nor is 2.0."""

    least: int = -LARGEST_INT
    most: int = LARGEST_INT

    @property
    def must_be(self) -> str:
        if self.most < LARGEST_INT:
            return f"an integer from {self.least} to {self.most}"
        return "an integer" if self.least == -LARGEST_INT else f"an integer of at least {self.least}"

    def clean(self, value: Any) -> int:
        if type(value) is int:
            if self.least <= value <= self.most:
                return value
            if value > self.most == LARGEST_INT:
                raise Refused(f"an integer of at most {self.most}", value)
        raise Refused(self.must_be, value)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "int", "limits": {"least": self.least, "most": self.most}}


@dataclass(frozen=True, slots=True)
class Float:
    """A finite number from ``least`` to ``most``; ``above`` excludes ``least`` itself."""

    least: float = -LARGEST_FLOAT
    most: float = LARGEST_FLOAT
    above: bool = False

    @property
    def must_be(self) -> str:
        if self.most < LARGEST_FLOAT:
            return f"a number from {self.least:g} to {self.most:g}"
        if self.least == -LARGEST_FLOAT:
            return "a finite number"
        return f"a finite number {'above' if self.above else 'of at least'} {self.least:g}"

    def clean(self, value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise Refused(self.must_be, value)
        fits = self.least <= value <= self.most and not (self.above and value == self.least)  # NaN compares false
        if not fits:
            raise Refused(self.must_be, value)
        return float(value)

    def as_json(self) -> dict[str, Any]:
        finite = {"least": self.least, "most": self.most}
        limits: dict[str, Any] = {k: v for k, v in finite.items() if abs(v) < LARGEST_FLOAT}
        return {"kind": "float", "limits": {**limits, **({"above": True} if self.above else {})}}


@dataclass(frozen=True, slots=True)
class Bool:
    """true or false, not 0 or 1."""

    must_be: str = field(default="true or false", init=False)

    def clean(self, value: Any) -> bool:
        if type(value) is not bool:
            raise Refused(self.must_be, value)
        return value

    def as_json(self) -> dict[str, Any]:
        return {"kind": "bool"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; ``aliases`` maps other spellings to them."""

    values: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def must_be(self) -> str:
        return f"one of {', '.join(self.values)}"

    def clean(self, value: Any) -> str:
        if isinstance(value, str):
            if value in self.values:
                return value
            if value in self.aliases:
                return self.aliases[value]
        raise Refused(self.must_be, value, hint=closest(value, list(self.values)))

    def as_json(self) -> dict[str, Any]:
        return {"kind": "choice", "choices": list(self.values)}


@dataclass(frozen=True, slots=True)
class Optional:
    """None, or what ``of`` takes."""

    of: Kind

    @property
    def must_be(self) -> str:
        return f"null or {self.of.must_be}"

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.of.clean(value)
        except Refused as refused:
            rule = self.must_be if refused.must_be == self.of.must_be else refused.must_be
            raise Refused(rule, refused.received, path=refused.path, hint=refused.hint) from None

    def as_json(self) -> dict[str, Any]:
        return {"kind": "optional", "of": self.of.as_json()}


@dataclass(frozen=True, slots=True)
class Tuple:
    """``length`` values of one kind, e.g. one for each spatial axis; a single value stands for all of them."""

    length: int
    of: Kind = Int(1)

    @property
    def must_be(self) -> str:
        return f"{self.of.must_be}, or a list of {self.length} of them"

    def clean(self, value: Any) -> tuple[Any, ...]:
        try:
            if isinstance(value, list | tuple) and len(value) == self.length:
                return tuple([self.of.clean(item) for item in value])
            return (self.of.clean(value),) * self.length
        except Refused:
            raise Refused(self.must_be, value) from None

    def as_json(self) -> dict[str, Any]:
        return {"kind": "tuple", "limits": {"length": self.length}, "of": self.of.as_json()}


@dataclass(frozen=True, slots=True)
class ListOf:
    """``least`` to ``most`` values of one kind; ``alone`` lets a single value stand for a list of one."""

    of: Kind
    least: int = 0
    most: int = LONGEST_LIST
    alone: bool = False

    @property
    def must_be(self) -> str:
        count = f"{self.least} to {self.most}" if self.least else f"at most {self.most}"
        single = f"{self.of.must_be}, or " if self.alone else ""
        return f"{single}a list of {count} values, each {self.of.must_be}"

    def clean(self, value: Any) -> tuple[Any, ...]:
        if self.alone and not isinstance(value, list | tuple):
            value = (value,)
        if not isinstance(value, list | tuple) or not self.least <= len(value) <= self.most:
            raise Refused(self.must_be, value)
        try:
            return tuple([self.of.clean(item) for item in value])
        except Refused:
            raise Refused(self.must_be, value) from None

    def as_json(self) -> dict[str, Any]:
        return {"kind": "list", "limits": {"least": self.least, "most": self.most}, "of": self.of.as_json()}


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis as Keras counts it: 0 is the batch, -1 the last. ``several`` allows a list of different ones."""

    several: bool = False

    @property
    def must_be(self) -> str:
        return "an axis number other than 0 (the batch)" + (", or a list of different ones" if self.several else "")

    def clean(self, value: Any) -> int | tuple[int, ...]:
        if self.several and isinstance(value, list | tuple):
            if 1 <= len(value) <= LONGEST_LIST and all(map(_is_axis, value)) and len(set(value)) == len(value):
                return tuple(value)
        elif _is_axis(value):
            return int(value)
        raise Refused(self.must_be, value)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "axis", "limits": {"several": self.several}}


def _is_axis(value: Any) -> bool:
    return type(value) is int and value != 0 and abs(value) <= LONGEST_LIST
