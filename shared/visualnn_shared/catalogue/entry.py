"""One entry of the catalogue: everything that is known of a layer type, as data and small functions.

Shapes have no batch axis. Parameters reach the functions clean and complete: normal values, defaults filled in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.kinds import Kind

Params = Mapping[str, Any]
Shapes = Sequence[Shape]
ShapeRule = Callable[[Params, Shapes], list[Shape]]
"""``(params, input shapes) -> output shapes``, always a list. Raises ``Broken``."""
MacsRule = Callable[[Params, Shapes, Shapes], Dim]
"""``(params, input shapes, output shapes) -> multiply-accumulates`` for one sample."""
Layout = Literal["spatial", "any", "plain", "flatten"]
"""What a channels-first format does with the tensors: wants NCHW, keeps any order, needs the plain one, or forgets."""


class Broken(Exception):  # noqa: N818 - says what happened to the layer, not to the program
    """A layer breaks a rule. ``rule`` is a whole sentence: ``groups must divide the input's channels``."""

    def __init__(self, rule: str, received: Any, *, param: str | None = None, hint: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.received = received
        self.param = param
        self.hint = hint


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True)
class Same:
    """A default that is another parameter's value: ``strides`` of a pool is its ``pool_size``."""

    param: str


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. ``default`` is Keras' default; a format's own default belongs to that format's map."""

    name: str
    kind: Kind
    default: Any = REQUIRED
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """One variable, there where the parameter ``when`` is true; ``initializer`` is the parameter that fills it."""

    name: str
    shape: Callable[[Params, Shapes], Shape]
    when: str | None = None
    trainable: bool = True
    initializer: str | None = None


Expand = Callable[[str, Params, tuple[str, ...]], Sequence[Any]]
"""``(name, params, inputs) -> layers`` of a block; the last layer has the block's own name, the others ``name/...``."""
WeightsRule = Callable[[Params, Shapes], Sequence[Weight]]
"""``(params, input shapes) -> variables``, for layers whose variables depend on more than one switch each."""

MANY: Final = None


@dataclass(frozen=True, slots=True)
class Ports:
    """How many inputs a layer takes; ``most`` is None without a limit. Outputs are what the shape rule lists.

    ``call`` says how Keras is given several: one ``list``, ``args`` of their own, or the first and then an initial
    ``state``.
    """

    least: int = 1
    most: int | None = 1
    names: tuple[str, ...] = ("input",)
    call: Literal["list", "args", "state"] = "list"


@dataclass(frozen=True, slots=True)
class Example:
    """A use of the layer that is valid: tests build it, documentation shows it. ``dtypes`` are float32 if left out."""

    inputs: tuple[tuple[int | None, ...], ...] = ()
    params: Params = field(default_factory=dict)
    dtypes: tuple[str, ...] = ()


def no_macs(_params: Params, _inputs: Shapes, _outputs: Shapes) -> Dim:
    """Layers without matrix products or convolutions count none."""
    return 0


def no_rules(_params: Params) -> Iterator[Broken]:
    """Parameters that cannot contradict each other."""
    yield from ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A layer type. ``maps`` says for each format how the type is read and written; the first that fits is used.

    ``weights`` are its variables in Keras' order; ``weights_rule`` lists them instead where they depend on more than a
    switch. ``keras_class`` is ``module:Class`` of the Keras layer that computes it, where that is none of Keras' own.
    ``unsaid`` tells for a format that has no map why it cannot have one.
    ``expand`` makes a block of it: a named sub-net that stands for other layers, and is replaced by them first of all.
    """

    type: str
    doc: str
    group: str
    shape: ShapeRule
    params: tuple[Param, ...] = ()
    ports: Ports = Ports()
    weights: tuple[Weight, ...] = ()
    weights_rule: WeightsRule | None = None
    keras_class: str | None = None
    expand: "Expand | None" = None
    macs: MacsRule = no_macs
    rules: Callable[[Params], Iterator[Broken]] = no_rules
    layout: Layout = "any"
    palette: bool = True
    example: Example = Example()
    maps: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    unsaid: Mapping[str, str] = field(default_factory=dict)

    # Derived once, because every layer of every spec asks for them.
    kinds: Mapping[str, Kind] = field(init=False, repr=False, compare=False)
    defaults: Mapping[str, Any] = field(init=False, repr=False, compare=False)
    required: tuple[str, ...] = field(init=False, repr=False, compare=False)
    derived: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    @property
    def has_weights(self) -> bool:
        """Whether the type can have variables at all."""
        return bool(self.weights) or self.weights_rule is not None

    def variables(self, params: Params, inputs: Shapes) -> Sequence[Weight]:
        """The variables that a use of the layer has, in Keras' order."""
        if self.weights_rule is not None:
            return self.weights_rule(params, inputs)
        return [weight for weight in self.weights if weight.when is None or params[weight.when]]

    def __post_init__(self) -> None:
        own = {p.name: p.default for p in self.params if p.default is not REQUIRED and not isinstance(p.default, Same)}
        kinds = {p.name: p.kind for p in self.params}
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "defaults", {name: kinds[name].clean(value) for name, value in own.items()})
        object.__setattr__(self, "required", tuple(p.name for p in self.params if p.default is REQUIRED))
        derived = tuple((p.name, p.default.param) for p in self.params if isinstance(p.default, Same))
        object.__setattr__(self, "derived", derived)
