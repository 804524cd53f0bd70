"""Whether a node has the inputs and attributes that its operator has in the file's operator set."""

from functools import cache
from typing import Any

import numpy as np
import onnx
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.source import Opaque
from visualnn_converter.graphreading import Node

_MOST = 64
"""Numbers in one attribute: more than any tensor of a net has axes."""


@cache
def _schema(op: str, opset: int) -> Any:
    try:
        return onnx.defs.get_schema(op, opset, "")
    except onnx.defs.SchemaError:
        return None


def check(node: Node, opset: int) -> None:
    """Raises ``Unmappable``."""
    schema = _schema(node.op, opset)
    if schema is None:
        raise Unmappable(f"the operator must be one of operator set {opset}", node.op)
    given = len(node.inputs)
    if not schema.min_input <= given <= schema.max_input or not node.outputs:
        raise Unmappable(f"{node.op} must have {schema.min_input} inputs or more, and an output", given)
    formal = [one for one in schema.inputs if one.option == onnx.defs.OpSchema.FormalParameterOption.Single]
    if any(not name for name in node.inputs[: len(formal)]):
        raise Unmappable(f"{node.op} must have its first {len(formal)} inputs", list(node.inputs)[:8])
    for key, value in node.attributes.items():
        known = schema.attributes.get(key)
        if known is None:
            raise Unmappable(f"{node.op} must have attributes of operator set {opset} only", key)
        if not _fits(value, known.type.name):
            raise Unmappable(f"{key} must be {known.type.name.lower()}", repr(value)[:80])
    for key, known in schema.attributes.items():
        if known.required and key not in node.attributes:
            raise Unmappable(f"{key} must be given", None)


def _fits(value: Any, kind: str) -> bool:
    match kind:
        case "FLOAT":
            return isinstance(value, float) and abs(value) < float("inf")
        case "INT":
            return isinstance(value, int)
        case "STRING":
            return isinstance(value, str)
        case "INTS" | "FLOATS" | "STRINGS":
            return isinstance(value, list) and len(value) <= _MOST and all(_fits(one, kind[:-1]) for one in value)
        case "TENSOR":
            return isinstance(value, np.ndarray)
    return isinstance(value, Opaque)
