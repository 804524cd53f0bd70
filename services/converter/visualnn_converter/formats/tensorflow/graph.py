"""A GraphDef in the making: nodes with the types that TensorFlow wants said, constants, names that are free."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visualnn_converter.formats.tensorflow import values
from visualnn_converter.formats.tensorflow.schema import graph_def
from visualnn_converter.formats.tensorflow.values import Array, DType
from visualnn_converter.rewriting import Names

PRODUCER = 1882
"""The version of graphs that TensorFlow 2.16 writes; every later one reads it."""
_T0: Mapping[str, int] = {"T": 0}
_TYPES: Mapping[str, Mapping[str, int]] = {
    "Reshape": {"T": 0, "Tshape": 1},
    "ExpandDims": {"T": 0, "Tdim": 1},
    "Transpose": {"T": 0, "Tperm": 1},
    "Pad": {"T": 0, "Tpaddings": 1},
    "Mean": {"T": 0, "Tidx": 1},
    "Max": {"T": 0, "Tidx": 1},
    "Sum": {"T": 0, "Tidx": 1},
    "ConcatV2": {"T": 0, "Tidx": -1},
    "GatherV2": {"Tparams": 0, "Tindices": 1, "Taxis": 2},
    "StridedSlice": {"T": 0, "Index": 1},
    "FusedBatchNormV3": {"T": 0, "U": 1},
    "Cast": {"SrcT": 0},
    "Conv3DBackpropInputV2": {"T": 1, "Tshape": 0},
    "Conv2DBackpropInput": {"T": 1},
    "SelectV2": {"T": 1},
    "Fill": {"T": 1, "index_type": 0},
    "Split": {"T": 1},
    "Range": {"Tidx": 0},
    "Tile": {"T": 0, "Tmultiples": 1},
    "IdentityN": {},
}  # fmt: skip
"""Attributes that name a type -> the input that has it; for all other operators it is ``T``, of the first."""
_RESULT: Mapping[str, int] = {
    "Conv2DBackpropInput": 1,
    "Conv3DBackpropInputV2": 1,
    "SelectV2": 1,
    "Fill": 1,
    "Split": 1,
}
_TRUTH = frozenset({"Greater", "GreaterEqual", "Less", "LessEqual"})


class Graph:
    """Nodes in the order in which they are added."""

    def __init__(self, reserved: Sequence[str]) -> None:
        self.message = graph_def()()
        self.message.versions.producer = PRODUCER
        self._names = Names(reserved)
        self.dtypes: dict[str, str] = {}

    def fresh(self, wanted: str) -> str:
        """A name that no node has."""
        return self._names.fresh(wanted)

    def placeholder(self, name: str, dtype: str, shape: tuple[int | None, ...]) -> None:
        """An input."""
        self._add("Placeholder", name, [], {"dtype": DType(dtype), "shape": shape}, dtype)

    def constant(self, wanted: str, array: Array) -> str:
        """A constant; its name."""
        name = self.fresh(wanted)
        self._add("Const", name, [], {"dtype": DType(str(array.dtype)), "value": array}, str(array.dtype))
        return name

    def node(self, op: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """An operator; the name of its output."""
        types = {key: DType(self.dtypes[inputs[at]]) for key, at in _TYPES.get(op, _T0).items()}
        result = self.dtypes[inputs[_RESULT.get(op, 0)]]
        if op == "Shape":
            types["out_type"], result = DType("int32"), "int32"
        elif op == "Cast":
            result = attributes["DstT"].name
        elif op == "IdentityN":
            attributes["T"] = [DType(self.dtypes[one]) for one in inputs]
        elif op in _TRUTH:
            result = "bool"
        if op in ("ConcatV2", "AddN", "Pack"):
            attributes["N"] = len(inputs) - (op == "ConcatV2")
        self._add(op, name, inputs, {**types, **attributes}, result)
        return name

    def _add(self, op: str, name: str, inputs: Sequence[str], attributes: Mapping[str, Any], dtype: str) -> None:
        node = self.message.node.add(name=name, op=op, input=inputs)
        for key, value in sorted(attributes.items()):
            values.put(node.attr.add(key=key).value, value)
        self.dtypes[name] = dtype


def whole(numbers: Sequence[int] | int) -> Array:
    """Whole numbers as TensorFlow takes sizes and axes."""
    return np.array(numbers, np.int32)
