"""Weights of a spec from a file that Keras saved: of weights alone, or of a whole model."""

from typing import Any

from visualnn_shared.analysis.expand import expand
from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

from visualnn_converter.formats.keras.source import parse
from visualnn_converter.formats.keras.writer import document_of, lower_all
from visualnn_converter.jsontext import parse_json
from visualnn_converter.kerasweights import archive, hdf5
from visualnn_converter.kerasweights.reading import read_weights
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, split_tensor


def weights_for(spec: Spec, data: bytes) -> Weights:
    """The tensors of a Keras file, ``layer/variable``, for a spec of the same model.

    Raises ``ConversionImpossible`` with every variable that is missing or of another shape, ``TooLarge``.
    """
    spec = expand(spec)
    report = Report(source="keras-weights", target="native")
    lowered, _ = lower_all(spec, None, report)
    back = {new: old for old, new in report.renamed.items()}
    found = _read(data, document_of(lowered, report), lowered, Report(source="keras-weights", target="native"))
    owners = {layer.name: layer.weights_of or layer.name for layer in spec.layers}
    names = [layer.name for layer in lowered.layers]
    return {_renamed(*split_tensor(name, names), back, owners): tensor for name, tensor in found.items()}


def weights_beside(document: bytes, spec: Spec, data: bytes, report: Report) -> Weights:
    """The same for the spec that was read from Keras JSON, with ``report``: nested models are as the file has them."""
    return _read(data, parse_json(document), spec, report)


def _read(data: bytes, document: Any, spec: Spec, report: Report) -> Weights:
    try:
        return read_weights(hdf5.opened(_tensors(data)), parse(document), spec, report)
    except Unmappable as broken:
        raise ConversionImpossible([broken.problem(None)], "keras-weights", report.target) from None


def _tensors(data: bytes) -> bytes:
    if not data.startswith(archive.MAGIC):
        return data
    with archive.opened(data) as members:
        return members.read(archive.TENSORS)


def _renamed(layer: str, variable: str, back: dict[str, str], owners: dict[str, str]) -> str:
    """The tensor's name in the spec; a layer may have been renamed more than once."""
    for _ in range(len(back)):
        if layer not in back:
            break
        layer = back[layer]
    return f"{owners.get(layer, layer)}/{variable}"
