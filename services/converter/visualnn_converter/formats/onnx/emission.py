"""One layer on its way into an ONNX graph: its inputs as the operator wants them, its weights as blobs, its outputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer, Variable
from visualnn_shared.catalogue.free import Dim, Shape, known
from visualnn_shared.catalogue.inner import Applied, applied
from visualnn_shared.catalogue.mapping import Written
from visualnn_shared.catalogue.maps import Const, Label, Unmappable
from visualnn_shared.catalogue.steps import Absent, Array, Step, write_blob

from visualnn_converter.formats.onnx.graph import Graph, Value
from visualnn_converter.layout import identity, rows_as_flattened
from visualnn_converter.passes.expand_activations import FUSED
from visualnn_converter.rewriting import Weights

MOVES = frozenset({
    "Reshape", "Flatten", "Permute", "Concatenate", "Dropout", "GaussianNoise", "Cropping1D", "Cropping2D",
    "Cropping3D", "RepeatVector", "Split", "Slice", "Tile", "Crop",
})  # fmt: skip
"""Layers that keep the type of their values."""
Size = int | tuple[Value, int]
"""Cells of an axis: a number, or those that a value's axis has when the net runs."""


def fixed(dim: Dim) -> int:
    """The cells of an axis. Raises ``Unmappable`` where their number is free."""
    found = known(dim)
    if found is None:
        raise Unmappable("the size of this axis must be known in this format", None, hint="give the Input a fixed size")
    return found


@dataclass(frozen=True, slots=True)
class Mask:
    """Which steps count: a bool tensor, with its rank (2: batch, steps)."""

    name: str
    rank: int


def axes_of(axis: object, rank: int) -> list[int]:
    """Spec axes from 0, batch included."""
    return [a % rank for a in (axis if isinstance(axis, tuple) else (axis,)) if isinstance(a, int)]


