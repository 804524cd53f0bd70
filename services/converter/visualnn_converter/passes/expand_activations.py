"""Fused activations become layers of their own, for formats whose operators have none."""

from typing import Any

from visualnn_shared.spec.model import Layer, Spec

from visualnn_converter.report import Report
from visualnn_converter.rewriting import Renaming, Weights

FUSED = frozenset({
    "Dense", "Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D",
    "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "EinsumDense", "LocallyConnected1D", "LocallyConnected2D",
    "SeparableConv1D", "SeparableConv2D",
})  # fmt: skip


def run(spec: Spec, weights: Weights | None, report: Report) -> tuple[Spec, Weights | None]:
    """``Dense(activation="relu")`` -> ``Dense`` and ``Activation("relu")``, which takes over its consumers."""
    if not any(_function(layer) is not None for layer in spec.layers):
        return spec, weights
    renaming = Renaming(spec)
    layers: list[Layer] = []
    for layer in spec.layers:
        function = _function(layer)
        if function is None:
            layers.append(layer)
            continue
        params = {name: value for name, value in layer.params.items() if name != "activation"}
        name = renaming.fresh(f"{layer.name}/activation")
        layers.append(layer.model_copy(update={"params": params}))
        layers.append(Layer.model_construct(name=name, type="Activation", params={"activation": function},
                                            inputs=(layer.name,), weights_of=None))  # fmt: skip
        renaming.takes_over(layer.name, name)
        report.rewrote(layer.name, "activation as a layer", f"{report.target} has no activation inside {layer.type}")
    return renaming.apply(spec, layers), weights


def _function(layer: Layer) -> Any:
    function = layer.params.get("activation") if layer.type in FUSED else None
    return None if function in (None, "linear") else function
