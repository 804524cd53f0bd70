"""A separable convolution: its two steps."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite, Tensors

NAME = "separable in two"
WHAT = "a SeparableConv2D as a DepthwiseConv2D and a 1 x 1 Conv2D (same numbers)"
_FIRST = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier")
_SECOND = ("filters", "activation", "use_bias")


def rewrite(place: Place, _problem: Problem) -> Rewrite | None:
    """``SeparableConv2D`` -> ``DepthwiseConv2D`` without bias, then ``Conv2D`` of one cell. Exact."""
    layer, p = place.layer, place.layer.params
    if layer.type != "SeparableConv2D":
        return None
    deep = place.part("depthwise", "DepthwiseConv2D", {**_kept(p, _FIRST), "use_bias": False}, place.inputs)
    wide = place.last("Conv2D", {**_kept(p, _SECOND), "kernel_size": 1}, (deep.name,))

    def tensors(own: Tensors) -> Tensors:
        made = {f"{deep.name}/kernel": own["depthwise_kernel"], f"{layer.name}/kernel": own["pointwise_kernel"]}
        return {**made, **({f"{layer.name}/bias": own["bias"]} if "bias" in own else {})}

    return Rewrite((deep, wide), ("depthwise_kernel", "pointwise_kernel", "bias"), tensors)


def _kept(p: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: p[name] for name in names}
