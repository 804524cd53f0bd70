"""Products of a value and a function of it, where the product is a function of its own: the one in its place."""

from collections.abc import Mapping

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_PRODUCTS: Mapping[str, str] = {"sigmoid": "silu", "hard_sigmoid": "hard_silu"}
_DIFFERENCES: Mapping[str, str] = {"tanh": "tanh_shrink"}


def run(spec: Spec, weights: Weights | None, _report: Report) -> tuple[Spec, Weights | None]:
    """``Multiply([x, Activation("sigmoid")(x)])`` -> ``Activation("silu")``, under the name of the product."""
    made, users = {layer.name: layer for layer in spec.layers}, dict[str, int]()
    for ref in (*spec.outputs, *(ref for layer in spec.layers for ref in layer.inputs)):
        users[ref] = users.get(ref, 0) + 1
    layers, gone = list[Layer](), set[str]()
    for layer in spec.layers:
        function, gate = _function(layer, made)
        if function is None or users[gate] != 1:
            layers.append(layer)
            continue
        gone.add(gate)
        source = made[gate].inputs
        layers.append(Layer(name=layer.name, type="Activation", params={"activation": function}, inputs=source))
    if not gone:
        return spec, weights
    return Renaming(spec).apply(spec, [layer for layer in layers if layer.name not in gone]), weights


def _function(layer: Layer, made: Mapping[str, Layer]) -> tuple[str | None, str]:
    """The function that the layer and the one before it are, and that one's name."""
    if len(layer.inputs) != 2 or layer.type not in ("Multiply", "Subtract"):
        return None, ""
    one, other = layer.inputs
    table = _PRODUCTS if layer.type == "Multiply" else _DIFFERENCES
    for gate, source in ((other, one), (one, other))[: 2 if layer.type == "Multiply" else 1]:
        inner = made.get(gate)
        if inner is not None and inner.type == "Activation" and inner.inputs == (source,):
            return table.get(str(inner.params.get("activation"))), gate
    return None, ""
