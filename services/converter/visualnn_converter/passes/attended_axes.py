"""The axes that MultiHeadAttention looks along, by number: Keras writes those that it found when it was built."""

from typing import Any

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_TYPE = "MultiHeadAttention"


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """Null -> all axes but the batch and the features; -2 -> 1. No value changes: nothing is reported."""
    if not any(layer.type == _TYPE for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolve(spec).layers if layer.type == _TYPE}
    layers = [_numbered(layer, known[layer.name]) if layer.name in known else layer for layer in spec.layers]
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _numbered(layer: Layer, resolved: Any) -> Layer:
    rank = len(resolved.input_shapes[0]) + 1
    axes = resolved.params["attention_axes"]
    found = list(range(1, rank - 1)) if axes is None else [axis % rank for axis in axes]
    return layer.model_copy(update={"params": {**layer.params, "attention_axes": found}})
