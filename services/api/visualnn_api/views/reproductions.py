"""A repetition beside its original, as an answer."""

from pydantic import Field
from visualnn_shared.jobs.model import State
from visualnn_shared.training.reproduction import Difference, Verdict

from visualnn_api.views.common import View


class ReproductionView(View):
    """How a training that was done again ended, beside the first time."""

    job: str
    reproduces: str
    state: State
    verdict: Verdict | None = None
    """identical: the same weights bit for bit; equal: the same metrics but for rounding; null: not known (yet)."""
    conditions: list[Difference] = Field(default_factory=list)
    """What was not as before: versions, device, threads, ..."""
    results: list[Difference] = Field(default_factory=list)
    """Metrics that differ."""
