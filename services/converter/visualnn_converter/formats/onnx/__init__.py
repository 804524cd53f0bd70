"""ONNX with weights, read and written: checked by its own checker, ONNX Runtime and Keras in the tests."""

from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "onnx"
TITLE = "ONNX"
EXTENSIONS = (".onnx",)
MEDIA_TYPE = "application/x-onnx"
CARRIES_WEIGHTS = True
LARGEST_FILE = 2**30
"""Bytes, weights included: most published picture nets have less, VGG's alone more."""
_GRAPH = 7
_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, _GRAPH: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Fields of a ModelProto -> wire type: 0 a number, 2 bytes."""


def sniff(data: bytes) -> bool:
    """Whether the file is one ModelProto from end to end: an IR version, known fields of the right kind, a graph."""
    place, seen = 0, set[int]()
    while place < len(data):
        tag, place = _number(data, place)
        if _FIELDS.get(tag >> 3) != tag & 7:
            return False
        value, place = _number(data, place)
        if tag >> 3 == 1 and not 0 < value < 64:
            return False
        seen.add(tag >> 3)
        if tag & 7:
            place += value
    return place == len(data) and {1, _GRAPH} <= seen


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A base-128 number and where it ends; past the end of the data where it is cut off or too long."""
    value = 0
    for shift in range(10):
        if place + shift >= len(data):
            break
        byte = data[place + shift]
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place + shift + 1
    return value, len(data) + 1


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """Spec and weights. Raises ``ConversionImpossible`` with every obstacle, ``TooLarge``."""
    from visualnn_converter.formats.onnx.reader import read_model  # onnx takes its time to import

    return read_model(data, report, input_shape)


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The model as a file. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.formats.onnx.writer import write_model  # onnx takes its time to import

    written: bytes = write_model(spec, weights, report).SerializeToString(deterministic=True)
    return written
