"""Operators that no map says alone: those that meet constants, are dense layers, or have weights along axes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.moving import cast, flatten, reshape, reverse, same, squeeze, transpose, unsqueeze
from visualnn_converter.formats.onnx.reading import Reading
from visualnn_converter.formats.onnx.recurrent import lstm
from visualnn_converter.graphreading import Array, Node, Value, dense_rows, result, spread
from visualnn_converter.layout import identity

Operator = Callable[[Any, Node, str], Sequence[Value | None]]
"""The values of its outputs; None where a node behind it was read together with it."""


def dropout(r: Reading, node: Node, name: str) -> list[Value]:
    """ratio was an attribute before operator set 12."""
    rate = node.attributes.get("ratio", 0.5)
    if len(node.inputs) > 1 and node.inputs[1]:
        rate = float(r.constant(node.inputs[1], "ratio").ravel()[:1].sum())
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
    given, value = node.attributes, r.value(node.inputs[0])
    if value.rank != 2 or value.label != (0, 1) or given.get("transA", 0):
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
    return [_dense(r, node, name, value, kernel, bias, key)]


def matmul(r: Reading, node: Node, name: str) -> list[Value]:
    """A Dense layer along the last axis; the Add behind it is its bias."""
    value = r.value(node.inputs[0])
    if value.label[-1] != value.rank - 1:
        value = r.laid(value, identity(value.rank), name)
    kernel = r.weight(node.inputs[1], "the weights")
    add = r.only_user(node.outputs[0])
    other = _constant_beside(r, add, node.outputs[0]) if add is not None and add.op == "Add" else None
    if kernel.ndim != 2 or add is None or other is None or not _is_bias(r.constants[other], kernel.shape[1]):
        return [_dense(r, node, name, value, kernel, None, (node.inputs[1],))]
    bias = r.weight(other, "the bias")
    out = _dense(r, node, name, value, kernel, bias, (node.inputs[1], other))
    r.values[add.outputs[0]] = out
    r.done.add(add.outputs[0])
    return [out]


def _constant_beside(r: Reading, node: Node, name: str) -> str | None:
    others = [one for one in node.inputs if one != name]
    return others[0] if len(others) == 1 and others[0] in r.constants else None


def _is_bias(array: Array, units: int) -> bool:
    return array.dtype.kind == "f" and array.size == units and array.shape[-1:] == (units,)


def arithmetic(r: Any, node: Node, name: str) -> list[Value]:
    """Add, Sub, Mul, Div: of tensors a merge, with a constant a Scale or a BiasAdd."""
    constants = [one for one in node.inputs if one in r.constants]
    if not constants:
        if node.op == "Div":
            raise Unmappable("Div must divide by a constant", list(node.inputs))
        gated = _gated(r, node)
        merged: list[Value] = r.mapped(node, name) if gated is None else gated
        return merged
    tensors = [one for one in node.inputs if one in r.values]
    if len(tensors) != 1 or (node.op in ("Sub", "Div") and node.inputs[0] in r.constants):
        raise Unmappable(f"{node.op} must have a tensor first, and one constant", list(node.inputs))
    return [_affine(r, node, name, r.value(tensors[0]), r.weight(constants[0], "the constant"))]


def _affine(r: Reading, node: Node, name: str, value: Value, constant: Array) -> Value:
    """A Scale or a BiasAdd; one number for all is one for each cell of the last axis."""
    laid, axes = spread(constant, value)
    axes = axes or [value.rank - 1]
    sizes = [value.shape[axis - 1] for axis in axes]
    if any(n is FREE for n in sizes):
        raise Unmappable("a constant must meet a tensor of known size", list(laid.shape))
    kept = np.broadcast_to(laid.reshape([laid.shape[axis - 1] for axis in axes]), [known(n) or 1 for n in sizes])
    axis: Any = axes if len(axes) > 1 else -1 if axes == [value.rank - 1] else axes[0]
    if node.op in ("Add", "Sub"):
        weights = {"bias": kept if node.op == "Add" else -kept}
        return r.made(name, node, "BiasAdd", {"axis": axis}, [value], weights=weights)
    with np.errstate(all="ignore"):
        weights = {"gamma": 1 / kept if node.op == "Div" else kept}
    return r.made(name, node, "Scale", {"axis": axis, "use_bias": False}, [value], weights=weights)


def negative(r: Reading, node: Node, name: str) -> list[Value]:
    """-x: a Scale by -1."""
    return [_affine(r, node, name, r.value(node.inputs[0]), np.array(-1, np.float32))]


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
    """Sum, Mean, Max, Min of one tensor are that tensor."""
    if len(node.inputs) == 1:
        return [r.value(node.inputs[0])]
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


def layer_norm(r: Reading, node: Node, name: str) -> list[Value]:
    """Along all axes from ``axis`` on, as the file has them."""
    value, given = r.value(node.inputs[0]), node.attributes
    axis = given.get("axis", -1)
    if not -value.rank < axis < value.rank or axis == 0:
        raise Unmappable("axis must be one of the input's", axis)
    along = list(value.label[axis % value.rank :])
    if 0 in along:
        raise Unmappable("axis must not be the batch's", axis)
    axes, order = sorted(along), [along.index(a) for a in sorted(along)]
    weights = {}
    for key, blob in zip(("gamma", "beta"), node.inputs[1:], strict=False):
        if blob:
            array = r.weight(blob, key)
            if array.ndim != len(along):
                raise Unmappable(f"{key} must have {len(along)} axes", list(array.shape))
            weights[key] = array.transpose(order)
    params = {
        "axis": -1 if axes == [value.rank - 1] else axes if len(axes) > 1 else axes[0],
        "epsilon": given.get("epsilon", 1e-5), "scale": "gamma" in weights, "center": "beta" in weights,
    }  # fmt: skip
    return [r.made(name, node, "LayerNormalization", params, [value], weights=weights, key=node.inputs[1:])]


def gather(r: Reading, node: Node, name: str) -> list[Value]:
    """Rows of a table by whole numbers: an Embedding."""
    if node.inputs[0] not in r.constants or node.attributes.get("axis", 0) != 0:
        raise Unmappable("Gather must look up rows of a table that is a constant", list(node.inputs))
    table = r.weight(node.inputs[0], "the table")
    value = r.value(node.inputs[1])
    if table.ndim != 2:
        raise Unmappable("the table must have two axes", list(table.shape))
    if value.label != identity(value.rank):
        value = r.laid(value, identity(value.rank), name)
    params = {"input_dim": table.shape[0], "output_dim": table.shape[1]}
    return [r.made(name, node, "Embedding", params, [value], weights={"embeddings": table}, key=node.inputs[0])]


def reduced(r: Reading, node: Node, name: str) -> list[Value]:
    """The mean or the largest of all axes but the channels: global pooling."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2] if one)]) or []
    spec = sorted({value.label[axis % value.rank] for axis in given})
    if not 3 <= value.rank <= 5 or spec != list(range(1, value.rank - 1)):
        raise Unmappable(f"{node.op} must work along all axes but the batch and the channels", given)
    keep = bool(node.attributes.get("keepdims", 1))
    kind = f"Global{'Average' if node.op == 'ReduceMean' else 'Max'}Pooling{value.rank - 2}D"
    if not keep and value.label[0] != 0:
        raise Unmappable("the batch must be the first axis here", list(value.label))
    return [r.made(name, node, kind, {"keepdims": True} if keep else {}, [value])]


OPERATORS: Mapping[str, Operator] = {
    "Identity": same, "Cast": cast, "Dropout": dropout, "Transpose": transpose, "Gemm": gemm, "MatMul": matmul,
    "Add": arithmetic, "Sub": arithmetic, "Mul": arithmetic, "Div": arithmetic, "Sum": variadic, "Mean": variadic,
    "Max": variadic, "Min": variadic, "Flatten": flatten, "Reshape": reshape, "Squeeze": squeeze,
    "Unsqueeze": unsqueeze, "PRelu": prelu, "LayerNormalization": layer_norm, "Gather": gather,
    "Neg": negative, "ReduceMean": reduced, "ReduceMax": reduced, "LSTM": lstm, "Slice": reverse,
}  # fmt: skip
