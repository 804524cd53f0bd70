"""Global pooling that keeps its axes of one, then a Flatten, for formats that know no other."""

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

_GLOBAL = frozenset({"GlobalAveragePooling2D", "GlobalMaxPooling2D"})


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``GlobalAveragePooling2D()`` -> ``GlobalAveragePooling2D(keepdims=True)`` and ``Flatten``."""
    if not any(_drops(layer) for layer in spec.layers):
        return spec, weights
    names, layers = Renaming(spec), list[Layer]()
    for layer in spec.layers:
        if not _drops(layer):
            layers.append(layer)
            continue
        name = names.fresh(f"{layer.name}/flatten")
        layers.append(layer.model_copy(update={"params": {"keepdims": True}}))
        layers.append(Layer(name=name, type="Flatten", inputs=(layer.name,)))
        names.takes_over(layer.name, name)
        report.rewrote(layer.name, "Flatten behind it", f"global pooling of {report.target} keeps height and width")
    return names.apply(spec, layers), weights


def _drops(layer: Layer) -> bool:
    return layer.type in _GLOBAL and not layer.params.get("keepdims", False)
