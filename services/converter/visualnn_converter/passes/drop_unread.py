"""Layers that no output depends on: what rewrites leave behind."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.refs import split_ref

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Weights, split_tensor


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """Without these layers, their tensors and their lines in the report. Inputs stay, and owners of shared weights."""
    layers = {layer.name: layer for layer in spec.layers}
    waiting, kept = [split_ref(ref).layer for ref in spec.outputs], set[str]()
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept.add(name)
        layer = layers[name]
        waiting += [split_ref(ref).layer for ref in layer.inputs]
        waiting += [layer.weights_of] if layer.weights_of else []
    kept.update(layer.name for layer in spec.layers if layer.type == "Input")
    if len(kept) == len(layers):
        return spec, weights
    report.mapped[:] = [line for line in report.mapped if line.layer in kept or line.layer not in layers]
    left = None if weights is None else {k: v for k, v in weights.items() if split_tensor(k, layers)[0] in kept}
    return spec.model_copy(update={"layers": tuple(one for one in spec.layers if one.name in kept)}), left
