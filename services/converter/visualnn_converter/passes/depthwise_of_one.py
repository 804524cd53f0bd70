"""A depthwise convolution of one channel is a convolution: formats that say both in one word read it so."""

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights

_WHOLE = {"DepthwiseConv1D": "Conv1D", "DepthwiseConv2D": "Conv2D"}


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """``DepthwiseConv2D(depth_multiplier=2)`` over one channel -> ``Conv2D(filters=2)``; its tensors are the same."""
    if not any(layer.type in _WHOLE for layer in spec.layers):
        return spec, weights
    single = {layer.name for layer in resolve(spec).layers if layer.type in _WHOLE and layer.input_shapes[0][-1] == 1}
    layers = tuple(_convolution(layer) if layer.name in single else layer for layer in spec.layers)
    return spec.model_copy(update={"layers": layers}), weights


def _convolution(layer: Layer) -> Layer:
    params = {name.replace("depthwise_", "kernel_"): value for name, value in layer.params.items()}
    params["filters"] = params.pop("depth_multiplier", 1)
    return layer.model_copy(update={"type": _WHOLE[layer.type], "params": params})
