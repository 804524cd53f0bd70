"""Trials of a search as answers."""

from typing import Any, Literal

from visualnn_api.views.common import View


class TrialView(View):
    """One training of a search."""

    number: int
    job: str | None = None
    """The train job; none where the values did not fit together."""
    state: Literal["queued", "running", "complete", "pruned", "failed", "cancelled", "stopped"]
    """pruned: ended early, since others did better; stopped: the search itself was cancelled."""
    values: dict[str, Any]
    """Dimension -> value."""
    value: float | None = None
    """Of the monitored metric, of the weights that the training left."""
    epochs: list[list[float]]
    """[epoch, value] as reported."""
    pruned_at: int | None = None
    """The epoch after which it was ended."""
    note: str | None = None
    """Why it failed."""


class BestTrial(View):
    number: int
    job: str | None = None
    value: float
    values: dict[str, Any]


class TrialsView(View):
    """What a search has found so far."""

    monitor: str
    higher_is_better: bool
    best: BestTrial | None = None
    warnings: list[str]
    """Of best values that sit on a border of their range."""
    trials: list[TrialView]


class SearchReport(TrialsView):
    """`trials.json`: what a search that has ended found."""

    importance: dict[str, float] | None
    """The share of each dimension in what tells good trials from the others; null where too few are complete."""
    space: dict[str, Any]
