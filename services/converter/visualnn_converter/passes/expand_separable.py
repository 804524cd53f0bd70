"""Separable convolutions as the two convolutions that they are, for formats that have an operator for each."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_FIRST = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier")


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``SeparableConv2D`` -> ``DepthwiseConv2D`` without bias, named ``<name>/depthwise``, and ``Conv2D`` of 1 x 1."""
    if not any(_rank(layer) for layer in spec.layers):
        return spec, weights
    names, layers, tensors = Renaming(spec), list[Layer](), dict(weights) if weights is not None else None
    fresh = {layer.name: names.fresh(f"{layer.name}/depthwise") for layer in spec.layers if _rank(layer)}
    for layer in spec.layers:
        rank = _rank(layer)
        if not rank:
            layers.append(layer)
            continue
        first, p = fresh[layer.name], layer.params
        params = {key: p[key] for key in _FIRST if key in p}
        owner = fresh.get(layer.weights_of) if layer.weights_of else None
        layers.append(Layer(name=first, type=f"DepthwiseConv{rank}", params={**params, "use_bias": False},
                            inputs=layer.inputs, weights_of=owner))  # fmt: skip
        layers.append(layer.model_copy(update={"type": f"Conv{rank}", "params": _pointwise(p), "inputs": (first,)}))
        report.rewrote(layer.name, f"as {first} and itself", f"{report.target} has an operator for each convolution")
        if tensors is not None:
            _move(tensors, layer.name, first)
    return names.apply(spec, layers), tensors


def _rank(layer: Layer) -> str:
    return layer.type.removeprefix("SeparableConv") if layer.type.startswith("SeparableConv") else ""


def _pointwise(p: Mapping[str, Any]) -> dict[str, Any]:
    """What belongs to the second convolution, under its names."""
    kept = {key: value for key, value in p.items() if key not in _FIRST and not key.startswith("depthwise_")}
    return {key.replace("pointwise_", "kernel_"): value for key, value in kept.items()} | {"kernel_size": 1}


def _move(tensors: dict[str, Any], old: str, new: str) -> None:
    for variable, layer in (("depthwise_kernel", new), ("pointwise_kernel", old)):
        tensor = tensors.pop(f"{old}/{variable}", None)
        if tensor is not None:
            tensors[f"{layer}/kernel"] = tensor
