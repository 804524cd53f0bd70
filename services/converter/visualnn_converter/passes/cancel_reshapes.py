"""A Reshape of a Reshape is one, and one to the shape that is there already is none."""

from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.free import Shape, known
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.refs import Ref

from visualnn_converter.passes import drop_unread
from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_KINDS = frozenset({"Reshape", "Flatten"})


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """Reshape and Flatten move no values: of a chain of them the last shape counts, and what it already was is left."""
    if sum(layer.type in _KINDS for layer in spec.layers) < 1:
        return spec, weights
    resolved = resolve(spec)
    if resolved.problems:
        return spec, weights
    found = {layer.name: layer for layer in resolved.layers}
    names, read, changed = Renaming(spec), set(spec.outputs), dict[str, Layer]()
    begins: dict[str, tuple[Ref, Shape]] = {}
    given = {layer.name: layer for layer in spec.layers}
    for layer in (given[one.name] for one in resolved.layers):
        if layer.type not in _KINDS:
            continue
        mine = found[layer.name]
        source, shape = begins.get(mine.inputs[0].layer, (mine.inputs[0], mine.input_shapes[0]))
        begins[layer.name] = source, shape
        free = layer.name not in read or (str(source) not in read and found[source.layer].type != "Input")
        if free and _alike(shape, found[layer.name].output_shapes[0]):
            names.removes(layer.name, str(source))
            read.update({str(source)} if layer.name in read else ())
        elif str(source) != str(found[layer.name].inputs[0]):
            changed[layer.name] = layer.model_copy(update={"inputs": (str(source),)})
    rewired = names.apply(spec, [changed.get(layer.name, layer) for layer in spec.layers])
    return (spec, weights) if rewired == spec else drop_unread.run(rewired, weights, report)


def _alike(one: Shape, other: Shape) -> bool:
    """Whether the sizes are the same; where more than one is free nobody knows."""
    sizes = [known(n) for n in one]
    return sizes == [known(n) for n in other] and sizes.count(None) < 2
