"""Explicit padding becomes a layer of zeros before the layer, for formats that know only ``valid`` and ``same``."""

from collections.abc import Container

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_CONVOLUTIONS = frozenset({
    "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
})  # fmt: skip
_AVERAGES = frozenset({"AveragePooling1D", "AveragePooling2D", "AveragePooling3D"})


def run(
    spec: Spec, weights: Weights | None, report: Report, only: Container[str] | None = None
) -> tuple[Spec, Weights | None]:
    """``Conv2D(padding=[[1, 2], [1, 2]])`` -> ``ZeroPadding2D`` and ``Conv2D(padding="valid")``.

    Average pooling that counts its padding likewise; others average or compare real values only, so zeros will not do.
    ``only``: the layer types to rewrite, where the format has padding by cells for the others.
    """

    def wanted(layer: Layer) -> bool:
        return (only is None or layer.type in only) and _pads(layer)

    if not any(wanted(layer) for layer in spec.layers):
        return spec, weights
    names, layers = Renaming(spec), list[Layer]()
    for layer in spec.layers:
        if not wanted(layer):
            layers.append(layer)
            continue
        if _is_same(layer):
            layers.append(layer.model_copy(update={"params": {**layer.params, "padding": "same"}}))
            report.rewrote(layer.name, "padding as 'same'", "the same cells, where windows step by one")
            continue
        name = names.fresh(f"{layer.name}/padding")
        padding = layer.params["padding"]
        kept = {key: value for key, value in layer.params.items() if key not in ("padding", "count_include_pad")}
        type = f"ZeroPadding{len(padding)}D"
        cells = padding[0] if len(padding) == 1 else padding
        pad = Layer.model_construct(name=name, type=type, params={"padding": cells}, inputs=layer.inputs)
        layers += [pad, layer.model_copy(update={"params": kept, "inputs": (name,)})]
        report.rewrote(layer.name, f"padding as {type}", f"{report.target} pads by valid and same only")
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _is_same(layer: Layer) -> bool:
    """Whether a convolution that steps by one pads what ``same`` pads: half of what its window reaches over."""
    padding, params = layer.params["padding"], layer.params
    windows, strides, rates = (
        given if isinstance(given, list | tuple) else [given] * len(padding)
        for given in (params.get("kernel_size"), params.get("strides", 1), params.get("dilation_rate", 1))
    )
    if layer.type not in _CONVOLUTIONS or any(stride != 1 for stride in strides):
        return False
    totals = [(window - 1) * rate for window, rate in zip(windows, rates, strict=True)]
    halves = [[total // 2, total - total // 2] for total in totals]
    return [list(side) for side in padding] == halves


def _pads(layer: Layer) -> bool:
    """Whether zeros put before the layer mean the same as its own padding."""
    padding = layer.params.get("padding", "valid")
    if isinstance(padding, str):
        return False
    counts = layer.type in _AVERAGES and layer.params.get("count_include_pad") and not layer.params.get("ceil_mode")
    return layer.type in _CONVOLUTIONS or bool(counts)
