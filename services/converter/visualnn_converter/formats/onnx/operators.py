"""Operators that no map says alone: those that meet constants, are dense layers, or have weights along axes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.attention import Scores, attended, scaled, softmax
from visualnn_converter.formats.onnx.computing import (
    between,
    celu,
    chain,
    gelu,
    hard_sigmoid,
    limits,
    log_sigmoid,
    number,
    plain,
    power,
    reduced,
    rescaling,
    selu,
    swish,
)
from visualnn_converter.formats.onnx.cutting import (
    depth_to_space,
    expand,
    picked,
    reversed_steps,
    sliced,
    space_to_depth,
    split,
    tile,
)
from visualnn_converter.formats.onnx.held import concat
from visualnn_converter.formats.onnx.joined import Joined, closed, heads_apart, opened
from visualnn_converter.formats.onnx.moving import cast, flatten, reshape, same, squeeze, transpose, unsqueeze
from visualnn_converter.formats.onnx.normal import group_norm, layer_norm, rms_norm, unit_norm
from visualnn_converter.formats.onnx.reading import Reading
from visualnn_converter.formats.onnx.recurrent import recurrent
from visualnn_converter.graphreading import Array, Node, Value, dense_rows, result, spread
from visualnn_converter.layout import identity

Operator = Callable[[Any, Node, str], Sequence[Value | None]]
"""The values of its outputs; None where a node behind it was read together with it."""


def dropout(r: Reading, node: Node, name: str) -> list[Value]:
    """ratio was an attribute before operator set 12."""
    rate = node.attributes.get("ratio", 0.5)
    if len(node.inputs) > 1 and node.inputs[1]:
        rate = float(r.constant(node.inputs[1], "ratio").ravel()[:1].sum())
    if len(node.inputs) > 2 and node.inputs[2] and r.constant(node.inputs[2], "training_mode").any():
        raise Unmappable("training_mode must be false: a spec's Dropout acts in training only", True)
    return [r.made(name, node, "Dropout", {"rate": round(float(rate), 7)}, [r.value(node.inputs[0])])]


def _dense(r: Reading, node: Node, name: str, value: Value, kernel: Array, bias: Array | None, key: Any) -> Value:
    if kernel.ndim != 2:
        raise Unmappable("the weights must have two axes", list(kernel.shape))
    weights = {"kernel": dense_rows(kernel, value)}
    if bias is not None:
        units = kernel.shape[1]
        if bias.size not in (1, units) or bias.shape[-1:] not in ((), (1,), (units,)):
            raise Unmappable(f"the bias must have {units} values", list(bias.shape))
        weights["bias"] = np.broadcast_to(bias.ravel(), (units,))
    params = {"units": kernel.shape[1], **({} if bias is not None else {"use_bias": False})}
    shape = r.place(name, node.op, "Dense", params, [value], weights, (*key, value.flat))[0]
    return result(name, shape, value)


def gemm(r: Reading, node: Node, name: str) -> list[Value]:
    """alpha * x * B + beta * C: a Dense layer; the factors go into its weights."""
    given, (value, groups) = node.attributes, opened(r.value(node.inputs[0]))
    rows = (groups[-1] == 1 and value.label[-1] == value.rank - 1) if len(groups) == 2 else False
    if not rows or value.label[-1] == 0 or given.get("transA", 0):
        raise Unmappable("Gemm must read rows of values as they are", {"transA": given.get("transA", 0)})
    kernel = r.weight(node.inputs[1], "the weights")
    kernel = kernel.T if given.get("transB", 0) else kernel
    has_bias = len(node.inputs) > 2 and bool(node.inputs[2])
    bias = r.weight(node.inputs[2], "the bias") if has_bias else None
    alpha, beta = given.get("alpha", 1.0), given.get("beta", 1.0)
    if alpha != 1:
        kernel = kernel * np.float32(alpha)
    if beta != 1 and bias is not None:
        bias = bias * np.float32(beta)
    key = (node.inputs[1:], alpha, beta, bool(given.get("transB", 0)))
    return [closed(_dense(r, node, name, value, kernel, bias, key), groups)]


def matmul(r: Reading, node: Node, name: str) -> list[Value]:
    """A Dense layer along the last axis; the Add behind it is its bias."""
    value = r.value(node.inputs[0])
    if node.inputs[1] not in r.constants:
        return [_product(r, node, name, value, r.value(node.inputs[1]))]
    value, groups = opened(value)
    if groups[-1] > 1 or value.label[-1] == 0:
        raise Unmappable("the weights must meet features, not the batch", list(groups))
    if value.label[-1] != value.rank - 1:
        value = r.laid(value, identity(value.rank), name)
    kernel = r.weight(node.inputs[1], "the weights")
    add = r.only_user(node.outputs[0])
    other = _constant_beside(r, add, node.outputs[0]) if add is not None and add.op == "Add" else None
    if kernel.ndim != 2 or add is None or other is None or not _is_bias(r.constants[other], kernel.shape[1]):
        return [closed(_dense(r, node, name, value, kernel, None, (node.inputs[1],)), groups)]
    bias = r.weight(other, "the bias")
    out = closed(_dense(r, node, name, value, kernel, bias, (node.inputs[1], other)), groups)
    r.values[add.outputs[0]] = out
    r.done.add(add.outputs[0])
    return [out]


def _product(r: Reading, node: Node, name: str, left: Value, right: Value) -> Value:
    """Matrix products of two tensors, sample by sample, or head by head."""
    if isinstance(left, Scores):
        return attended(r, node, name, left, right)
    heads = heads_apart(left), heads_apart(right)
    if heads[0] is not None and heads[1] is not None:
        return Scores("", (), (0, 1, 2), left=heads[0], right=heads[1], joined=True)
    if isinstance(left, Joined) or isinstance(right, Joined):
        raise Unmappable("products must be of tensors whose batch is joined with the heads alike", node.op)
    if left.rank == right.rank == 4:
        return Scores("", (), (0, 1, 2, 3), left=left, right=right)
    if left.rank != 3 or right.rank != 3 or left.label[0] != 0 or right.label[0] != 0:
        raise Unmappable("MatMul of two tensors must have a matrix of each for each sample", [left.rank, right.rank])
    axes = [left.label[2], right.label[1]]
    shape = r.place(name, node.op, "Dot", {"axes": axes}, [left, right])[0]
    return Value(name, shape, identity(3))


def _constant_beside(r: Reading, node: Node, name: str) -> str | None:
    others = [one for one in node.inputs if one != name]
    return others[0] if len(others) == 1 and others[0] in r.constants else None


def _is_bias(array: Array, units: int) -> bool:
    return array.dtype.kind == "f" and array.size == units and array.shape[-1:] == (units,)


def arithmetic(r: Any, node: Node, name: str) -> list[Value]:
    """Add, Sub, Mul, Div: of tensors a merge, with a number a Rescaling, with an array a Scale or a BiasAdd."""
    constants = [one for one in node.inputs if one in r.constants]
    if not constants:
        if node.op == "Div":
            return [_quotient(r, node, name)]
        gated = _gated(r, node)
        merged: list[Value] = r.mapped(node, name) if gated is None else gated
        return merged
    tensors = [one for one in node.inputs if one in r.values]
    if len(tensors) != 1:
        raise Unmappable(f"{node.op} must have a tensor, and one constant or another tensor", list(node.inputs))
    value = r.value(tensors[0])
    constant = _for_all(r, value, r.weight(constants[0], "the constant"))
    first = node.inputs[0] in r.constants
    one = number(constant) if constant.ndim <= value.rank else None
    if isinstance(value, Scores):
        return [scaled(value, node, one, first=first)]
    if one is not None and np.isfinite(one):
        return [_with_number(r, node, name, value, one, first)]
    if first and node.op == "Sub":
        value = chain(r, node, r.name(f"{name}/negative"), value, [rescaling(-1.0)])
        return [_affine(r, node, name, value, constant, "Add")]
    if first and node.op == "Div":
        value = chain(r, node, r.name(f"{name}/reciprocal"), value, [("Power", {"power": -1.0})])
        return [_affine(r, node, name, value, constant, "Mul")]
    return [_affine(r, node, name, value, constant, node.op)]


def _with_number(r: Reading, node: Node, name: str, value: Value, one: float, first: bool) -> Value:
    """x and one number, the number first where ``first``."""
    if node.op == "Div" and first:
        steps = [("Power", {"power": -1.0}), *([rescaling(one)] if one != 1 else [])]
    elif node.op == "Div":
        if one == 0:
            raise Unmappable("Div must not divide by 0", one)
        steps = [rescaling(1 / one)]
    elif node.op == "Mul":
        steps = [rescaling(one)]
    else:
        steps = [
            rescaling(-1.0, one) if node.op == "Sub" and first else rescaling(1.0, -one if node.op == "Sub" else one)
        ]
    return chain(r, node, name, value, steps)


def _quotient(r: Any, node: Node, name: str) -> Value:
    """x / y as x * y^-1."""
    divisor = chain(r, node, r.name(f"{name}/reciprocal"), r.value(node.inputs[1]), [("Power", {"power": -1.0})])
    hidden = f"{node.outputs[0]}/reciprocal"
    r.values[hidden] = divisor
    (made,) = r.mapped(replace(node, op="Mul", inputs=(node.inputs[0], hidden)), name)
    found: Value = made
    return found


def _affine(r: Reading, node: Node, name: str, value: Value, constant: Array, op: str) -> Value:
    """A Scale or a BiasAdd; one number for all is one for each cell of the last axis."""
    value = _as_large(r, node, name, value, constant)
    laid, axes = spread(constant, value)
    axes = axes or [value.rank - 1]
    if value.rank < 2:
        raise Unmappable("a constant must meet a tensor with an axis behind the batch", list(constant.shape))
    sizes = [value.shape[axis - 1] for axis in axes]
    if any(n is FREE for n in sizes):
        raise Unmappable("a constant must meet a tensor of known size", list(laid.shape))
    kept = np.broadcast_to(laid.reshape([laid.shape[axis - 1] for axis in axes]), [known(n) or 1 for n in sizes])
    axis: Any = axes if len(axes) > 1 else -1 if axes == [value.rank - 1] else axes[0]
    if op in ("Add", "Sub"):
        weights = {"bias": kept if op == "Add" else -kept}
        return r.made(name, node, "BiasAdd", {"axis": axis}, [value], weights=weights)
    with np.errstate(all="ignore"):
        weights = {"gamma": 1 / kept if op == "Div" else kept}
    return r.made(name, node, "Scale", {"axis": axis, "use_bias": False}, [value], weights=weights)


def _as_large(r: Reading, node: Node, name: str, value: Value, constant: Array) -> Value:
    """The tensor as often, along its axes of one, as the constant has cells there."""
    if constant.ndim > value.rank:
        return value
    for axis, n in zip(value.label[value.rank - constant.ndim :], constant.shape, strict=True):
        if axis and n > 1 and value.shape[axis - 1] == 1:
            own = r.name(f"{name}/tile")
            shape = r.place(own, node.op, "Tile", {"tiles": n, "axis": axis}, [value])[0]
            value = replace(value, ref=own, shape=shape, flat=None)
    return value


def _for_all(r: Reading, value: Value, constant: Array) -> Array:
    """A constant with a row for each sample of the batch that the file fixes, if all rows are the same, as one row."""
    place = value.label.index(0) - (value.rank - constant.ndim)
    if place < 0 or constant.shape[place] != r.batch or constant.shape[place] == 1:
        return constant
    row = constant.take([0], axis=place)
    return row if np.array_equal(np.broadcast_to(row, constant.shape), constant) else constant


def negative(r: Reading, node: Node, name: str) -> list[Value]:
    """-x."""
    return [chain(r, node, name, r.value(node.inputs[0]), [rescaling(-1.0)])]


def _gated(r: Reading, node: Node) -> list[Value] | None:
    """x * sigmoid(x), where nothing else reads the sigmoid: the function silu, in its place."""
    if node.op != "Mul" or len(node.inputs) != 2:
        return None
    for gate, other in (node.inputs, node.inputs[::-1]):
        value, source = r.value(gate), r.value(other)
        layer = r.layers.get(value.ref)
        sigmoid = layer is not None and layer.type == "Activation" and layer.params == {"activation": "sigmoid"}
        if layer is not None and sigmoid and layer.inputs == (source.ref,) and r.only_user(gate) is not None:
            r.layers[layer.name] = layer.model_copy(update={"params": {"activation": "silu"}})
            return [value]
    return None


def variadic(r: Any, node: Node, name: str) -> list[Value]:
    """Sum, Mean, Max, Min of one tensor are that tensor; Max and Min of a tensor and a number are limits."""
    if len(node.inputs) == 1:
        return same(r, node, name)
    constants = [one for one in node.inputs if one in r.constants]
    if len(constants) == 1 and len(node.inputs) == 2 and node.op in ("Max", "Min"):
        one = number(r.weight(constants[0], "the limit"))
        (tensor,) = (each for each in node.inputs if each not in constants)
        if one is None or r.constants[constants[0]].ndim > r.value(tensor).rank:
            raise Unmappable(f"{node.op} must have tensors of the net, or one number", constants)
        low, high = (one, None) if node.op == "Max" else (None, one)
        return [between(r, node, name, r.value(tensor), low, high)]
    merged: list[Value] = r.mapped(node, name)
    return merged


def prelu(r: Reading, node: Node, name: str) -> list[Value]:
    """The slope lies along the axes of the input; where it has size 1, one serves the whole axis."""
    value = r.value(node.inputs[0])
    alpha, axes = spread(r.weight(node.inputs[1], "slope"), value)
    shared = [axis for axis, n in enumerate(value.shape, start=1) if axis not in axes and n != 1]
    shared += [axis for axis, n in enumerate(value.shape, start=1) if axis not in axes and n is FREE]
    params = {"shared_axes": sorted(set(shared))} if shared else {}
    return [r.made(name, node, "PReLU", params, [value], weights={"alpha": alpha}, key=node.inputs[1])]


def gather(r: Reading, node: Node, name: str) -> list[Value]:
    """Rows of a table by whole numbers: an Embedding."""
    if node.inputs[0] not in r.constants:
        return picked(r, node, name)
    if node.attributes.get("axis", 0) != 0:
        raise Unmappable("Gather must look up rows of a table along its first axis", node.attributes["axis"])
    table = r.weight(node.inputs[0], "the table")
    value = r.value(node.inputs[1])
    if table.ndim != 2:
        raise Unmappable("the table must have two axes", list(table.shape))
    if value.label != identity(value.rank):
        value = r.laid(value, identity(value.rank), name)
    params = {"input_dim": table.shape[0], "output_dim": table.shape[1]}
    return [r.made(name, node, "Embedding", params, [value], weights={"embeddings": table}, key=node.inputs[0])]


OPERATORS: Mapping[str, Operator] = {
    "Identity": same, "Cast": cast, "Dropout": dropout, "Transpose": transpose, "Gemm": gemm, "MatMul": matmul,
    "Flatten": flatten, "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "PRelu": prelu,
    "Gather": gather, "Neg": negative, "Abs": plain("AbsVal"), "Log": plain("Log"), "Clip": limits,
    "LogSigmoid": log_sigmoid,
    "HardSigmoid": hard_sigmoid, "Selu": selu, "Celu": celu, "Gelu": gelu, "Swish": swish, "Softmax": softmax,
    "LayerNormalization": layer_norm, "RMSNormalization": rms_norm, "LpNormalization": unit_norm,
    "ReverseSequence": reversed_steps, "Slice": sliced, "Split": split, "Tile": tile, "Expand": expand,
    "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth,
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), arithmetic),
    **dict.fromkeys(("Sum", "Mean", "Max", "Min"), variadic),
    **dict.fromkeys(("Pow", "Sqrt", "Reciprocal"), power),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), group_norm),
    "ReduceLogSum": reduced, "Concat": concat,
    **dict.fromkeys(("ReduceMean", "ReduceMax", "ReduceSum", "ReduceL1", "ReduceL2", "ReduceSumSquare"), reduced),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), recurrent),
}  # fmt: skip
