"""The lenses: each joins layer parameters to a format's attributes, both ways; reader and writer cannot drift apart."""
# ruff: noqa: ARG002  (a lens takes what every lens takes)

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from visualnn_shared.catalogue.maps import Bag, Const, Context, Lens, Map, Unmappable, Word, same

__all__ = [
    "NONE",
    "Around",
    "At",
    "AtInput",
    "Codec",
    "Drop",
    "Enum",
    "Fn",
    "FromWeight",
    "Harmless",
    "HasWeight",
    "Is",
    "IsInput",
    "Lens",
    "Map",
    "Only",
    "Sets",
    "Training",
]


class NoDefault:
    """The mark of "the format has no default"; None is a value."""

    def __repr__(self) -> str:
        return "NONE"


NONE = NoDefault()


class Codec(Protocol):
    """How one value is said in the format. Raises ``ValueError`` with the rule as text for what cannot be said."""

    def read(self, value: Any) -> Any:
        """From the format's value to the parameter's."""

    def write(self, value: Any) -> Any:
        """From the parameter's value to the format's."""


def decode(codec: Codec | None, value: Any, param: str, line: int | None) -> Any:
    """The parameter's value; a codec's refusal becomes a problem at this line."""
    if codec is None:
        return value
    try:
        return codec.read(value)
    except ValueError as error:
        raise Unmappable(str(error), value, param, line) from None


def encode(codec: Codec | None, value: Any, param: str) -> Any:
    """The format's value; a codec's refusal becomes a problem of this parameter."""
    if codec is None:
        return value
    try:
        return codec.write(value)
    except ValueError as error:
        raise Unmappable(str(error), value, param) from None


@dataclass(frozen=True, slots=True)
class At(Lens):
    """A parameter under another name. ``default`` is the format's own: omitted when equal, meant when absent."""

    param: str
    key: str
    default: Any = NONE
    codec: Codec | None = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.key in bag:
            p[self.param] = decode(self.codec, bag.one(self.key), self.param, bag.line(self.key))
        elif self.default is not NONE:
            p[self.param] = self.default if self.codec is None else self.codec.read(self.default)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        value = encode(self.codec, p[self.param], self.param)
        if self.default is NONE or not same(value, self.default):
            bag.put(self.key, value)


@dataclass(frozen=True, slots=True)
class AtInput(Lens):
    """A parameter that the format has as a constant input (ONNX): ``slot`` is its position, ``key`` its formal name."""

    param: str
    key: str
    slot: int
    dtype: str
    codec: Codec | None = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.key in bag:
            found = bag.one(self.key)
            value = found.value if isinstance(found, Const) else found
            p[self.param] = decode(self.codec, value, self.param, bag.line(self.key))

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        if p[self.param] is not None:
            bag.put(self.key, Const(self.slot, self.dtype, encode(self.codec, p[self.param], self.param)))


@dataclass(frozen=True, slots=True)
class IsInput(Lens):
    """A constant input that must hold this value."""

    key: str
    slot: int
    dtype: str
    value: Any

    def match(self, bag: Bag) -> bool:
        found = bag.peek(self.key)
        return isinstance(found, Const) and same(found.value, self.value)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        bag.one(self.key)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        bag.put(self.key, Const(self.slot, self.dtype, self.value))


@dataclass(frozen=True, slots=True)
class Enum(Lens):
    """A parameter whose values have other names: ``table`` is format value -> parameter value."""

    param: str
    key: str
    table: Mapping[str, Any]
    default: Any = NONE

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.key not in bag and self.default is NONE:
            return
        value = bag.one(self.key, self.default)
        if not isinstance(value, str) or value not in self.table:
            rule = f"{self.key} must be one of {', '.join(self.table)}"
            raise Unmappable(rule, value, self.param, bag.line(self.key))
        p[self.param] = self.table[value]

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        for word, value in self.table.items():
            if same(value, p[self.param]):
                if word != self.default:
                    bag.put(self.key, Word(word))
                return
        allowed = ", ".join(map(repr, self.table.values()))
        raise Unmappable(f"{self.param} must be one of {allowed} in this format", p[self.param], self.param)


