"""Keras JSON, as ``model.to_json()`` writes it: version 3 both ways, version 2 read."""

import json
from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.keras.reader import read_model
from visualnn_converter.formats.keras.writer import lower, write_model
from visualnn_converter.jsontext import parse_json
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras"
TITLE = "Keras JSON"
EXTENSIONS = (".json",)
MEDIA_TYPE = "application/json"
CARRIES_WEIGHTS = False


def sniff(data: bytes) -> bool:
    """A JSON object with the class of a model."""
    return data.lstrip()[:1] == b"{" and b'"class_name"' in data and b'"config"' in data


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """The model's spec. Raises ``ConversionImpossible`` with every obstacle."""
    return read_model(parse_json(data), report, input_shape), None


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    return lower(spec, report)


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """A functional model. Raises ``ConversionImpossible`` with every obstacle."""
    return json.dumps(write_model(spec, report), check_circular=False).encode()
