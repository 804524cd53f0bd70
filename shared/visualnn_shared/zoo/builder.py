"""A short way to write a network: each call adds a layer and returns its name, which feeds the next."""

from typing import Any

from visualnn_shared.spec.model import Layer, Spec


class Net:
    """A spec in the making."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: list[Layer] = []

    def input(self, name: str, *shape: int, **params: Any) -> str:
        """An Input layer of one sample's ``shape``."""
        return self._add(Layer(name=name, type="Input", params={"shape": list(shape), **params}))

    def add(self, name: str, type: str, *inputs: str, **params: Any) -> str:
        """A layer fed by ``inputs``, or by the layer before where none is named."""
        sources = inputs or (self.layers[-1].name,)
        return self._add(Layer(name=name, type=type, params=params, inputs=sources))

    def spec(self, *outputs: str) -> Spec:
        """The network; its last layer is the output where none is named."""
        return Spec(name=self.name, layers=tuple(self.layers), outputs=outputs or (self.layers[-1].name,))

    def _add(self, layer: Layer) -> str:
        self.layers.append(layer)
        return layer.name
