"""An ONNX file as nodes, constants, inputs and outputs of plain Python values; everything is checked on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
from onnx import AttributeProto, TensorProto, numpy_helper
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge

from visualnn_converter.formats.onnx.graph import DTYPES
from visualnn_converter.graphreading import Array, Node, needed

OLDEST, NEWEST = 7, onnx.defs.onnx_opset_version()
MOST_NODES = 100_000
_NAMES = {number: name for name, number in DTYPES.items()}
_BATCH_NAMES = ("batch", "batch_size")
_SIZES = {"float32": 4, "float64": 8, "float16": 2, "int32": 4, "int64": 8, "uint8": 1, "bool": 1}
_TYPED = {"float32": "float_data", "float64": "double_data", "int64": "int64_data"}
Dims = list[int | None]


@dataclass(frozen=True, slots=True)
class Entrance:
    """A graph input: sizes with the batch first, None where free; None at all where the file does not say them."""

    name: str
    dtype: str
    dims: Dims | None
    batch: int = 0
    """The axis that the file calls the batch."""


@dataclass(slots=True)
class Source:
    """The graph as read; ``nodes`` are those that the outputs depend on, in dependency order."""

    name: str
    opset: int
    nodes: list[Node]
    constants: dict[str, Array]
    inputs: list[Entrance]
    outputs: list[str]
    problems: list[Unmappable] = field(default_factory=list)
    users: dict[str, list[Node]] = field(default_factory=dict)
    """Value -> the nodes that read it."""
    fused: set[str] = field(default_factory=set)
    """First outputs of nodes that stand for chains of others: they may be of a newer operator set."""


class Opaque:
    """An attribute that no layer has a use for: a subgraph, a sparse tensor, ..."""

    def __repr__(self) -> str:
        return "a subgraph or a sparse tensor"


def parse(data: bytes) -> Source:
    """The graph. Raises ``Unmappable`` where nothing can be said of the file, ``TooLarge``; other faults are listed."""
    try:
        model = onnx.ModelProto.FromString(data)
    except (DecodeError, ValueError, RecursionError):
        raise Unmappable("the file must be an ONNX model (a protobuf ModelProto)", data[:16].hex()) from None
    if not model.HasField("graph") or not model.graph.output:
        raise Unmappable("the file must hold a graph with outputs", model.producer_name[:80] or None)
    graph = model.graph
    if any(isinstance(name, bytes) for name in _names_in(model)):
        raise Unmappable("names must be text (UTF-8)", "bytes")
    opset = _opset(model)
    if len(graph.node) > MOST_NODES:
        raise TooLarge("the nodes of the graph", MOST_NODES, len(graph.node))
    source = Source(graph.name or "onnx", opset, [], {}, [], [value.name for value in graph.output])
    if graph.sparse_initializer:
        source.problems.append(Unmappable("initializers must be dense", "sparse_initializer"))
    for tensor in graph.initializer:
        _keep(source, tensor.name, tensor)
    source.inputs = [one for value in graph.input if value.name not in source.constants
                     and (one := _entrance(source, value)) is not None]  # fmt: skip
    nodes = [made for node in graph.node if (made := _node(source, node)) is not None]
    source.nodes = needed(nodes, source.outputs)
    for node in source.nodes:
        for name in dict.fromkeys(node.inputs):
            source.users.setdefault(name, []).append(node)
    _check_order(source)
    return source


def _names_in(model: onnx.ModelProto) -> Iterator[Any]:
    """Every name that the reader uses; protobuf gives bytes where one is no UTF-8."""
    graph = model.graph
    yield graph.name
    yield from (one.domain for one in model.opset_import)
    for group in (graph.input, graph.output, graph.initializer):
        yield from (one.name for one in group)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (one.name for one in node.attribute)
        yield from (one.t.name for one in node.attribute if one.type == AttributeProto.TENSOR)


def _opset(model: onnx.ModelProto) -> int:
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if not versions:
        raise Unmappable("the file must name its operator set (opset_import of the domain ai.onnx)", None)
    if not OLDEST <= versions[0] <= NEWEST:
        raise Unmappable(f"the operator set must be of version {OLDEST} to {NEWEST}", versions[0])
    return int(versions[0])


def _keep(source: Source, name: str, tensor: TensorProto) -> None:
    try:
        source.constants[name] = array(tensor)
    except Unmappable as broken:
        source.problems.append(broken)
        source.constants[name] = np.zeros(0, np.float32)


def array(tensor: TensorProto) -> Array:
    """The tensor's values. Raises ``Unmappable`` where they are elsewhere, of another type, or of another number."""
    name, dtype = tensor.name[:80], _NAMES.get(tensor.data_type)
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        hint = "save the model with its weights inside: onnx.save_model(model, path, save_as_external_data=False)"
        raise Unmappable(f"the tensor {name!r} must lie in the file", "external data", hint=hint)
    if dtype is None:
        kind = TensorProto.DataType.Name(tensor.data_type) if tensor.data_type in TensorProto.DataType.values() else "?"
        raise Unmappable(f"the tensor {name!r} must be of the type {', '.join(_SIZES)}", kind)
    dims = list(tensor.dims)
    if any(dim < 0 for dim in dims) or len(dims) > 16:
        raise Unmappable(f"the tensor {name!r} must have sizes of at least 0", dims)
    held = len(tensor.raw_data) // _SIZES[dtype] if tensor.HasField("raw_data") else len(
        getattr(tensor, _TYPED.get(dtype, "int32_data"))
    )  # fmt: skip
    exact = not tensor.HasField("raw_data") or len(tensor.raw_data) % _SIZES[dtype] == 0
    if held != prod(dims) or not exact:
        raise Unmappable(f"the tensor {name!r} must hold as many values as its sizes {dims} say", held)
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, OverflowError) as error:
        raise Unmappable(f"the tensor {name!r} must be readable", str(error)[:200]) from None


