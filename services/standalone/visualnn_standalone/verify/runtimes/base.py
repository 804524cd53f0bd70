"""What every runtime gives: a net that answers, as a whole and layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Spec

from visualnn_standalone.verify.certificate import Runtime

Arrays = dict[str, NDArray[Any]]


class Unable(Exception):  # noqa: N818 - says what the runtime is
    """The runtime cannot run this file; the text says why."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of one side, and what VisualNN knows of it."""

    format: str
    name: str
    data: bytes
    spec: Spec
    """What our reader found in it, or what our writer was given."""
    weights: Mapping[str, NDArray[Any]]
    """Tensors of ``spec``."""
    weights_file: bytes | None = None
    """The file of weights beside it, where its format has one."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Layer of ``spec`` -> its name in the file, where they differ."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the reader of the file was told besides: ``input_shape``, ``state``."""

    @property
    def input_names(self) -> list[str]:
        """Inputs of ``spec``, in order."""
        return [layer.name for layer in resolve(self.spec).inputs]


class Running(Protocol):
    """A net in a runtime. Inputs are by the spec's names, in its layout; so are outputs."""

    @property
    def runtime(self) -> Runtime:
        """What computes, for the certificate."""

    def outputs(self, inputs: Arrays) -> list[NDArray[Any]]:
        """The net's outputs, in the spec's order."""

    def layers(self, inputs: Arrays) -> Arrays:
        """Values by the file's names, in the order of computation and in the file's own layout."""


def last_of(layer: str, names: Sequence[str], others: frozenset[str]) -> str | None:
    """The last of the file's values that belong to ``layer``: a layer may have become several, ``layer/activation``.

    ``others`` are names of further layers, which may begin alike.
    """
    found = None
    for name in names:
        if name == layer or (name.startswith(f"{layer}/") and name not in others):
            owner = max((other for other in others if name.startswith(f"{other}/")), key=len, default="")
            if len(owner) <= len(layer):
                found = name
    return found
