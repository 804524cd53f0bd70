"""Padding of no cells is ``valid``; where nothing is padded, whether padding counts says nothing."""

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_WINDOWS = frozenset({
    "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
})  # fmt: skip


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """``padding=[[0, 0], [0, 0]]`` and ``count_include_pad`` beside ``valid`` are left out: no value changes."""
    layers = [_without(layer) if layer.type in _WINDOWS else layer for layer in spec.layers]
    if all(new is old for new, old in zip(layers, spec.layers, strict=True)):
        return spec, weights
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _without(layer: Layer) -> Layer:
    padding = layer.params.get("padding", "valid")
    none = padding not in ("same", "causal") and (
        padding == "valid" or not any(cell for side in padding for cell in side)
    )
    drop = [key for key in ("padding", "count_include_pad") if none and key in layer.params]
    if not drop:
        return layer
    return layer.model_copy(update={"params": {key: one for key, one in layer.params.items() if key not in drop}})