@dataclass(frozen=True, slots=True)
class Is(Lens):
    """The key must hold this value: chooses the map on reading, is written on writing."""

    key: str
    value: Any
    default: Any = NONE

    def match(self, bag: Bag) -> bool:
        return same(bag.peek(self.key, self.default), self.value)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        bag.one(self.key)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        if not same(self.value, self.default):
            bag.put(self.key, Word(self.value) if isinstance(self.value, str) else self.value)


@dataclass(frozen=True, slots=True)
class Sets(Lens):
    """Under this map the parameter is this constant; writing by this map needs it so."""

    param: str
    value: Any

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def refuses(self, p: Mapping[str, Any]) -> Unmappable | None:
        if same(p[self.param], self.value):
            return None
        return Unmappable(f"{self.param} must be {self.value!r} in this format", p[self.param], self.param)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        p[self.param] = self.value


@dataclass(frozen=True, slots=True)
class Only(Lens):
    """The format cannot say this parameter: values other than these are a problem. Reading leaves the default."""

    param: str
    values: Sequence[Any]
    hint: str | None = None

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def refuses(self, p: Mapping[str, Any]) -> Unmappable | None:
        if any(same(p[self.param], value) for value in self.values):
            return None
        allowed = " or ".join(map(repr, self.values))
        rule = f"{self.param} must be {allowed} in this format"
        return Unmappable(rule, p[self.param], self.param, hint=self.hint)


_TRAINING = ("_initializer", "_regularizer", "_constraint")


@dataclass(frozen=True, slots=True)
class Training(Lens):
    """Parameters that act in training only, which the format does not carry: initialisers and such, and ``more``."""

    more: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        return name.endswith(_TRAINING) or name == "trainable" or name in self.more

    def loses(self, p: Mapping[str, Any]) -> list[str]:
        return [name for name in p if self.covers(name)]


@dataclass(frozen=True, slots=True)
class Around(Lens):
    """Parameters that the map's ``around`` function says, with nodes or wiring besides the one operator."""

    params: tuple[str, ...]

    def owns(self) -> tuple[str, ...]:
        return self.params


@dataclass(frozen=True, slots=True)
class Drop(Lens):
    """Keys that are known and have no meaning for the model (``engine``)."""

    keys: tuple[str, ...]

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        for key in self.keys:
            bag.one(key)


@dataclass(frozen=True, slots=True)
class Harmless(Lens):
    """A key without meaning at these values only; at another one the layer would compute something else: a problem."""

    key: str
    values: Sequence[Any]

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.key in bag and not any(same(bag.one(self.key), value) for value in self.values):
            allowed = " or ".join(map(repr, self.values))
            raise Unmappable(f"{self.key} must be {allowed}", bag.peek(self.key), line=bag.line(self.key))


@dataclass(frozen=True, slots=True)
class FromWeight(Lens):
    """A parameter that only the tensor knows: the size of a weight along an axis (spec layout)."""

    param: str
    weight: str
    axis: int

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        if self.weight in ctx.tensors:
            p[self.param] = ctx.tensors[self.weight][self.axis]


@dataclass(frozen=True, slots=True)
class HasWeight(Lens):
    """A parameter that says whether a weight is there (``use_bias``)."""

    param: str
    weight: str

    def owns(self) -> tuple[str, ...]:
        return (self.param,)

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        p[self.param] = self.weight in ctx.tensors


@dataclass(frozen=True, slots=True)
class Fn(Lens):
    """The escape hatch: two named functions above the entry, both signatures as their comment."""

    params: tuple[str, ...]
    reader: Callable[[Bag, dict[str, Any], Context], None]
    writer: Callable[[Mapping[str, Any], Bag, Context], None]

    def owns(self) -> tuple[str, ...]:
        return self.params

    def read(self, bag: Bag, p: dict[str, Any], ctx: Context) -> None:
        self.reader(bag, p, ctx)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
        self.writer(p, bag, ctx)
