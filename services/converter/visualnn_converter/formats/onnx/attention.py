"""Attention written as matrix products: q k^T, a scale, softmax, times v, all of projections of sequences.

The projections are found behind the Reshape, Transpose and cutting layers that part the heads, by sending the number
of each of their cells through these layers. The result is a MultiHeadAttention whose output projection takes the
heads as they are; the Dense layer behind it, if any, becomes that projection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.refs import split_ref

from visualnn_converter.formats.onnx.joined import closed, heads_apart
from visualnn_converter.formats.onnx.reading import Reading, bounded
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.passes import drop_unread
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming

_RULE = "attention must be of projections: Dense layers whose outputs are parted into heads"
_MOST_CHAIN = 12
_STEPS = 2
"""Steps that stand for all where their number is free."""


@dataclass(frozen=True, slots=True)
class Scores(Value):
    """q k^T before (and, ``soft``, after) its softmax: no layer has it as its output."""

    left: Any = None
    right: Any = None
    scale: float = 1.0
    soft: bool = False
    joined: bool = False
    """Whether batch and heads are one axis in the file."""


def refuse_elsewhere(node: Node, inputs: Sequence[Value | None]) -> None:
    """Scores may be scaled, softened and multiplied with values, and nothing else. Raises ``Unmappable``."""
    scores = [one for one in inputs if isinstance(one, Scores)]
    through = ("Mul", "Div", "Softmax", "MatMul", "Identity", "Dropout", "Cast")
    if scores and (node.op not in through or (len(inputs) > 1 and node.op != "MatMul") or len(scores) > 1):
        raise Unmappable(
            "attention must be scaled, softened and multiplied with values; masks, causal ones too, have no layer here",
            node.op,
        )


def scaled(value: Scores, node: Node, one: float | None, *, first: bool) -> Scores:
    """Mul and Div by a number, before the softmax."""
    if (
        value.soft
        or one is None
        or not one
        or not np.isfinite(one)
        or node.op not in ("Mul", "Div")
        or (first and node.op == "Div")
    ):
        raise Unmappable("attention must be scaled by a number before its softmax", node.op)
    return replace(value, scale=value.scale * (one if node.op == "Mul" else 1 / one))


def softmax(r: Any, node: Node, name: str) -> list[Value]:
    """Of scores along the last axis; of anything else by the catalogue's map."""
    value = r.value(node.inputs[0])
    if not isinstance(value, Scores):
        mapped: list[Value] = r.mapped(node, name)
        return mapped
    if value.soft or node.attributes.get("axis", -1 if r.source.opset >= 13 else 1) not in (-1, value.rank - 1):
        raise Unmappable("attention must have one softmax, along its last axis", node.attributes.get("axis"))
    return [replace(value, soft=True)]


def attended(r: Reading, node: Node, name: str, scores: Scores, values: Value) -> Value:
    """Shares times values, head by head: (heads, steps, features) of each sample. Raises ``Unmappable``."""
    if scores.joined:
        parts = heads_apart(values)
        if parts is None:
            raise Unmappable("attention must have batch and heads as one axis of all three, or of none", values.rank)
        return closed(attended(r, node, name, replace(scores, joined=False), parts), (2, 1, 1))
    if not scores.soft or isinstance(values, Scores) or values.rank != 4:
        raise Unmappable("attention must have a softmax between its products", values.rank)
    query, key, value = (
        _projection(r, one, turned=turned)
        for one, turned in ((scores.left, False), (scores.right, True), (values, False))
    )
    heads, size = query.kernel.shape[1:]
    if key.kernel.shape[1:] != (heads, size) or value.kernel.shape[1] != heads:
        raise Unmappable(_RULE, [list(one.kernel.shape) for one in (query, key, value)])
    factor = np.float32(scores.scale * sqrt(size) * query.factor * key.factor)
    bounded((heads * value.kernel.shape[2]) ** 2)
    use_bias = any(one.bias is not None for one in (query, key, value))
    deep = value.kernel.shape[2]
    weights = {"query/kernel": query.kernel * factor, "key/kernel": key.kernel}
    weights |= {"value/kernel": value.kernel * np.float32(value.factor)}
    weights |= {"attention_output/kernel": np.eye(heads * deep, dtype=np.float32).reshape(heads, deep, -1)}
    if use_bias:
        weights |= {"query/bias": query.bias_or_zeros() * factor, "key/bias": key.bias_or_zeros()}
        weights |= {"value/bias": value.bias_or_zeros() * np.float32(value.factor)}
        weights |= {"attention_output/bias": np.zeros(heads * deep, np.float32)}
    inputs = [query.source, value.source, *([key.source] if key.source.ref != value.source.ref else [])]
    params: dict[str, Any] = {"num_heads": heads, "key_dim": size, "output_shape": [heads * deep]}
    params |= {"value_dim": deep} if deep != size else {}
    params |= {} if use_bias else {"use_bias": False}
    own = r.name(f"{name}/heads")
    shape = r.place(own, node.op, "MultiHeadAttention", params, inputs, weights)[0]
    steps = known(shape[0])
    target = {"target_shape": [-1 if steps is None else steps, heads, deep]}
    shape = r.place(name, node.op, "Reshape", target, [Value(own, shape, (0, 1, 2))])[0]
    return Value(name, shape, (0, 2, 1, 3))


@dataclass(slots=True)
class _Projection:
    """A Dense layer as heads: what it reads, its kernel (features, heads, size), its bias, and a factor behind it."""

    source: Value
    kernel: Array
    bias: Array | None
    factor: float

    def bias_or_zeros(self) -> Array:
        return np.zeros(self.kernel.shape[1:], np.float32) if self.bias is None else self.bias


