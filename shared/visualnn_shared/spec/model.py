"""The model description that travels: frozen, framework-free, JSON."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION: Final = 1
MAX_LAYERS = 20_000
MAX_NAME = 200
MAX_NOTE = 2_000
MAX_GROUPS = 2_000
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""What names of models and data sets match: no control characters, no line breaks. As a pattern for both pydantic and
``re``."""


def _empty(value: object) -> bool:
    return not value


class Layer(BaseModel):
    """One node: a catalogue type with its parameters, fed by the named outputs of other layers.

    ``inputs`` name layers; ``"slice:1"`` is the second output of a layer that has several.
    ``weights_of`` names the layer whose weights this one uses as its own. ``note`` is for people: it has no meaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    type: str = Field(min_length=1, max_length=MAX_NAME)
    params: dict[str, Any] = Field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    weights_of: str | None = None
    note: str = Field(default_factory=str, max_length=MAX_NOTE, exclude_if=_empty)


class Group(BaseModel):
    """Layers that people see as one part, such as a block: for the eye, without meaning for the net.

    A group whose layers are all in another one lies within it. Names of layers that the spec has not are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    layers: tuple[str, ...] = Field(min_length=1, max_length=MAX_LAYERS)
    folded: bool = False


class Spec(BaseModel):
    """A network: layers in any order (edges are the meaning), and the layers whose outputs it answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visualnn: Literal[1] = VERSION
    name: str = Field(min_length=1, max_length=MAX_NAME)
    layers: tuple[Layer, ...] = Field(max_length=MAX_LAYERS)
    outputs: tuple[str, ...] = ()
    groups: tuple[Group, ...] = Field(default_factory=tuple, max_length=MAX_GROUPS, exclude_if=_empty)
