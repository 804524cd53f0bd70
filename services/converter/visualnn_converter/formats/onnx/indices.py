"""Row numbers that a file computes from row numbers, as Keras' exporter does: ``where(ids < 0, ids + rows, ids)``.

Whether they are the same for every row is tried out: rows are few enough.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

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
