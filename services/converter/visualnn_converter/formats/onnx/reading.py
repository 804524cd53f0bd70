"""What a walk over an ONNX graph keeps besides what every walk does, and which operators see each value by itself."""

from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.folding import BATCH
from visualnn_converter.formats.onnx.source import Source
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.graphreading import Reading as GraphReading
from visualnn_converter.report import Report

ELEMENTWISE = frozenset({
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp",
    "HardSigmoid", "HardSwish", "Clip", "ThresholdedRelu", "Shrink", "Dropout", "Identity", "Cast",
})  # fmt: skip
"""Operators that treat each value by itself, with one tensor going in."""

LARGEST_TENSOR = 2**27
"""Values: as many as the largest file holds."""


class Reading(GraphReading):
    """The state of a walk; operators call it to place layers."""

    source: Source
    elementwise = ELEMENTWISE

    def __init__(self, source: Source, report: Report) -> None:
        super().__init__(source, report)
        self.stacks: dict[str, list[Value]] = {}
        """Layers that lay values of equal shapes one upon the other, along the first axis behind the batch."""
        self.batch: int | None = None
        """The batch size that the file fixes; constants that hold it mean the batch."""

    def keep(self, layer: str, variable: str, array: Array) -> None:
        """Keep a tensor of a layer. Raises ``Unmappable`` where one that is only described is too large."""
        bounded(array.size)
        super().keep(layer, variable, array)

    def is_dense(self, node: Node, name: str) -> bool:
        """Gemm or MatMul with a constant kernel."""
        inputs = node.inputs
        if node.op not in ("Gemm", "MatMul") or node.attributes.get("transA") or len(inputs) < 2:
            return False
        return inputs[0] == name and inputs[1] in self.constants and self.constants[inputs[1]].ndim == 2


def sizes_with_batch(value: Value) -> list[int | None]:
    """Of a tensor, as the file has them, with the mark of the batch in its place."""
    return [known(value.shape[axis - 1]) if axis else BATCH for axis in value.label]


def bounded(values: int) -> None:
    """Raises ``Unmappable`` where a tensor that the file only describes would have more values than fit."""
    if values > LARGEST_TENSOR:
        raise Unmappable(f"a tensor must have at most {LARGEST_TENSOR:,} values", values)
