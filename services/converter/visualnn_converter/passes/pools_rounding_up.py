"""Pools that are padded more at the end round up instead, for formats that pad both sides alike and can round up."""

from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, resolved_once

_POOLS = frozenset(f"{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3))


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``MaxPooling2D(padding=[[0, 1], [0, 1]])`` -> ``ceil_mode``, where its windows are the same on this input.

    Means do not count what lies beyond the end, so those that count their padding stay.
    """
    if not any(_is_padded(layer) for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolved_once(spec).layers}
    layers = []
    for layer in spec.layers:
        if not (_is_padded(layer) and layer.name in known and _rounds_up(known[layer.name])):
            layers.append(layer)
            continue
        kept = {key: value for key, value in layer.params.items() if key != "padding"}
        before = [side[0] for side in known[layer.name].params["padding"]]
        both = {"padding": [[cells, cells] for cells in before]} if any(before) else {}
        layers.append(layer.model_copy(update={"params": {**kept, **both, "ceil_mode": True}}))
        report.rewrote(layer.name, "padding at the end as rounding up", "the same windows on inputs of this size")
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _is_padded(layer: Layer) -> bool:
    return layer.type in _POOLS and not isinstance(layer.params.get("padding", "valid"), str)


def _rounds_up(layer: ResolvedLayer) -> bool:
    p, sizes, counts = layer.params, layer.input_shapes[0], layer.output_shapes[0]
    uneven = any(before != after for before, after in p["padding"])
    if not uneven or (layer.type.startswith("Average") and (p["count_include_pad"] or any(b for b, _ in p["padding"]))):
        return False
    windows = zip(p["padding"], p["pool_size"], p["strides"], sizes, counts, strict=False)
    return all(_along(*one) for one in windows)


def _along(cells: tuple[int, int], window: int, stride: int, size: Any, count: Any) -> bool:
    """Whether rounding up gives as many windows, the last of which begins on the input."""
    if not isinstance(size, int) or not isinstance(count, int):
        return False
    rounded = -(-(size + 2 * cells[0] - window) // stride) + 1
    return rounded == count and (count - 1) * stride < size + cells[0]
