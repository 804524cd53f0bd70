"""What a walk over an ONNX graph knows beyond what all graphs have in common."""

from visualnn_converter.formats.onnx.source import Source
from visualnn_converter.graphreading import Node
from visualnn_converter.graphreading import Reading as GraphReading

ELEMENTWISE = frozenset({
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign", "Exp",
    "HardSigmoid", "HardSwish", "Clip", "ThresholdedRelu", "Shrink", "Dropout", "Identity", "Cast",
})  # fmt: skip
"""Operators that treat each value by itself, with one tensor going in."""


class Reading(GraphReading):
    """The state of a walk; operators call it to place layers."""

    source: Source
    elementwise = ELEMENTWISE

    def is_dense(self, node: Node, name: str) -> bool:
        """Gemm or MatMul with a constant kernel."""
        inputs = node.inputs
        if node.op not in ("Gemm", "MatMul") or node.attributes.get("transA") or len(inputs) < 2:
            return False
        return inputs[0] == name and inputs[1] in self.constants and self.constants[inputs[1]].ndim == 2