def _entrance(source: Source, value: onnx.ValueInfoProto) -> Entrance | None:
    kind = value.type.tensor_type
    dtype = _NAMES.get(kind.elem_type) if value.type.HasField("tensor_type") else None
    if dtype is None:
        rule = f"the input {value.name[:80]!r} must be a tensor of the type {', '.join(_SIZES)}"
        source.problems.append(Unmappable(rule, kind.elem_type or value.type.WhichOneof("value")))
        return None
    if not kind.HasField("shape"):
        return Entrance(value.name, dtype, None)
    dims: Dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    if any(dim is not None and dim < 0 for dim in dims):
        source.problems.append(Unmappable(f"the input {value.name[:80]!r} must have sizes of at least 0", dims))
    if 0 in dims[1:]:
        hint = "give input_shape where the size is a free one"
        source.problems.append(Unmappable(f"the input {value.name[:80]!r} must hold values", dims, hint=hint))
    named = [i for i, dim in enumerate(kind.shape.dim) if dim.dim_param.lower() in _BATCH_NAMES]
    return Entrance(value.name, dtype, [dim or None for dim in dims], named[0] if len(named) == 1 else 0)


def _node(source: Source, node: onnx.NodeProto) -> Node | None:
    """The node; a Constant becomes a constant of the graph."""
    name = node.name or next(iter(node.output), "") or node.op_type
    try:
        attributes = {one.name: _value(one) for one in node.attribute}
    except Unmappable as broken:
        source.problems.append(broken)
        attributes = {}
    if node.op_type == "Constant" and len(node.output) == 1 and not node.domain:
        found = _constant(attributes)
        if found is not None:
            source.constants[node.output[0]] = found
            return None
    domain = "" if node.domain == "ai.onnx" else node.domain
    return Node(name, node.op_type, domain, tuple(node.input), tuple(node.output), attributes)


def _constant(attributes: dict[str, Any]) -> Array | None:
    """The value of a Constant; None where it has none, or one of another kind: a Constant without inputs is refused."""
    kinds: dict[str, tuple[type, Any]] = {"value_float": (float, np.float32), "value_int": (int, np.int64)}
    for key, value in attributes.items():
        if key == "value" and isinstance(value, np.ndarray):
            return value
        kind, dtype = kinds.get(key.removesuffix("s"), (None, None))
        listed = value if key.endswith("s") else [value]
        if kind is not None and isinstance(listed, list) and all(isinstance(one, kind) for one in listed):
            return np.array(value, dtype)
    return None


def _value(attribute: AttributeProto) -> Any:
    """As plain Python; float32 values as the shortest decimal number that means them."""
    kind = attribute.type
    if kind == AttributeProto.FLOAT:
        return decimal(attribute.f)
    if kind == AttributeProto.FLOATS:
        return [decimal(one) for one in attribute.floats]
    if kind == AttributeProto.INT:
        return attribute.i
    if kind == AttributeProto.INTS:
        return list(attribute.ints)
    if kind == AttributeProto.STRING:
        return attribute.s.decode("utf-8", "replace")
    if kind == AttributeProto.STRINGS:
        return [one.decode("utf-8", "replace") for one in attribute.strings]
    return array(attribute.t) if kind == AttributeProto.TENSOR else Opaque()


def decimal(value: float) -> float:
    """0.1 for the float32 that is nearest to it, and 1/6 for the one nearest to that."""
    single = np.float32(value)
    return 1 / 6 if single == np.float32(1 / 6) else float(str(single))


def _check_order(source: Source) -> None:
    """Every value is made once, before it is read."""
    known = {"", *source.constants, *(one.name for one in source.inputs)}
    for node in source.nodes:
        missing = [name for name in node.inputs if name not in known]
        if missing:
            rule = f"the node {node.name[:80]!r} must read values that nodes before it make"
            source.problems.append(Unmappable(rule, missing[0]))
        twice = [name for name in node.outputs if name and name in known]
        if twice:
            source.problems.append(Unmappable(f"the node {node.name[:80]!r} must make values of its own", twice[0]))
        known.update(node.outputs)
    for name in source.outputs:
        if name not in known or not name:
            source.problems.append(Unmappable("every output of the graph must be made by a node", name))
