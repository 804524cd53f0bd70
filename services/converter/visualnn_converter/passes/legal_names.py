"""Layer names as a format allows them; the report tells which changed, so that the change can be undone."""

from collections.abc import Callable, Mapping

from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.refs import split_ref

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Names, Weights, split_tensor


def run(
    spec: Spec, weights: Weights | None, report: Report, legal: Callable[[str], str]
) -> tuple[Spec, Weights | None]:
    """Rename every layer whose name ``legal`` changes; references, shared weights and tensors follow."""
    wanted = {layer.name: legal(layer.name) for layer in spec.layers}
    if all(old == new for old, new in wanted.items()):
        return spec, weights
    names = Names(old for old, new in wanted.items() if old == new)
    renamed = {old: names.fresh(new) for old, new in wanted.items() if old != new}
    report.renamed.update(renamed)

    def of(ref: str) -> str:
        if ref in renamed:
            return renamed[ref]
        layer, output = split_ref(ref)
        return f"{renamed.get(layer, layer)}:{output}" if output else renamed.get(layer, layer)

    def moved_layer(layer: Layer) -> Layer:
        name, inputs = renamed.get(layer.name, layer.name), tuple(map(of, layer.inputs))
        owner = renamed.get(layer.weights_of, layer.weights_of) if layer.weights_of else None
        if (name, inputs, owner) == (layer.name, layer.inputs, layer.weights_of):
            return layer
        return layer.model_copy(update={"name": name, "inputs": inputs, "weights_of": owner})

    layers = tuple(map(moved_layer, spec.layers))
    moved = None if weights is None else {_tensor(name, wanted, renamed): tensor for name, tensor in weights.items()}
    return spec.model_copy(update={"layers": layers, "outputs": tuple(map(of, spec.outputs))}), moved


def _tensor(name: str, layers: Mapping[str, str], renamed: Mapping[str, str]) -> str:
    layer, variable = split_tensor(name, layers)
    return f"{renamed.get(layer, layer)}/{variable}"
