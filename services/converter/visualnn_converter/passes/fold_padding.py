"""A layer of zeros goes into the windows behind it, for formats whose layers pad themselves and that have no other."""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights, resolved_once

_ZEROS = frozenset(f"ZeroPadding{rank}D" for rank in (1, 2, 3))
_CONVOLUTIONS = frozenset({"Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"})
_AVERAGES = frozenset(f"AveragePooling{rank}D" for rank in (1, 2, 3))
_LARGEST = frozenset(f"MaxPooling{rank}D" for rank in (1, 2, 3))


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``ZeroPadding2D`` and ``Conv2D(padding="valid")`` -> ``Conv2D(padding=[[1, 2], [1, 2]])``.

    Mean pools then count what they pad; behind a ReLU no largest value is below the zeros. Others stay as they are.
    """
    if not any(layer.type in _ZEROS for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolved_once(spec).layers}
    users: dict[str, list[ResolvedLayer]] = {}
    for layer in known.values():
        for ref in layer.inputs:
            users.setdefault(ref.layer, []).append(layer)
    names, folded = Renaming(spec), dict[str, ResolvedLayer]()
    for layer in known.values():
        fit = layer.type in _ZEROS and layer.name not in spec.outputs and layer.inputs[0].layer in known
        if fit and all(_takes(user, layer, known) for user in users.get(layer.name, ())):
            names.removes(layer.name, str(layer.inputs[0]))
            folded[layer.name] = layer
    if not folded:
        return spec, weights
    layers = [_padded(layer, known, folded, report) for layer in spec.layers if layer.name not in folded]
    return names.apply(spec, layers), weights


def _takes(user: ResolvedLayer, zeros: ResolvedLayer, known: Mapping[str, ResolvedLayer]) -> bool:
    p = user.params
    if user.type in _CONVOLUTIONS:
        return not isinstance(p["padding"], str) or p["padding"] == "valid"
    if user.type in _AVERAGES | _LARGEST and (p["padding"] != "valid" or p["ceil_mode"]):
        return False
    fits = all(max(side) < size for side, size in zip(_cells(zeros), p.get("pool_size", ()), strict=False))
    return fits and (user.type in _AVERAGES or (user.type in _LARGEST and is_positive(known[zeros.inputs[0].layer])))


def is_positive(layer: ResolvedLayer) -> bool:
    """Whether no value of the layer is below 0."""
    if layer.type == "ReLU":
        return not layer.params["negative_slope"] and layer.params["threshold"] >= 0
    return layer.params.get("activation") in ("relu", "relu6", "sigmoid", "softmax")


def _cells(zeros: ResolvedLayer) -> list[list[int]]:
    padding = zeros.params["padding"]
    return [list(side) for side in ([padding] if zeros.type == "ZeroPadding1D" else padding)]


def _padded(
    layer: Layer, known: Mapping[str, ResolvedLayer], folded: Mapping[str, ResolvedLayer], report: Report
) -> Layer:
    found = known.get(layer.name)
    zeros = folded.get(found.inputs[0].layer) if found is not None and found.inputs else None
    if found is None or zeros is None:
        return layer
    own = found.params["padding"]
    cells = _cells(zeros)
    if not isinstance(own, str):
        cells = [[a + b for a, b in zip(mine, more, strict=True)] for mine, more in zip(own, cells, strict=True)]
    params: dict[str, Any] = {**layer.params, "padding": cells}
    if layer.type in _AVERAGES:
        params["count_include_pad"] = True
    report.rewrote(layer.name, f"padding of {zeros.name} in it", "a layer of zeros before it means the same")
    return layer.model_copy(update={"params": params})
