"""TensorFlow's GraphDef as text, for people: the graph of the format ``tensorflow`` in protobuf's text format."""

from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.tensorflow import normal, read
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

__all__ = ["normal", "read"]

NAME = "tensorflow-text"
TITLE = "TensorFlow graph as text"
EXTENSIONS = (".pbtxt",)
MEDIA_TYPE = "text/plain; charset=utf-8"
CARRIES_WEIGHTS = True


def sniff(data: bytes) -> bool:
    """Whether the file is a text of nodes with operators."""
    from visualnn_converter.formats.tensorflow.parsing import looks_like_text

    return looks_like_text(data)


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The graph as a text. Raises ``ConversionImpossible`` with every obstacle."""
    from google.protobuf import text_format  # type: ignore[import-untyped, unused-ignore]

    from visualnn_converter.formats.tensorflow.writer import write_model

    written: str = text_format.MessageToString(write_model(spec, weights, report))
    return written.encode()