def _projection(r: Reading, value: Value, *, turned: bool) -> _Projection:
    """``turned``: steps are the last axis in the file."""
    if isinstance(value, Scores) or value.label[0] != 0:
        raise Unmappable(_RULE, list(value.label))
    chain, factor, ref = list[tuple[Layer, int]](), 1.0, split_ref(value.ref)
    while (layer := r.layers.get(ref.layer)) is not None and layer.type != "Dense":
        if len(layer.inputs) != 1 or len(chain) > _MOST_CHAIN:
            raise Unmappable(_RULE, layer.type)
        if layer.type == "Rescaling" and not layer.params.get("offset"):
            factor *= layer.params["scale"]
        else:
            chain.append((layer, ref.output))
        ref = split_ref(layer.inputs[0])
    if layer is None:
        raise Unmappable(_RULE, value.ref)
    owner = layer.weights_of or layer.name
    kernel, bias = r.weights[f"{owner}/kernel"], r.weights.get(f"{owner}/bias")
    units = kernel.shape[1]
    steps = known(value.shape[0]) if value.shape[0] is not FREE else None
    bounded((steps or _STEPS) * units)
    cells = np.arange((steps or _STEPS) * units).reshape(steps or _STEPS, units)
    for step, output in reversed(chain):
        cells = _sent(cells, step, output)
    if cells.ndim != 3:
        raise Unmappable(_RULE, list(cells.shape))
    laid = cells.transpose([axis - 1 for axis in value.label[1:]])
    laid = laid.transpose(0, 2, 1) if turned else laid
    columns = laid[:, 0, :]
    whole = columns[:, None, :] + np.arange(laid.shape[1])[None, :, None] * units
    if laid.shape[1] != len(cells) and laid.shape[1] != (steps or _STEPS):
        raise Unmappable(_RULE, list(laid.shape))
    if not np.array_equal(laid, whole) or columns.min() < 0 or columns.max() >= units:
        raise Unmappable(_RULE, list(value.label))
    source = Value(layer.inputs[0], _shape_of(r, layer.inputs[0], kernel), (0, 1, 2))
    return _Projection(source, kernel[:, columns], None if bias is None else bias[columns], factor)


def _shape_of(r: Reading, ref: str, kernel: Array) -> Any:
    """Shape of the sequence that a projection reads."""
    found = r.shapes.get(ref)
    if found is None or len(found) != 2 or found[-1] != kernel.shape[0]:
        raise Unmappable("attention must be of sequences: steps and features", None if found is None else len(found))
    return found


def _sent(cells: Array, layer: Layer, output: int) -> Array:
    """An array without batch through a layer that moves values only. Raises ``Unmappable``."""
    p: Mapping[str, Any] = layer.params
    try:
        if layer.type == "Reshape":
            return cells.reshape(p["target_shape"])
        if layer.type == "Permute":
            return cells.transpose([dim - 1 for dim in p["dims"]])
        if layer.type == "Slice":
            return np.split(cells, p["slice_points"], axis=_axis(p.get("axis", -1), cells.ndim))[output]
        if layer.type.startswith("Cropping"):
            sides = p["cropping"] if isinstance(p["cropping"][0], list) else [p["cropping"]]
            return cells[tuple(slice(a, n - b) for (a, b), n in zip(sides, cells.shape, strict=False))]
    except (ValueError, IndexError):
        raise Unmappable(_RULE, layer.type) from None
    raise Unmappable(_RULE, layer.type)


def _axis(axis: int, rank: int) -> int:
    """A spec axis, the batch counted, as that of an array without it."""
    return axis % (rank + 1) - 1


def merge_outputs(spec: Spec, weights: Any, report: Report) -> tuple[Spec, Any]:
    """A Dense layer that alone reads an attention whose output projection is none becomes that projection."""
    users: dict[str, list[Layer]] = {}
    for layer in spec.layers:
        for ref in layer.inputs:
            users.setdefault(ref, []).append(layer)
    names, changed, tensors = Renaming(spec), dict[str, Layer](), dict(weights)
    owners = {layer.weights_of for layer in spec.layers}
    for layer in spec.layers:
        behind = users.get(layer.name, [])
        dense = behind[0] if len(behind) == 1 and layer.name not in spec.outputs else None
        if layer.type != "MultiHeadAttention" or dense is None or dense.type != "Dense" or dense.weights_of:
            continue
        if dense.name in owners or dense.params.get("activation", "linear") != "linear":
            continue
        heads, deep = layer.params["num_heads"], layer.params.get("value_dim", layer.params["key_dim"])
        kernel, bias = tensors[f"{dense.name}/kernel"], tensors.get(f"{dense.name}/bias")
        tensors[f"{layer.name}/attention_output/kernel"] = kernel.reshape(heads, deep, -1)
        params = {**layer.params, "output_shape": [kernel.shape[1]]}
        if bias is not None:
            if params.pop("use_bias", True) is False:
                for key, size in (
                    ("query", layer.params["key_dim"]),
                    ("key", layer.params["key_dim"]),
                    ("value", deep),
                ):
                    tensors[f"{layer.name}/{key}/bias"] = np.zeros((heads, size), np.float32)
            tensors[f"{layer.name}/attention_output/bias"] = bias
        query = tensors[f"{layer.name}/query/kernel"].shape[0]
        if query == kernel.shape[1]:
            del params["output_shape"]
        changed[layer.name] = layer.model_copy(update={"params": params})
        names.removes(dense.name, layer.name)
    if not changed:
        return spec, weights
    rewired = names.apply(spec, [changed.get(layer.name, layer) for layer in spec.layers])
    return drop_unread.run(rewired, tensors, report)
