"""Global pooling that keeps its axes of one, and the Flatten that alone reads it, are global pooling that does not."""

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``GlobalAveragePooling2D(keepdims=True)`` and ``Flatten`` -> ``GlobalAveragePooling2D()``."""
    readers: dict[str, list[Layer]] = {}
    for layer in spec.layers:
        for ref in layer.inputs:
            readers.setdefault(ref, []).append(layer)
    names, merged, gone = Renaming(spec), dict[str, Layer](), set[str]()
    for layer in spec.layers:
        users = readers.get(layer.name, [])
        if _keeps(layer) and layer.name not in spec.outputs and [user.type for user in users] == ["Flatten"]:
            merged[layer.name] = layer.model_copy(update={"params": {}})
            gone.add(users[0].name)
            names.removes(users[0].name, layer.name)
            report.rewrote(layer.name, f"merged with {users[0].name}", "global pooling leaves the axes of one out")
    if not merged:
        return spec, weights
    layers = [merged.get(layer.name, layer) for layer in spec.layers if layer.name not in gone]
    return names.apply(spec, layers), weights


def _keeps(layer: Layer) -> bool:
    pool = layer.type.startswith(("GlobalAveragePooling", "GlobalMaxPooling"))
    return pool and layer.params.get("keepdims") is True
