"""A short way to write a network: each call adds a layer and returns its name, which feeds the next."""

import re
from collections import Counter
from typing import Any

from visualnn_shared.spec.model import Layer, Spec


class Net:
    """A spec in the making."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: list[Layer] = []
        self._unnamed: Counter[str] = Counter()

    @property
    def last(self) -> str:
        """The name of the layer added last."""
        return self.layers[-1].name

    def input(self, name: str, *shape: int | None, **params: Any) -> str:
        """An Input layer of one sample's ``shape``; None is a free size."""
        return self._add(Layer(name=name, type="Input", params={"shape": list(shape), **params}))

    def add(self, name: str, type: str, *inputs: str, weights_of: str | None = None, **params: Any) -> str:
        """A layer fed by ``inputs``, or by the layer before where none is named."""
        sources = inputs or (self.last,)
        return self._add(Layer(name=name, type=type, params=params, inputs=sources, weights_of=weights_of))

    def auto(self, type: str, *inputs: str, **params: Any) -> str:
        """A layer named as Keras names those without a name: ``conv2d``, ``conv2d_1``, ..."""
        snake = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type)).lower()
        number = self._unnamed[snake]
        self._unnamed[snake] += 1
        return self.add(f"{snake}_{number}" if number else snake, type, *inputs, **params)

    def spec(self, *outputs: str) -> Spec:
        """The network; its last layer is the output where none is named."""
        return Spec(name=self.name, layers=tuple(self.layers), outputs=outputs or (self.last,))

    def _add(self, layer: Layer) -> str:
        self.layers.append(layer)
        return layer.name
