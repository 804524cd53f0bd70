"""Pools with explicit padding or rounding up become ``same`` or ``valid`` ones where that means the same windows.

Behind a ReLU a pool of largest values may have zeros before it instead: none of its values is below them.
"""

from collections.abc import Mapping
from typing import Any

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.passes.fold_padding import is_positive
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names, Weights, resolved_once

_POOLS = frozenset(f"{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3))


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """Sizes must be known; pools that have no such form stay as they are."""
    if not any(_is_odd(layer) for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolved_once(spec).layers}
    names, layers = Names(layer.name for layer in spec.layers), list[Layer]()
    for layer in spec.layers:
        found = known.get(layer.name) if _is_odd(layer) else None
        word = None if found is None else _word(found)
        if word is None:
            cells = None if found is None else _zeros(found, known)
            layers += [layer] if cells is None else _padded(layer, cells, names.fresh(f"{layer.name}/padding"), report)
            continue
        kept = _without_windows(layer)
        layers.append(layer.model_copy(update={"params": {**kept, "padding": word} if word == "same" else kept}))
        report.rewrote(layer.name, f"windows by padding {word!r}", "the same windows on inputs of this size")
    return spec.model_copy(update={"layers": tuple(layers)}), weights


def _without_windows(layer: Layer) -> dict[str, Any]:
    gone = ("padding", "ceil_mode", "count_include_pad")
    return {key: value for key, value in layer.params.items() if key not in gone}


def _padded(layer: Layer, cells: list[list[int]], name: str, report: Report) -> list[Layer]:
    """Zeros, and the pool behind them."""
    type = f"ZeroPadding{len(cells)}D"
    pad = Layer(name=name, type=type, params={"padding": cells[0] if len(cells) == 1 else cells}, inputs=layer.inputs)
    report.rewrote(layer.name, f"padding as {type}", "behind a ReLU no largest value is below zero")
    return [pad, layer.model_copy(update={"params": _without_windows(layer), "inputs": (name,)})]


def _zeros(layer: ResolvedLayer, known: Mapping[str, ResolvedLayer]) -> list[list[int]] | None:
    """Cells before and after each axis that give the pool's windows, if zeros do not change its values."""
    source = known.get(layer.inputs[0].layer)
    if not layer.type.startswith("Max") or source is None or not is_positive(source):
        return None
    p, found = layer.params, list[list[int]]()
    for axis, (window, stride) in enumerate(zip(p["pool_size"], p["strides"], strict=True)):
        size, count = layer.input_shapes[0][axis], layer.output_shapes[0][axis]
        if not isinstance(size, int) or not isinstance(count, int) or p["padding"] == "same":
            return None
        before = 0 if p["padding"] == "valid" else p["padding"][axis][0]
        found.append([before, max((count - 1) * stride + window - size - before, 0)])
    return found


def _is_odd(layer: Layer) -> bool:
    odd = layer.params.get("ceil_mode") or not isinstance(layer.params.get("padding", "valid"), str)
    return layer.type in _POOLS and bool(odd)


def _word(layer: ResolvedLayer) -> str | None:
    """``valid`` or ``same`` where all axes agree on one of them; None where neither says these windows."""
    words = [_along(layer, axis) for axis in range(len(layer.params["pool_size"]))]
    found = set.intersection(*words)
    return "valid" if "valid" in found else "same" if found else None


def _along(layer: ResolvedLayer, axis: int) -> set[str]:
    p = layer.params
    size, count = layer.input_shapes[0][axis], layer.output_shapes[0][axis]
    if not isinstance(size, int) or not isinstance(count, int):
        return set()
    window, stride = p["pool_size"][axis], p["strides"][axis]
    before = 0 if p["padding"] == "valid" else p["padding"][axis][0]
    padded = p["padding"] != "valid" and any(p["padding"][axis])
    if padded and p.get("count_include_pad"):
        return set()
    after = (count - 1) * stride + window - size - before
    words = set()
    if before == 0 and after <= 0 and count == (size - window) // stride + 1:
        words.add("valid")
    total = max((count - 1) * stride + window - size, 0)
    if count == -(-size // stride) and before == total // 2:
        words.add("same")
    return words
