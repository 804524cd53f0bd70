"""The JSON in which Fabrik, and the VisualNN that grew from it, kept and exported nets: read only."""

from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.fabrik.reader import read_model
from visualnn_converter.formats.fabrik.source import parse
from visualnn_converter.jsontext import parse_json
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "fabrik"
TITLE = "Fabrik JSON"
EXTENSIONS = (".json",)
MEDIA_TYPE = "application/json"
CARRIES_WEIGHTS = False


def sniff(data: bytes) -> bool:
    """A JSON object whose layers have ``info``, ``params`` and ``connection``, and that no other format claims."""
    marks = (b'"info"', b'"params"', b'"connection"')
    return data.lstrip()[:1] == b"{" and b'"class_name"' not in data and all(mark in data for mark in marks)


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """The net's spec. Raises ``ConversionImpossible`` with every obstacle, ``Unmappable`` where it is no net."""
    return read_model(parse(parse_json(data)), report, input_shape), None
