"""Operators that compute with one tensor and numbers: powers, limits, reductions, functions with parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.kinds import LARGEST_FLOAT
from visualnn_shared.catalogue.maps import Const, Unmappable

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.moving import reshaped
from visualnn_converter.formats.onnx.normalising import attributes
from visualnn_converter.formats.onnx.reading import Reading
from visualnn_converter.formats.onnx.source import decimal
from visualnn_converter.graphreading import Array, Node, Value

_OPERATIONS = {
    "ReduceMean": "MEAN", "ReduceSum": "SUM", "ReduceL1": "ASUM", "ReduceSumSquare": "SUMSQ", "ReduceL2": "SUMSQ",
    "ReduceLogSum": "SUM",
}  # fmt: skip

_AFTER: Mapping[str, Sequence[tuple[str, dict[str, Any]]]] = {
    "ReduceL2": [("Power", {"power": 0.5})],
    "ReduceLogSum": [("Log", {})],
}


def number(array: Array) -> float | None:
    """The one number that a constant holds, whatever its axes; None where it holds several."""
    return decimal(float(array.ravel()[0])) if array.size == 1 and array.dtype.kind == "f" else None


def chain(r: Reading, node: Node, name: str, value: Value, steps: Sequence[tuple[str, dict[str, Any]]]) -> Value:
    """Layers one behind the other, the last of which has the node's name; each keeps the shape."""
    for at, (kind, params) in enumerate(steps):
        own = name if at == len(steps) - 1 else r.name(f"{name}/{kind.lower()}")
        value = r.made(own, node, kind, params, [value])
    return value


def rescaling(scale: float, offset: float = 0.0) -> tuple[str, dict[str, Any]]:
    """x * scale + offset, as a layer for ``chain``."""
    return "Rescaling", {"scale": scale, **({"offset": offset} if offset else {})}


def _function(name: str) -> tuple[str, dict[str, Any]]:
    return "Activation", {"activation": name}


def power(r: Reading, node: Node, name: str) -> list[Value]:
    """Pow with a constant exponent, Sqrt, Reciprocal."""
    exponent = {"Sqrt": 0.5, "Reciprocal": -1.0}.get(node.op)
    if exponent is None:
        array = r.constant(node.inputs[1], "the exponent")
        exponent = number(array.astype(np.float32)) if array.dtype.kind in "iuf" else None
    if exponent is None:
        raise Unmappable("the exponent must be one number", node.inputs[1])
    return [chain(r, node, name, r.value(node.inputs[0]), [("Power", {"power": exponent})])]


def plain(kind: str) -> Any:
    """Reads an operator as a layer of this type without parameters."""

    def read(r: Reading, node: Node, name: str) -> list[Value]:
        return [chain(r, node, name, r.value(node.inputs[0]), [(kind, {})])]

    return read


def limits(r: Any, node: Node, name: str) -> list[Value]:
    """Clip: to 0 and above as a ReLU, between two numbers as what has that name, else a Clip."""
    value: Value = r.value(node.inputs[0])
    bag = attributes(node, r.constants, value.sizes, value.label)
    low, high = (found.value if isinstance(found := bag.peek(key), Const) else None for key in ("min", "max"))
    if low is None and high is None:
        return [value]
    if low == 0 or (low, high) == (-1, 1):
        mapped: list[Value] = r.mapped(node, name)
        return mapped
    return [between(r, node, name, value, low, high)]


def between(r: Reading, node: Node, name: str, value: Value, low: float | None, high: float | None) -> Value:
    """A Clip; None is no limit."""
    ends = {"min": -LARGEST_FLOAT if low is None else low, "max": LARGEST_FLOAT if high is None else high}
    if ends["min"] > ends["max"]:
        raise Unmappable("min must not exceed max", [low, high])
    return chain(r, node, name, value, [("Clip", ends)])


def hard_sigmoid(r: Any, node: Node, name: str) -> list[Value]:
    """max(0, min(1, alpha * x + beta)): by name where Keras has the function, else in two steps."""
    alpha, beta = node.attributes.get("alpha", 0.2), node.attributes.get("beta", 0.5)
    if (alpha, beta) in ((1 / 6, 0.5), (0.5, 0.5)):
        mapped: list[Value] = r.mapped(node, name)
        return mapped
    steps = [rescaling(alpha, beta), ("Clip", {"min": 0.0, "max": 1.0})]
    return [chain(r, node, name, r.value(node.inputs[0]), steps)]


def selu(r: Any, node: Node, name: str) -> list[Value]:
    """gamma * ELU(alpha) where the numbers are others than SELU's."""
    alpha, gamma = node.attributes.get("alpha", decimal(1.6732632)), node.attributes.get("gamma", decimal(1.0507010))
    if abs(alpha - 1.6732632) < 1e-6 and abs(gamma - 1.050701) < 1e-6:
        return [chain(r, node, name, r.value(node.inputs[0]), [_function("selu")])]
    return [chain(r, node, name, r.value(node.inputs[0]), [("ELU", {"alpha": alpha}), rescaling(gamma)])]


