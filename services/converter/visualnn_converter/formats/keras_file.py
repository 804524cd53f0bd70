"""Keras' own file, ``model.save("model.keras")``: configuration and weights in a zip, both ways."""

import json
from typing import Any

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.keras.reader import read_model
from visualnn_converter.formats.keras.source import parse
from visualnn_converter.formats.keras.writer import lower
from visualnn_converter.jsontext import parse_json
from visualnn_converter.kerasweights import archive, hdf5, reading
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

NAME = "keras-file"
TITLE = "Keras file"
EXTENSIONS = (".keras",)
MEDIA_TYPE = "application/zip"
CARRIES_WEIGHTS = True
LARGEST_FILE = 2**30
"""Bytes, with the weights."""
_VERSION = "3.10.0"
"""The Keras whose files these are."""


def sniff(data: bytes) -> bool:
    """A zip with a configuration inside."""
    return archive.holds_model(data)


def read(data: bytes, report: Report, *, input_shape: Any = None, **_options: Any) -> tuple[Spec, Weights | None]:
    """The model's spec and weights. Raises ``ConversionImpossible`` with every obstacle, ``TooLarge``."""
    with archive.opened(data) as members:
        config = members.read(archive.CONFIG)
        tensors = members.read(archive.TENSORS)
    document = parse_json(config)
    if not isinstance(document, dict):
        raise Unmappable("config.json must be an object", type(document).__name__)
    spec = read_model(document, report, input_shape)
    return spec, reading.read_weights(hdf5.opened(tensors), parse(document), spec, report)


def normal(spec: Spec, report: Report) -> Spec:
    """What reading gives back of a spec that was written."""
    return lower(spec, report)


def write(spec: Spec, weights: Weights | None, report: Report) -> bytes:
    """The file that ``keras.saving.load_model`` takes. Raises ``ConversionImpossible`` with every obstacle."""
    from visualnn_converter.kerasweights.writing import write_model

    config, tensors = write_model(spec, weights, report)
    metadata = json.dumps({"keras_version": _VERSION}).encode()
    return archive.packed({archive.METADATA: metadata, archive.CONFIG: config, archive.TENSORS: tensors})
