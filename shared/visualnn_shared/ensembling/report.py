"""What an ensemble gained: its members' metrics, their mean, the best of them, and the ensemble's, split by split."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from visualnn_shared.training.stopping import higher_is_better

REPORT, PICTURE = "ensemble.json", "gain.png"
"""Among an ensemble job's files."""
Metrics = dict[str, float]


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Member(_Report):
    """One net of an ensemble, or one set of weights."""

    number: int
    """From 1; its layers are ``member1_...``."""
    job: str
    """The train job that left it."""
    seed: int | None = None
    epoch: int | None = None
    """Of a snapshot: the epoch after which the weights were taken."""
    metrics: dict[str, Metrics]
    """Split -> metric -> value."""


class Gain(_Report):
    """Members and ensemble on one split."""

    split: Literal["val", "test"]
    samples: int
    mean: Metrics
    """Of the members."""
    best: Metrics
    """The best member's: of the one that the report names."""
    ensemble: Metrics
    over_mean: Metrics
    """How much better than the mean; above 0 is better for each metric, whichever way it points."""
    over_best: Metrics
    """How much better than the best member."""


class EnsembleReport(_Report):
    """``ensemble.json``."""

    method: str
    averaged: Literal["predictions", "weights"]
    monitor: str
    """What says which member is the best, such as val_loss."""
    best: int
    """The best member's number."""
    members: list[Member]
    gains: list[Gain]
    notes: list[str] = []


def best_of(members: Sequence[Member], monitor: str) -> int:
    """The number of the best by ``monitor``; by the same metric on the test samples where none were set aside."""
    metric = monitor.removeprefix("val_")
    sign = -1.0 if higher_is_better(metric) else 1.0

    def rank(one: Member) -> tuple[float, int]:
        split = one.metrics.get("val") or one.metrics["test"]
        value = sign * split.get(metric, split["loss"])
        return (math.inf if math.isnan(value) else value, one.number)

    return min(members, key=rank).number


def gain_of(
    split: Literal["val", "test"], samples: int, members: Sequence[Member], best: int, ensemble: Metrics
) -> Gain:
    """The comparison on one split."""
    all_of = [one.metrics[split] for one in members]
    mean = {name: math.fsum(metrics[name] for metrics in all_of) / len(all_of) for name in ensemble}
    leader = next(one.metrics[split] for one in members if one.number == best)
    return Gain(
        split=split, samples=samples, mean=mean, best=leader, ensemble=ensemble,
        over_mean=_better(ensemble, mean), over_best=_better(ensemble, leader),
    )  # fmt: skip


def _better(found: Mapping[str, float], than: Mapping[str, float]) -> Metrics:
    return {
        name: (value - than[name]) if higher_is_better(_plain(name)) else (than[name] - value)
        for name, value in found.items()
    }


def _plain(name: str) -> str:
    """A metric of one of several outputs by its own name: ``aux1_loss`` is a loss."""
    return "loss" if name.endswith("_loss") else name


def sentence(gain: Gain, metric: str) -> str:
    """The gain in words, for logs and the job's row."""
    name = metric if metric in gain.ensemble else "loss"
    return (
        f"{gain.split}_{name} {gain.ensemble[name]:.4g}; members {gain.mean[name]:.4g} in the mean, the best "
        f"{gain.best[name]:.4g}; better than the mean by {gain.over_mean[name]:+.4g}, than the best by "
        f"{gain.over_best[name]:+.4g}"
    )
