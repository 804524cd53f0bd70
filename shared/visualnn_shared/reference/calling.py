"""One call of a layer, and where the functions that compute layers register: one for each layer type."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from visualnn_shared.errors import Invalid

Array = NDArray[Any]
Mask = Array | None
"""(batch, steps), true where a step counts."""
Answer = Array | list[Array]
Forward = Callable[["Call"], Answer]


class Unsupported(Invalid):
    """The reference cannot compute some layers; each is named."""

    code = "no-reference"
    title = "The NumPy reference cannot compute the model"


class Refused(Exception):  # noqa: N818 - says what happened to the layer
    """A layer cannot be computed as it is used here. The text is the rule that it breaks."""


@dataclass(frozen=True, slots=True)
class Call:
    """A layer at its inputs, outside training. Arrays are (batch, ...), channels last, as Keras lays them out."""

    type: str
    p: Mapping[str, Any]
    """Clean and complete parameters."""
    inputs: Sequence[Array]
    w: Mapping[str, Array] = field(default_factory=dict)
    """Variables by the catalogue's names; a bias that is not used is not there."""
    masks: Sequence[Mask] = ()

    @property
    def x(self) -> Array:
        """The first input."""
        return self.inputs[0]

    @property
    def mask(self) -> Mask:
        """Of the first input."""
        return self.masks[0] if self.masks else None

    def biased(self, x: Array, bias: str = "bias") -> Array:
        """``x`` plus the bias along the last axis, where the layer has one."""
        return x + self.w[bias] if bias in self.w else x


_FUNCTIONS: dict[str, Forward] = {}


def forward(*types: str) -> Callable[[Forward], Forward]:
    """Register the function that computes these layer types. Raises ``ValueError`` for a type that has one."""

    def register(function: Forward) -> Forward:
        for name in types:
            if name in _FUNCTIONS:
                raise ValueError(f"a layer type must have one reference; received another for {name!r}")
            _FUNCTIONS[name] = function
        return function

    return register


def function_of(name: str) -> Forward | None:
    """What computes the layer type, or None."""
    return _FUNCTIONS.get(name)
