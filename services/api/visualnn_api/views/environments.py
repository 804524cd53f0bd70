"""Environments as answers."""

from visualnn_api.views.catalogue import Strict


class EnvironmentRow(Strict):
    """An environment of gymnasium."""

    name: str
    title: str
    sees: list[int]
    """The shape that a network for it takes; with `frame_stack` its last number is so many times larger."""
    actions: list[str]
    """By number; a network for it has an output for each."""
    limit: int
    """Decisions after which an episode is cut off."""
    solved_at: float | None = None
    """The mean return at which it counts as solved."""


class Environments(Strict):
    items: list[EnvironmentRow]
