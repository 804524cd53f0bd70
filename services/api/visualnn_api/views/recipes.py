"""The params of train and tune jobs as answers: what a form needs."""

from typing import Any, Literal

from pydantic import Field

from visualnn_api.views.catalogue import Strict


class RecipeLimits(Strict):
    """What bounds a number; only what applies is there."""

    least: float | None = None
    most: float | None = None
    above: bool | None = None
    """`least` itself is excluded."""
    below: bool | None = None
    """`most` itself is excluded."""


class RecipeField(Strict):
    """One field of `params`, or of what a field holds."""

    name: str
    kind: Literal["int", "float", "bool", "text", "choice", "list", "record", "map", "named"]
    """A record holds `fields`; a map holds values under names of the network;
    named is one of `choices` with the `options` of that choice, as `{"name": ..., ...}`."""
    required: bool
    nullable: bool
    default: Any = None
    chosen: bool = False
    """Where it is left out the server chooses to suit the network and the data set, and a job's `chosen` says why."""
    searchable: bool = False
    """A search may have it as a dimension: `params.NAME`."""
    doc: str
    limits: RecipeLimits | None = None
    choices: list[str] | None = None
    """Of an int: words that may stand in its place."""
    of: str | None = None
    """What a list or a map holds."""
    fields: "list[RecipeField] | None" = None
    options: "dict[str, list[RecipeField]] | None" = None


class Recipe(Strict):
    """What a job takes in `params`."""

    items: list[RecipeField] = Field(min_length=1)
