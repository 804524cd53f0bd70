"""What a rewrite sees and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from visualnn_shared.analysis.walk import ResolvedLayer
from visualnn_shared.catalogue.mapping import without_defaults
from visualnn_shared.spec.model import Layer

Tensors = Mapping[str, NDArray[Any]]


def _none(_own: Tensors) -> Tensors:
    return {}


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Layers in place of one: the last has its name, so that what reads it need not change."""

    layers: tuple[Layer, ...]
    takes: tuple[str, ...] = ()
    """Tensors of the layer that ``tensors`` makes others of."""
    tensors: Callable[[Tensors], Tensors] = field(default=_none)
    """Of the layer's own tensors by variable, the new ones by ``layer/variable``."""
    bound: str | None = None
    """For rewrites that are not exact: how far off they may be."""
    needs_weights: bool = False
    """Whether the layers alone, with other values, would compute something else."""


@dataclass(frozen=True, slots=True)
class Place:
    """A layer in its net."""

    layer: ResolvedLayer
    layers: Mapping[str, ResolvedLayer]

    @property
    def inputs(self) -> tuple[str, ...]:
        """References as a spec writes them."""
        return tuple(map(str, self.layer.inputs))

    def params(self, *without: str, **changed: Any) -> dict[str, Any]:
        """The layer's parameters that are not the defaults, less some, with some changed."""
        kept = without_defaults(self.layer.entry, self.layer.params)
        return {**{key: value for key, value in kept.items() if key not in without}, **changed}

    def part(self, name: str, type: str, params: Mapping[str, Any], inputs: tuple[str, ...]) -> Layer:
        """A new layer beside this one."""
        return Layer(name=f"{self.layer.name}/{name}", type=type, params=dict(params), inputs=inputs)

    def last(self, type: str, params: Mapping[str, Any], inputs: tuple[str, ...]) -> Layer:
        """The layer that takes this one's place."""
        return Layer(name=self.layer.name, type=type, params=dict(params), inputs=inputs)
