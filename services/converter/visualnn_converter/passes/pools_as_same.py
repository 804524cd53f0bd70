"""Pools with explicit padding or rounding up become ``same`` or ``valid`` ones where that means the same windows."""

from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, resolved_once

_POOLS = frozenset(f"{how}Pooling{rank}D" for how in ("Max", "Average") for rank in (1, 2, 3))


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """Sizes must be known; pools that have no such form stay as they are."""
    if not any(_is_odd(layer) for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolved_once(spec).layers}
    layers = []
    for layer in spec.layers:
        word = _word(known[layer.name]) if _is_odd(layer) and layer.name in known else None
        if word is None:
            layers.append(layer)
            continue
        kept = {
            key: value
            for key, value in layer.params.items()
            if key not in ("padding", "ceil_mode", "count_include_pad")
        }
        layers.append(layer.model_copy(update={"params": {**kept, "padding": word} if word == "same" else kept}))
        report.rewrote(layer.name, f"windows by padding {word!r}", "the same windows on inputs of this size")
    return spec.model_copy(update={"layers": tuple(layers)}), weights


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
