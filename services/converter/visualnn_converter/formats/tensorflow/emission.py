"""One layer on its way into a graph: inputs, weights, and the nodes it becomes, the last of which has its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Written
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.catalogue.steps import Array

from visualnn_converter.formats.tensorflow.graph import Graph, whole
from visualnn_converter.formats.tensorflow.templates import TEMPLATES, K, P, W, X
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.rewriting import Weights

MOVES = frozenset({
    "Reshape", "Flatten", "Permute", "Concatenate", "Dropout", "GaussianNoise", "Identity", "Cropping1D", "Cropping2D",
    "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
})  # fmt: skip
"""Layers that keep the type of their values."""


@dataclass(slots=True)
class Emission:
    """What the functions that write a layer work with."""

    graph: Graph
    layer: ResolvedLayer
    written: Written
    inputs: list[str]
    weights: Weights
    shared: dict[tuple[str, str, tuple[int, ...]], str] = field(default_factory=dict)
    """Constants of weights by owner, variable and shape: layers that share weights share them."""
    _made: dict[int, str] = field(default_factory=dict)
    """Parts of a template that are written already."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Of the map."""
        return {key: str(v) if isinstance(v, str) else v for key, v in self.written.attributes.items()}

    @property
    def params(self) -> Mapping[str, Any]:
        """The layer's."""
        return self.layer.params

    @property
    def shape(self) -> tuple[Any, ...]:
        """Of the first input, without the batch."""
        return self.layer.input_shapes[0]

    @property
    def rank(self) -> int:
        """Of the first input, with the batch."""
        return len(self.shape) + 1

    def node(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node within the layer."""
        return self.graph.node(op, inputs, self.graph.fresh(f"{self.layer.name}/{op}"), **attributes)

    def last(self, op: str, inputs: Sequence[str], **attributes: Any) -> None:
        """The node that has the layer's name."""
        self.graph.node(op, inputs, self.layer.name, **attributes)

    def constant(self, suffix: str, value: Any) -> str:
        """A constant of the layer; numbers become the types that TensorFlow takes."""
        array = value if isinstance(value, np.ndarray) else _array(value)
        return self.graph.constant(f"{self.layer.name}/{suffix}", array)

    def weight(self, name: str) -> Array | None:
        """A tensor of the layer, or of the one it shares weights with."""
        variable = next((one for one in self.layer.weights if one.name == name), None)
        if variable is None:
            return None
        given = self.weights.get(f"{self.layer.weights_of or self.layer.name}/{name}")
        if given is None:  # obstacles are being looked for: values do not matter
            given = np.zeros([known(n) or 1 for n in variable.shape], np.float32)
        return np.asarray(given, np.float32)

    def blob(self, name: str, value: Array | None = None) -> str:
        """A constant of a weight, once for all layers that share it."""
        array = self.weight(name) if value is None else value
        owner, array = self.layer.weights_of or self.layer.name, np.asarray(array, np.float32)
        key = (owner, name, array.shape)
        if key not in self.shared:
            self.shared[key] = self.graph.constant(f"{owner}/{name}", array)
        return self.shared[key]

    def with_bias(self, op: str, inputs: Sequence[str], *, squeeze: int | None = None, **attributes: Any) -> None:
        """The operator, then without an axis of one, then with a bias where the layer has one."""
        bias = self.weight("bias")
        steps = [(op, attributes)]
        if squeeze is not None:
            steps.append(("Squeeze", {"squeeze_dims": [squeeze]}))
        if bias is not None:
            steps.append(("BiasAdd", {"data_format": "NHWC"}))
        names = list(inputs)
        for number, (one, said) in enumerate(steps):
            more = [self.blob("bias")] if one == "BiasAdd" else []
            if number == len(steps) - 1:
                self.last(one, [*names, *more], **said)
            else:
                names = [self.node(one, [*names, *more], **said)]

    def template(self, name: str, weights: Mapping[str, Array], prefix: str = "") -> None:
        """The nodes of a template, the outermost under the layer's name."""
        names = {key: self.blob(prefix + key, one) if one.dtype == np.float32 else self.constant(key, one)
                 for key, one in weights.items()}  # fmt: skip
        self._emit(TEMPLATES[name][0], names, last=True)

    def part(self, name: str) -> str:
        """The nodes of a template of the first input within the layer; the name of the outermost."""
        return self._emit(TEMPLATES[name][0], {})

    def _emit(self, form: Any, weights: Mapping[str, str], *, last: bool = False) -> str:
        if isinstance(form, X):
            return self.inputs[0]
        if isinstance(form, W):
            return weights[form.name]
        if isinstance(form, K | P):
            value = form.value if isinstance(form, K) else self.attributes[form.name]
            return self.constant(form.name if isinstance(form, P) else "number", np.array(value, np.float32))
        if id(form) in self._made:
            return self._made[id(form)]
        inputs = [self._emit(one, weights) for one in form.args]
        attributes = {"DstT": DType("float32")} if form.op == "Cast" else dict(form.attributes)
        if last:
            self.last(form.op, inputs, **attributes)
            return self.layer.name
        made = self._made[id(form)] = self.node(form.op, inputs, **attributes)
        return made

    def batch_of(self, name: str) -> str:
        """The size of the batch, as it is when the graph runs."""
        bounds = [self.constant(key, whole([n])) for key, n in (("begin", 0), ("end", 1), ("step", 1))]
        return self.node("StridedSlice", [self.node("Shape", [name]), *bounds], shrink_axis_mask=1)

    def sizes(self, shape: Sequence[Any], what: str) -> list[int]:
        """A shape that must be known. Raises ``Unmappable``."""
        found = [known(n) for n in shape]
        if None in found:
            hint = "give the Input layer fixed sizes"
            raise Unmappable(f"{what} must be known in this format", [known(n) for n in shape], hint=hint)
        return [n for n in found if n is not None]


def _array(value: Any) -> Array:
    array = np.array(value)
    return array.astype(np.int32 if array.dtype.kind in "iu" else np.float32)


def spread(array: Array, axes: Sequence[int], rank: int) -> Array:
    """A weight along some axes (counted with the batch), so that it is broadcast over a tensor of this rank."""
    if list(axes) == list(range(rank - len(axes), rank)):
        return array
    order = np.argsort(axes)
    sizes = dict(zip(sorted(axes), array.transpose(order).shape, strict=True))
    first = min(axes)
    return array.transpose(order).reshape([sizes.get(axis, 1) for axis in range(first, rank)])
