"""Several yes-or-no answers for each sample: how well each of them is told by itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.files import AttributeReport
from visualnn_shared.training.head import Head, heads
from visualnn_shared.training.scores import scores

from visualnn_worker.fitting.samples import Samples
from visualnn_worker.insight.classes import MOST_CLASSES, MOST_SAMPLES, answered
from visualnn_worker.network.build import Network

THRESHOLD = 0.5
"""A share of this or more says yes."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Samples x attributes: what holds, and what share the net gave it."""

    split: str
    names: tuple[str, ...]
    actual: NDArray[np.bool_]
    shares: NDArray[np.float64]


def judge(network: Network, samples: Samples, split: str) -> dict[str, Attributes]:
    """Of each output that is a row of sigmoids, whose labels are 0 and 1."""
    outputs = [spec.name for spec in samples.serving.outputs]
    ends = dict(zip(outputs, heads(network.resolved), strict=True))
    actual = {name: found for name in outputs if (found := _actual(samples.only(name), ends[name])) is not None}
    if not actual:
        return {}
    answers = answered(network, samples, actual)
    shares = {name: scores(samples.serving.of(name), values) for name, values in answers.items()}
    judged: dict[str, Attributes] = {}
    for name, yes in actual.items():
        names = tuple(f"{samples.of.get(name, 'y')}[{n}]" for n in range(yes.shape[1]))
        if np.isfinite(shares[name]).all():
            judged[name] = Attributes(split, names, yes, shares[name])
    return judged


def _actual(samples: Samples, head: Head) -> NDArray[np.bool_] | None:
    """What holds, samples x attributes; None where the output, or its labels, say something else."""
    raw, serving = samples.raw_labels(slice(0, MOST_SAMPLES)), samples.serving
    if raw is None or raw.ndim != 2 or not 1 < raw.shape[1] <= MOST_CLASSES or head.shape != raw.shape[1:]:
        return None
    if serving.task != "regression" or not (head.activation == "sigmoid" or serving.scores_by == "sigmoid"):
        return None
    return raw.astype(bool) if ((raw == 0) | (raw == 1)).all() else None


def report(found: Attributes) -> dict[str, Any]:
    """``attributes.json``: precision, recall, F1 and the area under the ROC curve of each attribute, and of all.

    ``micro`` counts every attribute of every sample alike, ``macro`` is the mean over attributes that have a value.
    """
    said = found.shares >= THRESHOLD
    rows = []
    for place, name in enumerate(found.names):
        one = _counted(found.actual[:, place], said[:, place])
        rows.append({"attribute": name, **one, "roc_auc": roc_auc(found.actual[:, place], found.shares[:, place])})
    micro = _counted(found.actual.reshape(-1), said.reshape(-1))
    micro["roc_auc"] = roc_auc(found.actual.reshape(-1), found.shares.reshape(-1))
    macro = {key: _mean([row[key] for row in rows]) for key in ("precision", "recall", "f1", "roc_auc")}
    told = {"split": found.split, "samples": len(found.actual), "threshold": THRESHOLD, "attributes": rows,
            "micro": micro, "macro": macro, "accuracy": float((said == found.actual).mean()),
            "all_right": float((said == found.actual).all(axis=1).mean())}  # fmt: skip
    return AttributeReport.model_validate(told).model_dump(mode="json", exclude={"output"})


def _counted(actual: NDArray[np.bool_], said: NDArray[np.bool_]) -> dict[str, Any]:
    hits, support, predicted = int((actual & said).sum()), int(actual.sum()), int(said.sum())
    return {
        "support": support, "predicted": predicted,
        "precision": hits / predicted if predicted else None,
        "recall": hits / support if support else None,
        "f1": 2 * hits / (predicted + support) if predicted + support else None,
    }  # fmt: skip


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def roc_auc(actual: NDArray[np.bool_], shares: NDArray[np.float64]) -> float | None:
    """How often a sample with it gets more than one without, equal ones by half (Mann and Whitney 1947); None where all
    samples are of one kind."""
    yes, no = int(actual.sum()), int((~actual).sum())
    if not yes or not no:
        return None
    _values, place, counts = np.unique(shares, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[actual].sum() - yes * (yes + 1) / 2) / (yes * no))
