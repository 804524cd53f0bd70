"""The net's ends as training sees them: what its output means, and what reads its inputs."""

from collections.abc import Iterator
from dataclasses import dataclass

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import Free, Shape
from visualnn_shared.spec.refs import Ref

_SAME_VALUES = {
    "Dropout", "Flatten", "Reshape", "Permute", "GaussianNoise",
    *(f"{move}{rank}D" for move in ("ZeroPadding", "Cropping", "SpatialDropout") for rank in (1, 2, 3)),
}  # fmt: skip
"""Layers that leave values what they are: a softmax before a Flatten is still a softmax."""


_FUNCTIONS = {
    "ReLU": "relu", "HierarchicalSoftmax": "softmax", "Sigmoid": "sigmoid", "Tanh": "tanh", "SELU": "selu",
    "Softplus": "softplus", "Softsign": "softsign", "HardSigmoid": "hard_sigmoid", "GELU": "gelu", "Swish": "silu",
    "Exp": "exponential",
}  # fmt: skip
"""Layer types that are a function themselves; the values of HierarchicalSoftmax are shares that sum to 1."""


@dataclass(frozen=True, slots=True)
class Head:
    """An output: its shape without the batch axis (None is free), and the function that gave its values."""

    ref: Ref
    shape: tuple[int | None, ...]
    activation: str
    """softmax (along the last axis), sigmoid, relu, tanh, ...; "linear" where values are not bounded."""
    settable: bool = True
    """Whether its layer has a parameter that says the activation."""

    @property
    def units(self) -> int:
        """Values along the last axis; 1 for a single value, 0 where it is not known."""
        return (self.shape[-1] or 0) if self.shape else 1


def heads(resolved: Resolved) -> list[Head]:
    """Every output of the net, in order."""
    layers = {layer.name: layer for layer in resolved.layers}
    return [
        Head(ref, plain(shape), _activation(layers, ref), "activation" in layers[ref.layer].params)
        for ref, shape in resolved.outputs
    ]


def plain(shape: Shape) -> tuple[int | None, ...]:
    """A shape with None for free dimensions."""
    return tuple(None if isinstance(dim, Free) else dim for dim in shape)


def _activation(layers: dict[str, ResolvedLayer], ref: Ref) -> str:
    while True:
        layer = layers[ref.layer]
        if layer.type == "Softmax":
            last = (-1, len(layer.output_shapes[0]))
            return "softmax" if layer.params["axis"] in last else "linear"
        if layer.type in _FUNCTIONS:
            return _FUNCTIONS[layer.type]
        given = layer.params.get("activation", "linear")
        name = str(given["name"] if isinstance(given, dict) else given)
        if name != "linear" and layer.type != "Input":
            return name
        if layer.type != "Activation" and layer.type not in _SAME_VALUES:
            return "linear"
        ref = layer.inputs[0]


def readers(resolved: Resolved, name: str) -> Iterator[ResolvedLayer]:
    """The layers that read the values of Input ``name``, looking through layers that leave them as they are."""
    same = {name}
    for layer in resolved.layers:  # in dependency order
        if any(ref.layer in same for ref in layer.inputs):
            if layer.type in _SAME_VALUES:
                same.add(layer.name)
            else:
                yield layer
