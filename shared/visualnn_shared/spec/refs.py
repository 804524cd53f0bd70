"""References to a layer's output: ``"conv1"`` is its first, ``"lstm:1"`` its second."""

from typing import NamedTuple


class Ref(NamedTuple):
    """An output of a layer, counted from 0."""

    layer: str
    output: int = 0

    def __str__(self) -> str:
        return f"{self.layer}:{self.output}" if self.output else self.layer


def split_ref(text: str) -> Ref:
    """``"slice:1"`` -> ``("slice", 1)``; ``"conv"`` -> ``("conv", 0)``. Only digits after the last colon count."""
    layer, colon, index = text.rpartition(":")
    if colon and layer and index.isascii() and index.isdigit() and len(index) <= 6:
        return Ref(layer, int(index))
    return Ref(text)
