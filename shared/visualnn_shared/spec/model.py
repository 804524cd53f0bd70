"""The model description that travels: frozen, framework-free, JSON."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

VERSION: Final = 1
MAX_LAYERS = 20_000
MAX_NAME = 200
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""What names of models and data sets match: no control characters, no line breaks. As a pattern for both pydantic and
``re``."""


class Layer(BaseModel):
    """One node: a catalogue type with its parameters, fed by the named outputs of other layers.

    ``inputs`` name layers; ``"slice:1"`` is the second output of a layer that has several.
    ``weights_of`` names the layer whose weights this one uses as its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    type: str = Field(min_length=1, max_length=MAX_NAME)
    params: dict[str, Any] = Field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    weights_of: str | None = None


class Spec(BaseModel):
    """A network: layers in any order (edges are the meaning), and the layers whose outputs it answers with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    visualnn: Literal[1] = VERSION
    name: str = Field(min_length=1, max_length=MAX_NAME)
    layers: tuple[Layer, ...] = Field(max_length=MAX_LAYERS)
    outputs: tuple[str, ...] = ()
