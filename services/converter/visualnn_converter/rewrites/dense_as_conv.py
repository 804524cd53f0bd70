"""A Dense layer on a picture: a convolution of one cell."""

from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite, Tensors

NAME = "dense as conv"
WHAT = "a Dense layer on a picture as a 1 x 1 Conv2D (same numbers)"


def rewrite(place: Place, _problem: Problem) -> Rewrite | None:
    """``Dense`` on height, width, channels -> ``Conv2D``: each computes the channels of one cell alone. Exact."""
    layer, p = place.layer, place.layer.params
    if layer.type != "Dense" or len(layer.input_shapes[0]) != 3:
        return None
    params = {"filters": p["units"], "kernel_size": 1, "activation": p["activation"], "use_bias": p["use_bias"]}

    def tensors(own: Tensors) -> Tensors:
        return {f"{layer.name}/kernel": own["kernel"].reshape(1, 1, *own["kernel"].shape)}

    return Rewrite((place.last("Conv2D", params, place.inputs),), ("kernel",), tensors)
