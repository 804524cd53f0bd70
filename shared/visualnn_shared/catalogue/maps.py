"""What a map between a layer type and a format's operator is made of: the bag of attributes, the lens, the map itself.

A ``Map`` is an operator name and a list of lenses; a lens joins parameters to attributes both ways. Reading runs
``read`` of each lens on the node's ``Bag``; writing runs ``write`` of each into an empty one. The bag remembers which
keys were taken: what is left over was not understood. A lens that cannot go on raises ``Unmappable``; the mapping
engine gathers these into problems.
"""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from visualnn_shared.catalogue.steps import Step
from visualnn_shared.spec.problem import Problem, problem

Label = tuple[int, ...]
"""For each axis as stored in the file, the spec axis it holds, batch axis included: NCHW is (0, 3, 1, 2)."""


class Word(str):
    """A bare word of a text format (an enum value), as against a quoted string."""

    __slots__ = ()


class Repeated(list[Any]):
    """Every value that a field of a protobuf message was given, in order; a scalar field means the last."""


@dataclass(frozen=True, slots=True)
class Const:
    """An attribute that is a constant input of the node: its position, its type, and its value (with its rank)."""

    slot: int
    dtype: str
    value: Any


class Unmappable(Exception):  # noqa: N818 - a signal inside the mapping engine
    """One rule that a layer or a node breaks; the engine adds the layer's name."""

    def __init__(
        self,
        rule: str,
        received: Any = None,
        param: str | None = None,
        line: int | None = None,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(rule)
        self.rule, self.received, self.param, self.line, self.hint = rule, received, param, line, hint
        self.code = code

    def problem(self, layer: str | None, line: int | None = None) -> Problem:
        """The problem to report, at this layer; ``line`` is where the node begins."""
        return problem(
            self.rule,
            plain(self.received),
            layer=layer,
            param=self.param,
            line=self.line if self.line is not None else line,
            hint=self.hint,
            code=self.code,
        )


class Bag:
    """The attributes of one node; knows the line each stands on, and which were taken by a lens."""

    __slots__ = ("_lines", "_taken", "_values")

    def __init__(self, values: Mapping[str, Any] | None = None, lines: Mapping[str, int] | None = None) -> None:
        self._values: dict[str, Any] = dict(values or {})
        self._lines = lines or {}
        self._taken: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def peek(self, key: str, default: Any = None) -> Any:
        """The value, without taking it."""
        value = self._values.get(key, default)
        if isinstance(value, Repeated):
            return value[-1] if value else default
        return value

    def within(self, path: str) -> Any:
        """The value at ``message.key``, as ``left`` names it, without taking it."""
        first, dot, rest = path.partition(".")
        inner = self.peek(first)
        return inner.within(rest) if dot and isinstance(inner, Bag) else self.peek(path)

    def one(self, key: str, default: Any = None) -> Any:
        """The value, taken; the last one of a repeated field."""
        self._taken.add(key)
        return self.peek(key, default)

    def many(self, key: str) -> list[Any]:
        """All values, taken; a scalar is a list of one, an absent key an empty list."""
        self._taken.add(key)
        value = self._values.get(key, ())
        return list(value) if isinstance(value, list | tuple) else [value]

    def many_peek(self, key: str) -> list[Any]:
        """All values, without taking them."""
        value = self._values.get(key, ())
        return list(value) if isinstance(value, list | tuple) else [value]

    def put(self, key: str, value: Any) -> None:
        """Write a value."""
        self._values[key] = value

    def line(self, key: str) -> int | None:
        """The line the key stands on, if the format has lines."""
        return self._lines.get(key)

    def left(self, *, deep: bool = True) -> list[tuple[str, int | None]]:
        """Keys that nothing took, with their lines; ``deep``: also those of taken messages, as ``message.key``."""
        found: list[tuple[str, int | None]] = []
        for key, value in self._values.items():
            if key not in self._taken:
                found.append((key, self.line(key)))
                continue
            if not deep:
                continue
            for inner in value if isinstance(value, Repeated) else [value]:
                if isinstance(inner, Bag):
                    found += [(f"{key}.{name}", line) for name, line in inner.left()]
        return found

    def text(self) -> str:
        """All values as text: bags of equal text mean the same, whatever lines they stand on."""
        return repr(self._values)

    __repr__ = text

    def as_dict(self) -> dict[str, Any]:
        """The attributes written so far."""
        return dict(self._values)


@dataclass(slots=True)
class Context:
    """What a lens may need beyond the layer's own parameters. Shapes are without the batch axis; None is unknown."""

    kinds: Mapping[str, Any] = field(default_factory=dict)
    """The kinds of the layer type's parameters, by name."""
    input_shapes: Sequence[Any] = ()
    output_shapes: Sequence[Any] = ()
    labels: Sequence[Label] = ()
    """Labels of the inputs."""
    tensors: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Reading: shapes of the layer's weights that the file holds, by weight name."""

    @property
    def rank(self) -> int | None:
        """Rank of the first input with its batch axis, if known."""
        if not self.input_shapes or self.input_shapes[0] is None:
            return None
        return len(self.input_shapes[0]) + 1

    @property
    def label(self) -> Label | None:
        """Label of the first input."""
        if self.labels:
            return self.labels[0]
        return tuple(range(self.rank)) if self.rank is not None else None


class Lens:
    """One correspondence. A parameter that no lens of a map ``owns`` can be written at its default only."""

    __slots__ = ()

    def owns(self) -> tuple[str, ...]:
        """Parameters that this lens writes or checks."""
        return ()

    def covers(self, name: str) -> bool:
        """Whether this lens speaks for the parameter."""
        return name in self.owns()

    def loses(self, p: Mapping[str, Any]) -> list[str]:
        """Writing: parameters whose values this lens leaves out of the file, to be reported."""
        return []

    def instead(self) -> dict[str, Any]:
        """Reading: what the format means where the file says nothing, if that is not the parameter's default."""
        return {}

    def match(self, bag: Bag) -> bool:
        """Reading: may the map of this lens read the node?"""
        return True

    def refuses(self, p: Mapping[str, Any]) -> Unmappable | None:
        """Writing: why the map of this lens cannot hold these parameters, if it cannot."""
        return None

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        """From attributes to parameters."""

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        """From parameters to attributes."""


@dataclass(frozen=True, slots=True)
class Map:
    """One operator of a format as a layer type: its lenses, and its weights as blobs in the format's order.

    A blob is ``(weight name, step, ...)``: writing runs the steps left to right, reading right to left.
    ``around`` names a function of the format that adds what one node cannot say (time-major transposes of an RNN).
    """

    op: str
    lenses: Sequence[Lens] = ()
    blobs: Sequence[tuple[Any, ...]] = ()
    when: Callable[[Bag, Context], bool] | None = None
    """Reading: a condition on the node and its inputs beyond the lenses'."""
    arity: int | None = None
    """Writing: fits only layers with this many inputs."""
    rank: int | None = None
    """Writing: fits only a first input of this rank, batch axis included."""
    layout: str = ""
    """The layout the operator needs, where it is not the entry's: ``channel`` wants the layer's axis at 1."""
    around: str = ""
    reads: bool = True
    """False: another map is canonical for reading this operator."""

    def weight_steps(self) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """Each blob's weight name and steps."""
        for name, *steps in self.blobs:
            yield name, tuple(steps)


def plain(value: Any) -> Any:
    """The value as plain JSON, for problems and reports: tuples as lists, words as strings, messages as dicts."""
    if isinstance(value, Bag):
        return {key: plain(item) for key, item in value.as_dict().items()}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Repeated) and len(value) == 1:
        return plain(value[0])
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)[:200]
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if value is None or isinstance(value, bool | int | float) else repr(value)[:200]


def same(left: Any, right: Any) -> bool:
    """Equality that does not tell lists from tuples, but True from 1."""
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)
