"""Layers of many nodes, with a mark that says what they are: written, and read back where the nodes say the same.

A mark is a hint: the reader writes the layer that it names anew, with the file's weights, and compares node by node.
A file whose nodes are others than the mark says is an obstacle, never other numbers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer, resolve
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Written, left, without_defaults, write_node
from visualnn_shared.catalogue.maps import Context, Unmappable, plain
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.formats.tensorflow import values as attributes
from visualnn_converter.formats.tensorflow.composed import COMPOSED
from visualnn_converter.formats.tensorflow.composed.making import Making
from visualnn_converter.formats.tensorflow.emission import Emission
from visualnn_converter.formats.tensorflow.folding import Unknown
from visualnn_converter.formats.tensorflow.graph import Graph
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.graphreading import Array, Node, Reading, Value
from visualnn_converter.layout import identity

KEY = "_visualnn"
"""The attribute: names that begin so are no business of TensorFlow's."""
OPERATOR = "@Written"
LONGEST = 65_536
HINT = f"remove the attribute {KEY} to have its nodes read one by one"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says, and the nodes that are inside."""

    type: str
    params: Mapping[str, Any]
    inputs: tuple[str, ...]
    weights: Mapping[str, str]
    outputs: tuple[str, ...]
    inside: Mapping[str, Node] = field(default_factory=dict)


def emit(e: Emission) -> None:
    """Write the layer: its nodes, then one with its name and the mark, whose outputs are the layer's."""
    outputs = COMPOSED[e.written.map.around](Making(e))
    params = plain(without_defaults(e.layer.entry, left(e.written.map, e.layer.entry, e.params)))
    owner = e.layer.weights_of or e.layer.name
    weights = {key: name for (whose, key, _), name in e.shared.items() if whose == owner}
    said = {"type": e.layer.type, "params": params, "inputs": e.inputs, "weights": weights}
    text = json.dumps(said, sort_keys=True)
    if len(text) > LONGEST:
        raise Unmappable("the parameters must be shorter in this format", len(text))
    e.graph.node("IdentityN", outputs, e.layer.name, **{KEY: text})


def mark_of(text: Any, outputs: Sequence[str]) -> Mark:
    """A mark's text, taken apart. Raises ``Unmappable``."""
    try:
        if not isinstance(text, str) or len(text) > LONGEST:
            raise ValueError("no text, or too long")
        said = json.loads(text)
        type, params, inputs, weights = (said[key] for key in ("type", "params", "inputs", "weights"))
        names = [type, *inputs, *weights, *weights.values()]
        if not isinstance(params, dict) or not all(isinstance(name, str) for name in names) or not inputs:
            raise ValueError("values of other types")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unmappable(f"the attribute {KEY} must be as VisualNN writes it", str(error)[:100], hint=HINT) from None
    return Mark(type, params, tuple(inputs), weights, tuple(outputs))


def read(r: Reading, node: Node) -> list[Value | None]:
    """The layer that the mark names, if it has these nodes."""
    mark: Mark = node.attributes["mark"]
    r.values.update(dict.fromkeys(node.outputs))
    name = r.name(node.name)
    values = [r.value(ref) for ref in node.inputs[: len(mark.inputs)]]
    values = [r.laid(value, identity(value.rank), name) for value in values]
    refs = node.inputs[len(mark.inputs) :]
    weights = {key: r.weight(ref, key) for key, ref in zip(mark.weights, refs, strict=True)}
    if any(isinstance(array, Unknown) for array in weights.values()):
        raise Unmappable("the weights must be constants", sorted(weights))
    made = _again(mark, values, weights, name)
    if made is None or not _same(made, mark, node.inputs[: len(mark.inputs)]):
        raise Unmappable(f"the nodes must be those of the {mark.type[:60]} that {KEY} names", node.name, hint=HINT)
    shapes = r.place(name, node.op.removeprefix("@"), mark.type, mark.params, values, weights, refs)
    found = [Value(f"{name}:{port}" if port else name, shape, identity(len(shape) + 1))
             for port, shape in enumerate(shapes)]  # fmt: skip
    r.values.update({f"{node.name}:{port}" if port else node.name: one for port, one in enumerate(found)})
    return list(found)


