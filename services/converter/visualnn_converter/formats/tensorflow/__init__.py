"""TensorFlow's GraphDef, weights as constants; read in both forms, written in binary (``tensorflow-text``: as text)."""

from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "tensorflow"
TITLE = "TensorFlow graph"
EXTENSIONS = (".pb",)
MEDIA_TYPE = "application/x-protobuf"
CARRIES_WEIGHTS = True
LARGEST_FILE = 2**30
"""Bytes, weights included: VGG has half as many."""


def sniff(data: bytes) -> bool:
    """Whether the file begins with a node that has a name and an operator."""
    from visualnn_converter.formats.tensorflow.parsing import looks_like_binary  # protobuf takes its time to import

    return looks_like_binary(data)


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """Spec, and weights if the graph is frozen. Raises ``ConversionImpossible`` with every obstacle, ``TooLarge``."""
    from visualnn_converter.formats.tensorflow.reader import read_model

    return read_model(data, report, input_shape)


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    from visualnn_converter.formats.tensorflow.kept import normal_form

    return normal_form(spec, report)


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The graph as a file. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.formats.tensorflow.writer import write_model

    written: bytes = write_model(spec, weights, report).SerializeToString(deterministic=True)
    return written
