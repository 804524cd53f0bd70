"""Ensembles as answers."""

from typing import Literal

from visualnn_shared.ensembling.report import EnsembleReport

from visualnn_api.views.common import View


class MemberTraining(View):
    """A train job that an ensemble needs: of each member, or of all of them."""

    number: int
    """From 1."""
    job: str | None = None
    """The train job; none where it could not be queued."""
    state: Literal["queued", "running", "complete", "failed", "cancelled", "stopped"]
    """stopped: the ensemble itself was cancelled."""
    seed: int | None = None
    value: float | None = None
    """Of the monitored metric, as the training reported it."""
    epochs: list[list[float]]
    """[epoch, value] as reported."""
    note: str | None = None
    """Why it failed."""


class MembersView(View):
    """What an ensemble is made of, and what it gained."""

    method: Literal["seeds", "top_k", "snapshots", "average", "jobs"]
    monitor: str
    trainings: list[MemberTraining]
    epochs: list[int]
    """Of snapshots and average: after which epochs of the one training weights are taken."""
    report: EnsembleReport | None = None
    """Members' metrics and the gain, once the ensemble is done."""
