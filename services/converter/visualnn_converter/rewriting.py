"""What graph rewrites share: fresh names, and consumers that move from one layer to another."""

import weakref
from collections.abc import Container, Iterable, Mapping
from typing import Any

from numpy.typing import NDArray
from visualnn_shared.analysis.walk import Resolved, resolve
from visualnn_shared.spec.model import MAX_NAME, Layer, Spec

_known: tuple[weakref.ReferenceType[Spec], Resolved] | None = None


def resolved_once(spec: Spec) -> Resolved:
    """``resolve``, remembered for the last spec: of passes that run in turn, few change it. Not to be changed."""
    global _known
    known = _known
    if known is not None and known[0]() is spec:
        return known[1]
    found = resolve(spec)
    _known = (weakref.ref(spec, _forget), found)
    return found


def _forget(gone: weakref.ReferenceType[Spec]) -> None:
    global _known
    if _known is not None and _known[0] is gone:
        _known = None


Weights = Mapping[str, NDArray[Any]]
"""Tensors named ``layer/variable``, in Keras layout."""


def split_tensor(name: str, layers: Container[str]) -> tuple[str, str]:
    """Layer and variable: names of both may hold slashes, so the longest beginning that is a layer counts."""
    at = name.rfind("/")
    while at > 0 and name[:at] not in layers:
        at = name.rfind("/", 0, at)
    layer, _, variable = name.rpartition("/") if at <= 0 else (name[:at], "/", name[at + 1 :])
    return layer, variable


class Names:
    """Names that are taken, and new ones beside them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def fresh(self, wanted: str) -> str:
        """``wanted``, or it with a number; taken from now on."""
        wanted = wanted[:MAX_NAME]
        name, number = wanted, self._next.get(wanted, 1)
        while name in self._taken:
            suffix = f"_{number}"
            name, number = f"{wanted[: MAX_NAME - len(suffix)]}{suffix}", number + 1
            self._next[wanted] = number  # names that are taken stay so: the search goes on from here
        self._taken.add(name)
        return name

    def free(self, name: str) -> None:
        """The name may be used again."""
        self._taken.discard(name)


class Renaming:
    """Collects which layer takes over whose consumers, then rewires a spec in one pass."""

    def __init__(self, spec: Spec) -> None:
        self._names = Names(layer.name for layer in spec.layers)
        self._heirs: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def fresh(self, wanted: str) -> str:
        """A name that no layer has."""
        return self._names.fresh(wanted)

    def takes_over(self, old: str, new: str) -> None:
        """What read ``old`` now reads ``new``; ``new`` itself goes on reading what it says."""
        self._heirs[old] = new
        self._own[new] = old

    def removes(self, layer: str, source: str) -> None:
        """What read ``layer`` now reads its source."""
        self._heirs[layer] = source

    def of(self, ref: str) -> str:
        """The reference after the rewrite; chains of takeovers are followed."""
        seen, ref = 0, ref.removesuffix(":0")
        while ref in self._heirs and seen <= len(self._heirs):
            ref, seen = self._heirs[ref], seen + 1
        return ref

    def apply(self, spec: Spec, layers: Iterable[Layer]) -> Spec:
        """The spec with these layers and all references moved."""
        rewired = [self._rewire(layer) for layer in layers]
        outputs = tuple(self.of(ref) for ref in spec.outputs)
        return spec.model_copy(update={"layers": tuple(rewired), "outputs": outputs})

    def _rewire(self, layer: Layer) -> Layer:
        own = self._own.get(layer.name)
        inputs = tuple(ref if ref == own else self.of(ref) for ref in layer.inputs)
        return layer if inputs == layer.inputs else layer.model_copy(update={"inputs": inputs})
