"""Nodes of one layer, written as expressions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context, Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE

from visualnn_converter.formats.tensorflow.emission import Emission
from visualnn_converter.formats.tensorflow.templates import OWN
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.layout import identity

Size = int | str
"""A number, or the name of one that is known when the graph runs."""


class Making:
    """A layer on its way into nodes; names are those of values."""

    def __init__(self, e: Emission) -> None:
        self.e, self.p, self.inputs = e, e.params, e.inputs
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def op(self, op: str, *inputs: Any, **attributes: Any) -> str:
        """A node; numbers and lists among its inputs become constants. The name of its first output."""
        return self.e.node(op, [self.named(one) for one in inputs], **attributes)

    def several(self, op: str, count: int, *inputs: Any, **attributes: Any) -> list[str]:
        """A node of ``count`` outputs: their names."""
        first = self.op(op, *inputs, **attributes)
        names = [first, *(f"{first}:{port}" for port in range(1, count))]
        self.e.graph.dtypes.update(dict.fromkeys(names, self.e.graph.dtypes[first]))
        return names

    def named(self, value: Any) -> str:
        """A value's name; a constant's is made once."""
        if isinstance(value, str):
            return value
        array = np.array(value)
        array = array.astype(np.int32 if array.dtype.kind in "iu" else np.float32)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.e.constant("number", array)
        return self._constants[key]

    def has(self, weight: str) -> bool:
        """Whether the layer has such a weight."""
        return any(one.name == weight for one in self.e.layer.weights)

    def weight(self, name: str) -> str:
        """The constant of a weight, as the layer has it."""
        return self.e.blob(name)

    def size(self, value: str, axis: int) -> str:
        """The size of an axis, as it is when the graph runs."""
        return self.op("StridedSlice", self.op("Shape", value), [axis], [axis + 1], [1], shrink_axis_mask=1)

    def sizes(self, value: str, shape: Sequence[Any], first: int = 0) -> list[Size]:
        """The batch, where ``first`` is 0, and the sizes of ``shape``: numbers where they are known."""
        found: list[Size] = [self.size(value, 0)] if not first else []
        return found + [known(n) or self.size(value, axis) for axis, n in enumerate(shape, start=max(first, 1))]

    def reshaped(self, value: str, sizes: Sequence[Size]) -> str:
        """The values in another shape."""
        return self.op("Reshape", value, self.op("Pack", *sizes, axis=0))

    def product(self, value: str, kernel: str, rank: int) -> str:
        """Rows times a kernel of two axes."""
        return self.op("MatMul" if rank == 2 else "BatchMatMulV2", value, kernel)

    def biased(self, value: str, bias: str) -> str:
        """Plus a bias along the last axes, where the layer has one."""
        return self.op("Add", value, self.weight(bias)) if self.has(bias) else value

    def function(self, said: Any, value: str, rank: int = 2) -> str:
        """An activation of a value. Raises ``Unmappable`` where TensorFlow has no operators for it here."""
        if said == "linear":
            return value
        context = Context(input_shapes=[(None,) * (rank - 1)], output_shapes=[(None,) * (rank - 1)],
                          labels=[identity(rank)])  # fmt: skip
        params = {**CATALOGUE["Activation"].defaults, "activation": said}
        found = write_node("tensorflow", CATALOGUE["Activation"], params, context, None)
        if not isinstance(found, Written) or found.map.around:
            raise Unmappable("the activation must be one that TensorFlow has operators for", said, "activation")
        inner = replace(self.e, inputs=[value], written=found, _made={})
        if found.op.startswith(OWN):
            return inner.part(found.op[1:])
        return inner.node(found.op, [value], **inner.attributes)

    def as_float(self, value: str) -> str:
        """Whole numbers as real ones."""
        return self.op("Cast", value, DstT=DType("float32"))
