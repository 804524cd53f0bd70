"""Uneven padding: a kernel with zeros on the side that has less."""

import numpy as np
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.maps import Context
from visualnn_shared.catalogue.window_lenses import same_pads
from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite, Tensors

NAME = "wider kernel"
WHAT = "uneven padding as even padding and a kernel with rows of zeros (same numbers, more MACs, more weights)"
_TYPES = frozenset({"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D"})


def rewrite(place: Place, problem: Problem) -> Rewrite | None:
    """Pads (0, 1) with a kernel of 3 -> pads (1, 1) with a kernel of 4 whose first row is zero: the same windows.

    Exact: zeros times what the wider window meets. The zeros would be trained, so this is for inference.
    """
    layer, p = place.layer, place.layer.params
    if layer.type not in _TYPES or problem.where.param != "padding":
        return None
    pads = _cells(layer)
    if pads is None:
        return None
    more = [after - before for before, after in pads]
    if not any(more):  # zeros before it are written as its own padding
        more = [after - before for before, after in _zeros_before(place)]
    if not any(more) or any(n % d for n, d in zip(more, p["dilation_rate"], strict=True)):
        return None
    rows = [n // d for n, d in zip(more, p["dilation_rate"], strict=True)]
    size = [k + abs(n) for k, n in zip(p["kernel_size"], rows, strict=True)]
    even = [[before + max(n, 0), after + max(-n, 0)] for (before, after), n in zip(pads, more, strict=True)]
    zeros = [*((max(n, 0), max(-n, 0)) for n in rows), (0, 0), (0, 0)]

    def tensors(own: Tensors) -> Tensors:
        return {f"{layer.name}/kernel": np.pad(own["kernel"], zeros)}

    made = place.last(layer.type, place.params(padding=even, kernel_size=size), place.inputs)
    return Rewrite((made,), ("kernel",), tensors, needs_weights=True)


def _cells(layer: ResolvedLayer) -> list[list[int]] | None:
    """The layer's own padding; None where it depends on a free size."""
    p = layer.params
    if p["padding"] == "valid":
        return [[0, 0] for _ in p["kernel_size"]]
    if p["padding"] == "same":
        context = Context(input_shapes=layer.input_shapes)
        return same_pads(p["kernel_size"], p["strides"], p["dilation_rate"], context)
    return None if isinstance(p["padding"], str) else [list(side) for side in p["padding"]]


def _zeros_before(place: Place) -> list[list[int]]:
    before, rank = place.layers[place.layer.inputs[0].layer], len(place.layer.params["kernel_size"])
    if rank == 1 or before.type != f"ZeroPadding{rank}D":
        return [[0, 0]] * rank
    return [list(side) for side in before.params["padding"]]
