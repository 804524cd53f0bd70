"""A padded maximum of values that are never negative: zeros around them, and windows without padding."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.spec.problem import Problem

from visualnn_converter.rewrites.base import Place, Rewrite

NAME = "zeros before pool"
WHAT = "padding of a MaxPooling behind values that are never negative as a ZeroPadding layer (same numbers)"
_NEVER_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "softmax", "softplus", "exponential", "hard_sigmoid"})
_KEEP = frozenset({
    "Dropout", "Reshape", "Flatten", "Permute", "Concatenate", "Add", "Multiply", "Maximum", "Average",
    *(f"{kind}{rank}D" for kind in ("MaxPooling", "AveragePooling", "ZeroPadding", "SpatialDropout", "UpSampling",
                                    "Cropping") for rank in (1, 2, 3)),
})  # fmt: skip


def rewrite(place: Place, problem: Problem) -> Rewrite | None:
    """``MaxPooling2D(padding=[[1, 1], [1, 1]])`` -> ``ZeroPadding2D`` and ``MaxPooling2D``.

    Exact: the padding is no value, and no real value is below zero. Windows that round up get their missing cells too.
    """
    layer, p = place.layer, place.layer.params
    rank = len(p.get("pool_size", ()))
    if layer.type != f"MaxPooling{rank}D" or problem.where.param not in ("padding", "ceil_mode"):
        return None
    if not never_negative(layer.inputs[0].layer, place.layers):
        return None
    cells = [_around(layer, axis) for axis in range(rank)]
    if None in cells:
        return None
    pad = place.part("padding", f"ZeroPadding{rank}D", {"padding": cells[0] if rank == 1 else cells}, place.inputs)
    return Rewrite((pad, place.last(layer.type, place.params("padding", "ceil_mode"), (pad.name,))))


def _around(layer: ResolvedLayer, axis: int) -> list[int] | None:
    """Cells before and after, such that windows without padding are the same ones."""
    p = layer.params
    size, count = layer.input_shapes[0][axis], layer.output_shapes[0][axis]
    if not isinstance(size, int) or not isinstance(count, int):
        return None
    reach = (count - 1) * p["strides"][axis] + p["pool_size"][axis]
    if p["padding"] == "same":
        before = max(reach - size, 0) // 2
    else:
        before = 0 if p["padding"] == "valid" else p["padding"][axis][0]
    return [before, max(reach - size - before, 0)]


def never_negative(name: str, layers: Mapping[str, ResolvedLayer]) -> bool:
    """Whether no value of the layer can be below zero."""
    waiting, seen = [name], set[str]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = layers.get(at)
        if layer is None:
            return False
        if layer.params.get("activation") in _NEVER_NEGATIVE or _is_relu(layer.type, layer.params):
            continue
        if layer.type not in _KEEP or any(c < 0 for c in layer.params.get("coefficients") or ()):
            return False
        waiting += [ref.layer for ref in layer.inputs]
    return True


def _is_relu(type: str, params: Mapping[str, Any]) -> bool:
    return type == "Softmax" or (type == "ReLU" and not params["negative_slope"] and not params["threshold"])
