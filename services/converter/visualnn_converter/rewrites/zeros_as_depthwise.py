"""Zeros around a picture: a depthwise convolution of one cell that pads."""

import numpy as np
from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite, Tensors

NAME = "zeros as depthwise"
WHAT = "a ZeroPadding2D as a DepthwiseConv2D of one cell with weights of 1 (same numbers, one more MAC a value)"


def rewrite(place: Place, _problem: Problem) -> Rewrite | None:
    """``ZeroPadding2D`` -> ``DepthwiseConv2D(1, padding=...)`` whose weights are all 1. Exact."""
    layer = place.layer
    if layer.type != "ZeroPadding2D":
        return None
    channels = layer.input_shapes[0][-1]
    if not isinstance(channels, int):
        return None
    padding = [list(side) for side in layer.params["padding"]]
    params = {
        "kernel_size": 1,
        "padding": padding,
        "use_bias": False,
        "depthwise_initializer": "ones",
        "trainable": False,
    }

    def tensors(_own: Tensors) -> Tensors:
        return {f"{layer.name}/kernel": np.ones((1, 1, channels, 1), np.float32)}

    uneven = any(before != after for before, after in padding)  # such need a wider kernel
    return Rewrite((place.last("DepthwiseConv2D", params, place.inputs),), (), tensors, needs_weights=uneven)