def _again(
    mark: Mark, values: Sequence[Value], weights: Mapping[str, Array], name: str
) -> tuple[Any, list[str]] | None:
    """The nodes of such a layer, and the names of its outputs; None where there is no such layer."""
    layer = _resolved(mark, values)
    if layer is None or {one.name: one.shape for one in layer.weights} != {k: v.shape for k, v in weights.items()}:
        return None
    context = Context(
        input_shapes=[tuple(known(n) for n in shape) for shape in layer.input_shapes],
        output_shapes=[tuple(known(n) for n in shape) for shape in layer.output_shapes],
        labels=[identity(len(shape) + 1) for shape in layer.input_shapes],
    )
    written = write_node("tensorflow", layer.entry, layer.params, context, name)
    if not isinstance(written, Written) or written.map.around not in COMPOSED:
        return None
    graph = _Bounded(len(mark.inside) + len(weights) + 1)
    inputs = [f"{index}" for index in range(len(values))]
    for one in inputs:
        graph.placeholder(one, "float32", ())
    given = {f"{layer.name}/{key}": array for key, array in weights.items()}
    outputs = COMPOSED[written.map.around](Making(Emission(graph, layer, written, inputs, given)))
    return graph, outputs


def _resolved(mark: Mark, values: Sequence[Value]) -> ResolvedLayer | None:
    """The layer at these inputs; None where a spec would not have it."""
    entry = CATALOGUE.get(mark.type)
    if entry is None or not any(one.around in COMPOSED for one in entry.maps.get("tensorflow", ())):
        return None
    names = [f"in{index}" for index in range(len(values))]
    try:
        layers = [Layer(name=one, type="Input", params={"shape": [known(n) for n in value.shape]})
                  for one, value in zip(names, values, strict=True)]  # fmt: skip
        layers.append(Layer(name="layer", type=mark.type, params=dict(mark.params), inputs=tuple(names)))
        resolved = resolve(Spec(name="one", layers=tuple(layers), outputs=("layer",)))
    except (Invalid, ValueError):
        return None
    return None if resolved.problems else resolved.layer("layer")


class _Bounded(Graph):
    """No more nodes than the file has."""

    def __init__(self, most: int) -> None:
        super().__init__([])
        self._left = 4 * most + 64

    def fresh(self, wanted: str) -> str:
        self._left -= 1
        if self._left < 0:
            raise Unmappable(f"the nodes must be as many as {KEY} says", "fewer", hint=HINT)
        return super().fresh(wanted)


def _same(made: tuple[Any, list[str]], mark: Mark, inputs: Sequence[str]) -> bool:
    """Whether the file's nodes compute what ours do, node by node from the outputs to the inputs."""
    graph, outputs = made
    ours = {one.name: one for one in graph.message.node}
    places = {str(index): ref for index, ref in enumerate(inputs)}
    if len(outputs) != len(mark.outputs):
        return False
    waiting, seen = list(zip(outputs, mark.outputs, strict=True)), set[tuple[str, str]]()
    while waiting:
        pair = waiting.pop()
        if pair in seen:
            continue
        seen.add(pair)
        mine, theirs = pair
        if mine in places:
            if places[mine] != theirs:
                return False
            continue
        node, other = ours[mine.partition(":")[0]], mark.inside.get(theirs.partition(":")[0])
        if other is None or mine.partition(":")[2] != theirs.partition(":")[2] or not _alike(node, other):
            return False
        waiting += zip(node.input, other.inputs, strict=True)
    return True


def _alike(node: Any, other: Node) -> bool:
    """Same operator, as many inputs, our attributes; more of the file's only where they say nothing."""
    ours = {one.key: attributes.value(one.value) for one in node.attr}
    more = [value for key, value in other.attributes.items() if key not in ours]
    silent = all(value in (False, 0, "", []) or isinstance(value, DType) for value in more)
    same = all(key in other.attributes and _equal(value, other.attributes[key]) for key, value in ours.items())
    return node.op == other.op and len(node.input) == len(other.inputs) and same and silent


def _equal(one: Any, other: Any) -> bool:
    """Values of attributes: arrays bit by bit but for what is no number."""
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return bool(type(one) is type(other) and one == other)
    same = one.dtype == other.dtype and one.shape == other.shape
    return same and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
