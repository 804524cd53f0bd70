"""The normal form of a spec: what two specs that mean the same have in common, so that round trips can be compared."""

from typing import Any

from visualnn_shared.analysis.expand import expand
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue.mapping import without_defaults
from visualnn_shared.catalogue.maps import plain
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.refs import split_ref

from visualnn_converter.formats import formats
from visualnn_converter.report import Report


def canonical(spec: Spec, format: str = "native") -> dict[str, Any]:
    """Layers by name with the parameters that differ from their defaults, and the outputs.

    With a ``format``, what a file of it keeps: ``canonical(read(write(spec))) == canonical(spec, format)``.
    """
    module = formats()[format]
    spec = expand(spec)
    if hasattr(module, "normal"):
        spec = module.normal(spec, Report(source="native", target=format))
    layers = {
        layer.name: {
            "type": layer.type,
            "params": plain(without_defaults(layer.entry, layer.params)),
            "inputs": [str(ref) for ref in layer.inputs],
            "weights_of": layer.weights_of,
        }
        for layer in resolve(spec).layers
    }
    return {"layers": layers, "outputs": [str(split_ref(ref)) for ref in spec.outputs]}
