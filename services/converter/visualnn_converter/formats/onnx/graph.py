"""An ONNX graph under construction: values with their layout labels, nodes, initialisers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from visualnn_shared.catalogue.free import Shape, known
from visualnn_shared.catalogue.maps import Label

from visualnn_converter.layout import Flat, identity, permutation
from visualnn_converter.rewriting import Names

OPSET = 20
IR_VERSION = 9
"""The IR that came with opset 20 at the latest; older runtimes refuse newer ones without need."""
DTYPES = {
    "float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16,
    "int32": TensorProto.INT32, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8, "bool": TensorProto.BOOL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph: its name, its label, its spec shape without the batch, its type.

    ``flat`` remembers label and shape of what was flattened in the file's order rather than the spec's.
    """

    name: str
    label: Label
    shape: Shape
    dtype: str = "float32"
    flat: Flat | None = None

    @property
    def rank(self) -> int:
        """With the batch axis."""
        return len(self.label)


class Graph:
    """Collects nodes and initialisers; gives every value a name of its own."""

    def __init__(self, reserved: Sequence[str], *, dry: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self._names = Names(reserved)
        self._node_names = Names()
        self._known: dict[Any, str] = {}
        self._moved: dict[tuple[str, Label], Value] = {}
        self._dry = dry

    def fresh(self, wanted: str) -> str:
        """A value name that is not taken."""
        return self._names.fresh(wanted)

    def node(self, op: str, inputs: Sequence[str], output: str | Sequence[str], name: str, **attributes: Any) -> None:
        """Append a node; ``name`` is made unique."""
        outputs = [output] if isinstance(output, str) else list(output)
        self.nodes.append(helper.make_node(op, list(inputs), outputs, name=self._node_names.fresh(name), **attributes))

    def renamed(self, name: str, wanted: str) -> bool:
        """Give the result of a node another name; False where something has read it already, or no node made it."""
        for node in reversed(self.nodes):
            if name in node.input:
                return False
            if name in node.output:
                node.output[list(node.output).index(name)] = wanted
                return True
        return False

    def loop(
        self,
        name: str,
        states: Sequence[str],
        sequences: Sequence[tuple[str, str]],
        body: Callable[[list[str], list[str]], tuple[list[str], list[str]]],
        *,
        backwards: bool = False,
        axis: int = 1,
    ) -> tuple[list[str], list[str]]:
        """A Scan along an axis: ``body`` takes the names of states and of one step of each of ``sequences`` (name,
        type), adds nodes, and gives the names of the new states and of what each step puts out.

        Returns the last states and the sequences of what was put out, in the order of the walk.
        """
        before, moved, known = self.nodes, dict(self._moved), set(self._known)
        self.nodes = []
        old = [self.fresh(f"{name}/state") for _ in states]
        steps = [self.fresh(f"{name}/step") for _ in sequences]
        new, put = (self._as_results(name, one) for one in body(old, steps))
        inside, self.nodes, self._moved = self.nodes, before, moved
        for key in [key for key in self._known if key not in known and isinstance(key, tuple) and key[0] == "cast"]:
            del self._known[key]
        kinds = [*["float32"] * len(old), *(dtype for _, dtype in sequences)]
        taken = zip(old + steps, kinds, strict=True)
        graph = helper.make_graph(
            inside, f"{name}/step",
            [helper.make_tensor_value_info(one, DTYPES[kind], None) for one, kind in taken],
            [helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in new + put],
        )  # fmt: skip
        last = [self.fresh(f"{name}/last") for _ in new]
        walked = [self.fresh(f"{name}/walked") for _ in put]
        out = {"scan_output_axes": [axis] * len(put)} if put else {}
        self.node(
            "Scan", [*states, *(one for one, _ in sequences)], last + walked, name, body=graph,
            num_scan_inputs=len(steps), scan_input_axes=[axis] * len(steps),
            scan_input_directions=[int(backwards)] * len(steps), **out,
        )  # fmt: skip
        return last, walked

    def _as_results(self, name: str, values: Sequence[str]) -> list[str]:
        """Names that are the results of nodes of their own, as a subgraph's outputs must be."""
        found = [self.fresh(f"{name}/result") for _ in values]
        for one, other in zip(values, found, strict=True):
            self.node("Identity", [one], other, name)
        return found

    def tensor(self, wanted: str, make: Callable[[], NDArray[Any]], key: Any) -> str:
        """An initialiser; the same one again for the same key. In a dry run its values are not asked for."""
        if key in self._known:
            return self._known[key]
        name = self._known[key] = self.fresh(wanted)
        if not self._dry:
            array = make()
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            self.tensors.append(TensorProto(dims=array.shape, data_type=kind, name=name, raw_data=array.tobytes()))
        return name

    def constant(self, dtype: str, value: Any) -> str:
        """A small constant, shared between nodes that need the same."""
        array = np.array(value, dtype)
        return self.tensor(f"constant/{len(self._known)}", lambda: array, (dtype, array.shape, array.tobytes()))

    def moved(self, value: Value, label: Label) -> Value:
        """The value with its axes in another order; one Transpose serves all who need it."""
        if value.label == label:
            return value
        key = (value.name, label)
        if key not in self._moved:
            name = self.fresh(f"{value.name}/{'plain' if label == identity(value.rank) else 'transposed'}")
            self.node("Transpose", [value.name], name, name, perm=permutation(value.label, label))
            self._moved[key] = replace(value, name=name, label=label)
        return self._moved[key]

    def cast(self, value: Value, dtype: str) -> Value:
        """The value in another type."""
        if value.dtype == dtype:
            return value
        key = ("cast", value.name, dtype)
        if key not in self._known:
            name = self._known[key] = self.fresh(f"{value.name}/{dtype}")
            self.node("Cast", [value.name], name, name, to=DTYPES[dtype])
        return replace(value, name=self._known[key], dtype=dtype)

    def model(self, name: str, inputs: Sequence[Value], outputs: Sequence[Value]) -> onnx.ModelProto:
        """The finished model."""
        graph = helper.make_graph(
            self.nodes,
            name,
            [_info(value, "in") for value in inputs],
            [_info(value, "out") for value in outputs],
            self.tensors,
        )
        return helper.make_model(
            graph, producer_name="visualnn", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
        )


def _info(value: Value, side: str) -> onnx.ValueInfoProto:
    """Name, type and shape; the batch axis and unknown sizes are symbols."""
    dims: list[Any] = ["batch"]
    for axis, dim in enumerate(value.shape, start=1):
        size = known(dim)
        dims.append(f"{side}_{value.name}_{axis}" if size is None else size)
    return helper.make_tensor_value_info(value.name, DTYPES[value.dtype], dims)
