"""ONNX: written with weights, checked by its own checker and against Keras in the tests."""

from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "onnx"
TITLE = "ONNX"
EXTENSIONS = (".onnx",)
MEDIA_TYPE = "application/x-onnx"
CARRIES_WEIGHTS = True


def sniff(data: bytes) -> bool:
    """A ModelProto begins with its IR version (field 1, a small number) and then a string or an operator set."""
    return len(data) > 4 and data[0] == 0x08 and data[1] < 0x20 and data[2] in (0x12, 0x1A, 0x22, 0x2A, 0x3A, 0x42)


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The model as a file. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.formats.onnx.writer import write_model  # onnx takes its time to import

    written: bytes = write_model(spec, weights, report).SerializeToString(deterministic=True)
    return written
