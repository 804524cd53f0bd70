"""``same`` padding in cells, for formats that have no such word; input sizes must be known, or strides be 1."""

from visualnn_shared.catalogue.maps import Context
from visualnn_shared.catalogue.window_lenses import same_pads
from visualnn_shared.spec.model import Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, resolved_once


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``padding="same"`` -> ``[[top, bottom], [left, right]]``; what cannot be computed stays."""
    if not any(layer.params.get("padding") == "same" for layer in spec.layers):
        return spec, weights
    known = {layer.name: layer for layer in resolved_once(spec).layers}
    layers = []
    for layer in spec.layers:
        found = known.get(layer.name) if layer.params.get("padding") == "same" else None
        p = found.params if found else {}
        window = p.get("kernel_size") or p.get("pool_size")
        pads = None
        if found is not None and window is not None and getattr(found.entry.kinds["padding"], "cells", False):
            dilation = p.get("dilation_rate", (1,) * len(window))
            pads = same_pads(window, p["strides"], dilation, Context(input_shapes=found.input_shapes))
        if pads is None:
            layers.append(layer)
            continue
        kept = {key: value for key, value in layer.params.items() if key != "padding"}
        if any(cell for side in pads for cell in side):
            kept["padding"] = pads
        layers.append(layer.model_copy(update={"params": kept}))
        report.rewrote(layer.name, f"padding 'same' as {pads}", f"{report.target} pads by cells")
    return spec.model_copy(update={"layers": tuple(layers)}), weights