def celu(r: Reading, node: Node, name: str) -> list[Value]:
    """alpha * celu(x / alpha)."""
    alpha = node.attributes.get("alpha", 1.0)
    if not alpha:
        raise Unmappable("alpha must not be 0", alpha)
    steps = [_function("celu")] if alpha == 1 else [rescaling(1 / alpha), _function("celu"), rescaling(alpha)]
    return [chain(r, node, name, r.value(node.inputs[0]), steps)]


def gelu(r: Reading, node: Node, name: str) -> list[Value]:
    """Exact, or by a hyperbolic tangent: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2."""
    value, way = r.value(node.inputs[0]), node.attributes.get("approximate", "none")
    if way == "none":
        return [chain(r, node, name, value, [_function("gelu")])]
    if way != "tanh":
        raise Unmappable("approximate must be none or tanh", way)
    cube = chain(r, node, r.name(f"{name}/cube"), value, [("Power", {"power": 3.0}), rescaling(0.044715)])
    inner = r.made(r.name(f"{name}/sum"), node, "Add", {}, [value, cube])
    steps = [rescaling(float(np.sqrt(2 / np.pi))), _function("tanh"), rescaling(0.5, 0.5)]
    gate = chain(r, node, r.name(f"{name}/gate"), inner, steps)
    return [r.made(name, node, "Multiply", {}, [value, gate])]


def log_sigmoid(r: Reading, node: Node, name: str) -> list[Value]:
    """What stands for -softplus(-x)."""
    return [chain(r, node, name, r.value(node.inputs[0]), [_function("log_sigmoid")])]


def swish(r: Reading, node: Node, name: str) -> list[Value]:
    """x * sigmoid(alpha * x)."""
    value, alpha = r.value(node.inputs[0]), node.attributes.get("alpha", 1.0)
    if alpha == 1:
        return [chain(r, node, name, value, [_function("silu")])]
    gate = chain(r, node, r.name(f"{name}/gate"), value, [rescaling(alpha), _function("sigmoid")])
    return [r.made(name, node, "Multiply", {}, [value, gate])]


def reduced(r: Reading, node: Node, name: str) -> list[Value]:
    """Global pooling where only batch and channels stay, else a sum, a mean, or what is made of one."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2] if one)]) or []
    if not given and node.attributes.get("noop_with_empty_axes", 0):
        if node.op in ("ReduceMean", "ReduceSum", "ReduceMax"):
            return [value]
        raise Unmappable("axes must be given", given)
    if not given or any(not -value.rank <= axis < value.rank for axis in given):
        raise Unmappable("axes must be some of the input's, without the batch", given)
    places = sorted({axis % value.rank for axis in given})
    spec = sorted(value.label[place] for place in places)
    if 0 in spec:
        raise Unmappable("axes must be some of the input's, without the batch", given)
    keep = bool(node.attributes.get("keepdims", 1))
    pools = 3 <= value.rank <= 5 and spec == list(range(1, value.rank - 1)) and value.label[0] == 0
    if pools and node.op in ("ReduceMean", "ReduceMax"):
        kind = f"Global{'Average' if node.op == 'ReduceMean' else 'Max'}Pooling{value.rank - 2}D"
        return [r.made(name, node, kind, {"keepdims": True} if keep else {}, [value])]
    if node.op not in _OPERATIONS:
        raise Unmappable(f"{node.op} must work along all axes but the batch and the channels", given)
    return [_reduction(r, node, name, value, spec, keep)]


def _reduction(r: Reading, node: Node, name: str, value: Value, spec: list[int], keep: bool) -> Value:
    after = _AFTER.get(node.op, ())
    own = name if not after and not keep else r.name(f"{name}/reduced")
    params = {"operation": _OPERATIONS[node.op], "axis": spec if len(spec) > 1 else spec[0]}
    shape = r.place(own, node.op, "Reduction", params, [value])[0]
    stays = [axis for axis in range(value.rank) if axis not in spec]
    found = Value(own, shape, tuple(stays.index(axis) for axis in value.label if axis in stays))
    if after:
        found = chain(r, node, r.name(f"{name}/{after[0][0].lower()}") if keep else name, found, after)
    if not keep:
        return found
    sizes = tuple(1 if axis in spec else value.shape[axis - 1] for axis in range(1, value.rank))
    if sum(n is FREE for n in sizes) > 1:
        raise Unmappable("at most one size may be free where axes come or go", [known(n) for n in sizes])
    return reshaped(r, node, name, found, sizes, value.label)