@dataclass(slots=True)
class Emission:
    """What the functions around an operator work with."""

    graph: Graph
    layer: ResolvedLayer
    written: Written
    inputs: list[Value]
    weights: Weights
    output_names: Mapping[int, str]
    """Index of an output of the layer -> its name as an output of the net."""
    emit: "Callable[[ResolvedLayer, list[Value], list[Mask | None]], list[Value]]"
    """Writes a layer that this one is made of."""
    masks: "list[Mask | None]" = field(default_factory=list)
    """Of each input."""
    mask: "Mask | None" = None
    """What the layer itself makes."""
    _given: dict[str, str] = field(default_factory=dict)

    @property
    def p(self) -> Mapping[str, Any]:
        """The layer's parameters."""
        return self.layer.params

    @property
    def label(self) -> Label:
        """Label of the first input."""
        return self.inputs[0].label

    def name(self, index: int, label: Label) -> str:
        """A name for an output: the net's own where it can stand there as it is."""
        rank = len(self.layer.output_shapes[index]) + 1
        if index in self.output_names and label == identity(rank):
            return self.output_names[index]
        ref = self.layer.name if index == 0 else f"{self.layer.name}:{index}"
        return self.graph.fresh(ref)

    def out(self, index: int = 0, label: Label | None = None, name: str | None = None) -> Value:
        """The value of an output; label and type are those of the first input where the rank is the same."""
        shape = self.layer.output_shapes[index]
        first = self.inputs[0]
        same = first.rank == len(shape) + 1
        if label is None:
            label = first.label if same else identity(len(shape) + 1)
        dtype = first.dtype if self.layer.type in MOVES else "float32"
        flat = first.flat if self.layer.type != "Dense" and same else None
        return Value(name or self.name(index, label), label, shape, dtype, flat)

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """A node named after the layer."""
        self.graph.node(op, inputs, output, self.layer.name, **attributes)

    def hidden(self, suffix: str) -> str:
        """A name for a value between the layer's nodes."""
        return self.graph.fresh(f"{self.layer.name}/{suffix}")

    def op(self, op: str, *inputs: "Value | str | float | Sequence[int]", outputs: int = 0, **attributes: Any) -> Any:
        """A node whose result has a hidden name, which is returned; of several ``outputs`` a list of them.

        Inputs may be values, names, numbers (float32) and lists of whole numbers (int64).
        """
        names = [self._named(one) for one in inputs]
        found = [self.hidden(op.lower()) for _ in range(outputs or 1)]
        self.graph.node(op, names, found, found[0], **attributes)
        return found if outputs else found[0]

    def _named(self, one: "Value | str | float | Sequence[int]") -> str:
        if isinstance(one, Value):
            return one.name
        if isinstance(one, str):
            return one
        return self.graph.constant("float32" if isinstance(one, int | float) else "int64", one)

    def made(self, name: str, index: int = 0, label: Label | None = None, dtype: str | None = None) -> Value:
        """An output of the layer that a node has made under a hidden name: it takes the layer's name where it can."""
        out = self.out(index, label)
        if name not in self._given:  # a tensor may be two outputs
            self._given[name] = out.name if self.graph.renamed(name, out.name) else name
        return replace(out, name=self._given[name], dtype=dtype or out.dtype)

    def constant(self, array: Array) -> str:
        """A constant of the layer's own."""
        return self.graph.constant(str(array.dtype), array)

    def sizes(self, sizes: Sequence[Size]) -> str:
        """A shape as an int64 tensor; in it 0 copies the axis at the same place, and one -1 takes what is left."""
        if all(isinstance(size, int) for size in sizes):
            return self.graph.constant("int64", list(sizes))
        parts = [self.graph.constant("int64", [size]) if isinstance(size, int) else self.size(*size) for size in sizes]
        return str(self.op("Concat", *parts, axis=0))

    def size(self, value: Value, axis: int) -> str:
        """Cells of a value's file axis, as a tensor of one number."""
        dim = known(value.shape[value.label[axis] - 1]) if value.label[axis] else None
        if dim is not None:
            return self.graph.constant("int64", [dim])
        return str(self.op("Shape", value, start=axis, end=axis + 1))

    def reshaped(self, value: Value | str, sizes: Sequence[Size]) -> str:
        """The values in another shape."""
        return str(self.op("Reshape", value, self.sizes(sizes)))

    def tensor(self, name: str, change: Callable[[Array], Array] | None = None, tag: str = "") -> str:
        """A weight as an initialiser, ``change``d first; ``tag`` tells several forms of one weight apart."""
        key = (self._owner, name, self.written.map.op, "tensor", tag)

        def make() -> Array:
            array = self.weight(name)
            return np.array(change(array) if change else array, np.float32, order="C")

        return self.graph.tensor(f"{self._owner}/{name}", make, key)

    def plain(self, index: int = 0) -> Value:
        """An input with its axes in the spec's order."""
        return self.graph.moved(self.inputs[index], identity(self.inputs[index].rank))

    def within(
        self, part: str, found: Applied, inputs: Sequence[Value], masks: Sequence[Mask | None] = ()
    ) -> list[Value]:
        """The outputs of a layer that this one is made of, with weights of its own under ``part``."""
        owner, params, shapes = f"{self._owner}/{part}", found.params, found.inputs
        variables = found.entry.variables(params, shapes) if found.entry.has_weights else ()
        function = params.get("activation", "linear") if found.entry.type in FUSED else "linear"
        if function != "linear":
            params = {**params, "activation": "linear"}
        layer = ResolvedLayer(
            f"{self.layer.name}/{part}", found.entry.type, found.entry, params, (), tuple(shapes),
            tuple(found.entry.shape(params, shapes)),
            tuple(Variable(weight.name, weight.shape(params, shapes), False) for weight in variables), owner,
        )  # fmt: skip
        outputs = self.emit(layer, list(inputs), list(masks))
        return outputs if function == "linear" else [self.activated(function, outputs[0], f"{part}/activation")]

    def activated(self, function: Any, value: Value, part: str = "activation") -> Value:
        """An activation of a value."""
        if function == "linear":
            return value
        found = applied({"type": "Activation", "params": {"activation": function}}, [value.shape])
        return self.within(part, found, [value])[0]

    def value(self, name: str, shape: Shape, dtype: str = "float32") -> Value:
        """A hidden tensor as a value of this spec shape."""
        return Value(name, identity(len(shape) + 1), shape, dtype)

    def main(
        self, output: str | Sequence[str], *, extra: Sequence[str] = (), first: Sequence[str] | None = None
    ) -> None:
        """The operator of the map, with inputs, blobs and constants in their places."""
        attributes = {key: value for key, value in self.written.attributes.items() if not isinstance(value, Const)}
        inputs = [value.name for value in self.inputs] if first is None else list(first)
        inputs += [*self.blobs(), *extra]
        for value in self.written.attributes.values():
            if isinstance(value, Const):
                inputs += [""] * (value.slot + 1 - len(inputs))
                inputs[value.slot] = self.graph.constant(value.dtype, value.value)
        self.graph.node(self.written.op, inputs, output, self.layer.name, **attributes)

    def blobs(self) -> list[str]:
        """The layer's weights as initialisers, in the operator's order; a weight the layer has not is an empty name."""
        names = [self._blob(weight, steps) for weight, steps in self.written.map.weight_steps()]
        while names and not names[-1]:
            names.pop()
        return names

    def _blob(self, weight: str, steps: tuple[Step, ...]) -> str:
        graph, p = self.graph, self.layer.params
        if self.has(weight):
            flat = self.inputs[0].flat if self.layer.type == "Dense" and weight == "kernel" else None
            key = (self._owner, weight, self.written.map.op, flat)
            return graph.tensor(
                f"{self._owner}/{weight}",
                lambda: write_blob(rows_as_flattened(self.weight(weight), flat), steps, p),
                key,
            )
        if steps and isinstance(steps[0], Absent):
            value = steps[0].value
            declared = next(w for w in self.layer.entry.weights if w.name == weight)
            shape = tuple(known(dim) or 0 for dim in declared.shape(p, self.layer.input_shapes))
            return graph.tensor(
                f"{self.layer.name}/{weight}", lambda: np.full(shape, value, np.float32), ("absent", shape, value)
            )
        return ""

    def has(self, name: str) -> bool:
        """Whether the layer has a weight of this name."""
        return any(variable.name == name for variable in self.layer.weights)

    def weight(self, name: str) -> Array:
        """A weight in spec layout as float32."""
        return np.asarray(self.weights[f"{self._owner}/{name}"], np.float32)

    def along(self, name: str, axes: Sequence[int], label: Label) -> str:
        """A weight over some spec axes as an initialiser that broadcasts over a tensor of this label; else empty."""
        if not self.has(name):
            return ""

        def spread() -> Array:
            array = self.weight(name)
            shape = [1] * len(label)
            for size, axis in zip(array.shape, sorted(axes), strict=True):
                shape[axis] = size
            return np.ascontiguousarray(array.reshape(shape).transpose(label))

        return self.graph.tensor(f"{self._owner}/{name}", spread, (self._owner, name, "along", tuple(axes), label))

    @property
    def _owner(self) -> str:
        return self.layer.weights_of or self.layer.name
