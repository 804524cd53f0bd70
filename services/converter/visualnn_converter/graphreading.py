"""What a walk over a graph of operators keeps: values with their labels, layers, weights; and how layers are placed.

ONNX and TensorFlow graphs are walked so: ``Node`` is one operator, ``Source`` the graph, ``Reading`` the state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import FREE, Shape, known
from visualnn_shared.catalogue.mapping import clean_params, without_defaults
from visualnn_shared.catalogue.maps import Label, Unmappable, plain
from visualnn_shared.spec.model import Layer
from visualnn_shared.spec.problem import Problem

from visualnn_converter.layout import identity
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names
from visualnn_converter.specnames import spec_name

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator; an absent input is an empty name."""

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


def needed(nodes: Sequence[Node], outputs: Iterable[str]) -> list[Node]:
    """Without the nodes that no output depends on."""
    wanted, kept = set(outputs), list[Node]()
    for node in reversed(nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            kept.append(node)
    return kept[::-1]


class Source(Protocol):
    """A graph: its constants, the values that leave it, and for each value the nodes that read it."""

    constants: dict[str, Array]
    outputs: list[str]
    users: dict[str, list[Node]]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor: its spec reference, its spec shape without the batch, for each axis in the file the spec axis.

    ``flat`` remembers label and shape of what the file flattened in an order of its own.
    """

    ref: str
    shape: Shape
    label: Label
    dtype: str = "float32"
    flat: tuple[Label, Shape] | None = None

    @property
    def rank(self) -> int:
        """With the batch axis."""
        return len(self.label)

    @property
    def sizes(self) -> list[int | None]:
        """As the file has them, without the batch; None where free."""
        return [known(self.shape[axis - 1]) for axis in self.label if axis]


class Reading:
    """The state of a walk; operators call it to place layers."""

    elementwise: frozenset[str] = frozenset()
    """Operators that treat each value by itself, with one tensor going in."""

    def __init__(self, source: Source, report: Report) -> None:
        self.source, self.report = source, report
        self.constants = source.constants
        self.values: dict[str, Value | None] = {}
        self.layers: dict[str, Layer] = {}
        self.shapes: dict[str, Shape] = {}
        """Reference -> spec shape."""
        self.weights: dict[str, Array] = {}
        self.problems: list[Problem] = []
        self.done: set[str] = set()
        """Values whose nodes were read together with an earlier one."""
        self.turned: set[str] = set()
        """Values that the file walks backwards in time; the layer that reads them does so itself."""
        self._names = Names()
        self._owners: dict[Any, str] = {}
        self._moved: dict[tuple[str, Label, Label], Value] = {}

    def name(self, wanted: str) -> str:
        """A layer name of the spec for a name of the file."""
        name = self._names.fresh(spec_name(wanted))
        if name != wanted:
            self.report.renamed[wanted] = name
        return name

    def value(self, name: str) -> Value:
        """The tensor of this name. Raises ``Unmappable`` where it is a constant."""
        found = self.values.get(name)
        if found is None:
            raise Unmappable("the input must be a tensor that the net computes, not a constant", name or "nothing")
        return found

    def constant(self, name: str, what: str) -> Array:
        """The constant of this name. Raises ``Unmappable`` where it is computed."""
        if name not in self.constants:
            raise Unmappable(f"{what} must be a constant of the file", name or "nothing")
        if what in ("shape", "axes") and self.constants[name].dtype.kind not in "iu":
            raise Unmappable(f"{what} must be whole numbers", str(self.constants[name].dtype))
        return self.constants[name]

    def weight(self, name: str, what: str) -> Array:
        """A constant of floating-point numbers, as float32."""
        array = self.constant(name, what)
        if array.dtype.kind != "f":
            raise Unmappable(f"{what} must hold floating-point numbers", str(array.dtype))
        if array.dtype != np.float32:
            self.report.note("weights of other float types became float32")
        return np.asanyarray(array, np.float32)

    def place(
        self,
        name: str,
        op: str,
        type: str,
        params: Mapping[str, Any],
        inputs: Sequence[Value],
        weights: Mapping[str, Array] | None = None,
        key: Any = None,
    ) -> list[Shape]:
        """Add a layer; its output shapes. ``key`` names its weights in the file. Raises ``Unmappable``."""
        entry = CATALOGUE[type]
        ports = entry.ports
        if not ports.least <= len(inputs) <= (ports.most or len(inputs)):
            raise Unmappable(f"{op} must have another number of inputs here", len(inputs))
        clean, problems = clean_params(entry, params, name, None)
        if problems:
            self.problems += problems
            raise _Reported
        try:
            shapes = list(entry.shape(clean, [value.shape for value in inputs]))
        except Broken as broken:
            raise Unmappable(broken.rule, plain(broken.received), broken.param, hint=broken.hint) from None
        said = plain(without_defaults(entry, clean))
        owner = self._owner((type, key, repr(said)), name) if weights and key is not None else None
        refs = tuple(value.ref for value in inputs)
        self.layers[name] = Layer(name=name, type=type, params=said, inputs=refs, weights_of=owner)
        self.shapes.update({f"{name}:{i}" if i else name: shape for i, shape in enumerate(shapes)})
        self.report.maps(name, op, type)
        for variable, array in (weights or {}).items() if owner is None else ():
            self.keep(name, variable, array)
        return shapes

    def keep(self, layer: str, variable: str, array: Array) -> None:
        """Keep a tensor of a layer."""
        self.weights[f"{layer}/{variable}"] = np.array(array, np.float32, order="C", copy=None)

    def _owner(self, key: Any, name: str) -> str | None:
        owner = self._owners.setdefault(key, name)
        return None if owner == name else owner

    def made(
        self, name: str, node: Node, type: str, params: Mapping[str, Any], inputs: Sequence[Value], **more: Any
    ) -> Value:
        """Place a layer that keeps the axes of its first input where the rank stays, and has the plain ones else."""
        shape = self.place(name, node.op, type, params, inputs, **more)[0]
        return result(name, shape, inputs[0], flat=node.op in self.elementwise)

    def laid(self, value: Value, label: Label, name: str) -> Value:
        """The same tensor of the file with its axes meaning others: a Permute where they do not already."""
        if value.label == label:
            return value
        dims = [value.label[label.index(axis)] for axis in range(1, value.rank)]
        if 0 in dims:
            raise Unmappable("the batch must be the first axis here", list(value.label))
        key = (value.ref, value.label, label)
        if key not in self._moved:
            moved = self.name(f"{name}/permute")
            shape = self.place(moved, "Transpose", "Permute", {"dims": dims}, [value])[0]
            self.report.rewrote(name, f"{moved} before it", "it sees the order of axes, which is another in the file")
            self._moved[key] = Value(moved, shape, label, value.dtype)
        return self._moved[key]

    def only_user(self, value: str) -> Node | None:
        """The one node that reads a value that is no output of the net."""
        users = self.source.users.get(value, [])
        return users[0] if len(users) == 1 and value not in self.source.outputs else None

    def feeds_dense_only(self, node: Node) -> bool:
        """Whether the values reach nothing but dense layers, directly or through element-wise operators."""
        waiting, seen = list(node.outputs[:1]), set[str]()
        while waiting:
            name = waiting.pop()
            users = self.source.users.get(name, [])
            if name in seen or not users or name in self.source.outputs:
                return False
            seen.add(name)
            for user in users:
                if user.op in self.elementwise:
                    waiting += user.outputs[:1]
                elif not self.is_dense(user, name):
                    return False
        return True

    def is_dense(self, _node: Node, _name: str) -> bool:
        """Whether the node is a dense layer over this value, with a constant kernel."""
        return False


class _Reported(Unmappable):
    def __init__(self) -> None:
        super().__init__("")


REPORTED = _Reported


def result(name: str, shape: Shape, first: Value, *, flat: bool = False) -> Value:
    """A layer's first output; the axes are the first input's where the rank is the same."""
    same = len(shape) + 1 == first.rank
    label = first.label if same else identity(len(shape) + 1)
    return Value(name, shape, label, "float32", first.flat if flat else None)


def spread(array: Array, value: Value) -> tuple[Array, list[int]]:
    """A constant that is broadcast over a tensor: as the spec's axes are, and the axes along which it differs.

    Sizes of the result are 1 where one number serves the whole axis. Raises ``Unmappable``.
    """
    rank = value.rank
    if array.ndim > rank or (array.ndim == rank and array.shape[value.label.index(0)] != 1):
        raise Unmappable("a constant must be the same for every sample", list(array.shape))
    whole = array.reshape((1,) * (rank - array.ndim) + array.shape)
    laid = whole.transpose([value.label.index(axis) for axis in range(rank)])[0]
    axes = [axis for axis, size in enumerate(laid.shape, start=1) if size != 1]
    for axis in axes:
        if value.shape[axis - 1] is FREE or value.shape[axis - 1] != laid.shape[axis - 1]:
            raise Unmappable("a constant must have the sizes of the tensor it meets, or 1", list(array.shape))
    return laid, axes


def dense_rows(kernel: Array, value: Value) -> Array:
    """A Dense kernel with its rows in the spec's order, from the order in which the file flattened its input."""
    if value.flat is None:
        return kernel
    label, shape = value.flat
    order = [axis - 1 for axis in label if axis]
    sizes = [shape[axis] for axis in order]
    if kernel.shape[0] != prod(sizes):
        raise Unmappable(f"the weights must have {prod(sizes)} rows", kernel.shape[0])
    split = kernel.reshape(*[known(n) or 1 for n in sizes], kernel.shape[1])
    return split.transpose(*[order.index(axis) for axis in range(len(order))], len(order)).reshape(kernel.shape)
