"""Row numbers that a file computes from row numbers, as Keras' exporter does: ``where(ids < 0, ids + rows, ids)``.

Whether they are the same for every row is tried out: rows are few enough.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.source import Source
from visualnn_converter.graphreading import Array, Node

_MOST = 12
"""Nodes of such a computation."""
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Add": np.add, "Mul": np.multiply, "Sub": np.subtract, "Less": np.less, "Not": np.logical_not, "Where": np.where,
    "GreaterOrEqual": np.greater_equal, "Cast": lambda one: np.asarray(one, np.int64), "Identity": lambda one: one,
}  # fmt: skip


def plain_rows(source: Source, makers: Mapping[str, Node], node: Node) -> tuple[str, list[Node]] | None:
    """Of a Gather: the value that holds the row numbers already, and the nodes that compute them again."""
    table = source.constants.get(node.inputs[0])
    if table is None or table.ndim != 2 or node.inputs[1] not in makers:
        return None
    nodes, leaves, waiting = dict[str, Node](), set[str](), [node.inputs[1]]
    while waiting and len(nodes) <= _MOST:
        name = waiting.pop()
        maker = makers.get(name)
        if name in nodes or name in source.constants:
            continue
        if maker is None or maker.op not in _FUNCTIONS:
            leaves.add(name)
            continue
        nodes[name] = maker
        waiting += maker.inputs
    computes = any(one.op not in ("Cast", "Identity") for one in nodes.values())
    if len(leaves) != 1 or not computes or len(nodes) > _MOST:
        return None
    inner = {id(one) for one in (*nodes.values(), node)}
    read = [user for name in nodes for user in source.users.get(name, [])]
    if any(id(user) not in inner for user in read) or set(nodes) & set(source.outputs):
        return None
    (leaf,) = leaves
    rows = np.arange(table.shape[0])
    known: dict[str, Array] = {leaf: rows}
    found = _worked_out(source, nodes, node.inputs[1], known)
    return (leaf, list(nodes.values())) if found is not None and np.array_equal(found, rows) else None


def every_cell(source: Source, makers: Mapping[str, Node], node: Node) -> tuple[str, list[int]] | None:
    """Of a Gather that takes every cell of a flattened tensor in its order, as PyTorch's exporter restrides one.

    The tensor before it was flattened, and the sizes behind the batch; None where it is none of this kind. The numbers
    depend on the batch size: they are tried out for some.
    """
    flat = makers.get(node.inputs[0])
    shape = source.constants.get(flat.inputs[1]) if flat is not None and flat.op == "Reshape" else None
    if flat is None or shape is None or shape.tolist() != [-1] or node.attributes.get("axis", 0) != 0:
        return None
    tails = set()
    for batch in (2, 3, 5):
        rows = _of_batch(source, makers, node.inputs[1], batch, [_MOST])
        if rows is None or rows.ndim < 3 or len(rows) != batch or rows.dtype.kind != "i":
            return None
        if not np.array_equal(rows.ravel(), np.arange(rows.size)):
            return None
        tails.add(rows.shape[1:])
    return (flat.inputs[0], [int(n) for n in tails.pop()]) if len(tails) == 1 else None


def _of_batch(source: Source, makers: Mapping[str, Node], name: str, batch: int, left: list[int]) -> Array | None:
    """The value where the batch has this size; None where it depends on anything else."""
    if name in source.constants:
        return source.constants[name]
    node = makers.get(name)
    left[0] -= 1
    if node is None or left[0] < 0:
        return None
    if node.op == "Shape":
        first = node.attributes.get("start", 0) == 0 and node.attributes.get("end") == 1
        whole = any(one.name == node.inputs[0] and one.dims and one.dims[0] is None for one in source.inputs)
        return np.array([batch]) if first and whole else None
    given = [_of_batch(source, makers, one, batch, left) for one in node.inputs if one]
    known = [one for one in given if one is not None]
    return folding.fold(node, known) if len(known) == len(given) else None


def _worked_out(source: Source, nodes: Mapping[str, Node], name: str, known: dict[str, Array]) -> Array | None:
    """The value for all rows; None where it cannot be worked out."""
    if name in known:
        return known[name]
    if name in source.constants:
        array = source.constants[name]
        return array.ravel()[0] if array.size == 1 else None
    given = [_worked_out(source, nodes, one, known) for one in nodes[name].inputs]
    if any(one is None for one in given):
        return None
    try:
        with np.errstate(all="ignore"):
            known[name] = np.asarray(_FUNCTIONS[nodes[name].op](*given))
    except (TypeError, ValueError):
        return None
    return known[name]
