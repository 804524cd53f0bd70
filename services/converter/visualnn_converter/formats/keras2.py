"""Keras 2's JSON, as ``model.to_json()`` of TensorFlow's Keras writes it; read as every Keras JSON is."""

import json
from typing import Any

from visualnn_shared.spec.model import Spec

from visualnn_converter.formats import keras
from visualnn_converter.formats.keras.keras2 import HARD_SIGMOID, document2, functions, lower
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras2"
TITLE = "Keras 2 JSON"
EXTENSIONS = (".keras2.json",)
MEDIA_TYPE = "application/json"
CARRIES_WEIGHTS = False
_OTHER_FUNCTION = "Keras 2 computes clip(0.2 x + 0.5), Keras 3 clip(x / 6 + 0.5): same structure, other numbers"


def sniff(_data: bytes) -> bool:
    """Never: the format ``keras`` reads the JSON of every version."""
    return False


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """The model's spec. Raises ``ConversionImpossible`` with every obstacle."""
    return keras.read(data, report, input_shape=input_shape)


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    return lower(spec, None, report)[0]


def write(spec: Spec, _weights: Weights | None, report: Report) -> bytes:
    """A functional model. Raises ``ConversionImpossible`` with every obstacle."""
    document = document2(normal(spec, report), report)
    for item in document["config"]["layers"]:
        if any(name == HARD_SIGMOID for _, name in functions(item["config"])):
            report.rewrote(item["name"], HARD_SIGMOID, _OTHER_FUNCTION)
    return json.dumps(document).encode()
