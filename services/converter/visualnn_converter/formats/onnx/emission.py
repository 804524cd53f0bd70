"""One layer on its way into an ONNX graph: its inputs as the operator wants them, its weights as blobs, its outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Written
from visualnn_shared.catalogue.maps import Const, Label
from visualnn_shared.catalogue.steps import Absent, Array, Step, write_blob

from visualnn_converter.formats.onnx.graph import Graph, Value
from visualnn_converter.layout import identity, rows_as_flattened
from visualnn_converter.rewriting import Weights

MOVES = frozenset({"Reshape", "Flatten", "Permute", "Concatenate", "Dropout", "GaussianNoise"})
"""Layers that keep the type of their values."""


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
