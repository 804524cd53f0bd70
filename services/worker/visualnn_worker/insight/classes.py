"""Predictions of classes against labels: who is taken for whom, a report for each class, the worst samples first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.files import ClassReport
from visualnn_shared.training.scores import scores
from visualnn_shared.training.serving import OneHot, Serving

from visualnn_worker.fitting.samples import Samples
from visualnn_worker.network.build import Network

MOST_SAMPLES = 20_000
MOST_CLASSES = 200
WORST = 64


@dataclass(frozen=True, slots=True)
class Judged:
    """Each sample's class as labelled and as predicted."""

    split: str
    names: tuple[str, ...]
    actual: NDArray[np.int64]
    predicted: NDArray[np.int64]
    shares: NDArray[np.float64]
    """Of every class, sample by sample."""

    @property
    def right(self) -> NDArray[np.float64]:
        """The share that the labelled class got."""
        found: NDArray[np.float64] = self.shares[np.arange(len(self.actual)), self.actual]
        return found

    @property
    def worst(self) -> NDArray[np.int64]:
        """Positions of the samples, those first whose own class got least."""
        return np.argsort(self.right, kind="stable")


def answered(network: Network, samples: Samples, wanted: Iterable[str]) -> dict[str, NDArray[np.float64]]:
    """What the net answers at each output that is wanted, of the first samples, at most ``MOST_SAMPLES``."""
    outputs = [spec.name for spec in samples.serving.outputs]
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in wanted}
    for begin in range(0, min(len(samples), MOST_SAMPLES), 512):
        which = slice(begin, min(begin + 512, MOST_SAMPLES))
        answers = network.unpack(network.model.predict_on_batch(network.pack(samples.inputs(which))))
        for name, values in zip(outputs, answers.values(), strict=True):
            if name in parts:
                parts[name].append(np.asarray(values, np.float64))
    return {name: np.concatenate(each) for name, each in parts.items()}


def judge(network: Network, samples: Samples, split: str) -> dict[str, Judged]:
    """Of each output whose samples are of one class each."""
    outputs = [spec.name for spec in samples.serving.outputs]
    classes = {name: found for name in outputs if (found := _actual(samples.only(name))) is not None}
    if not classes:
        return {}
    answers = answered(network, samples, classes)
    judged = {name: _judged(samples.serving.of(name), actual, answers[name], split) for name, actual in classes.items()}
    return {name: one for name, one in judged.items() if one is not None}


def _actual(samples: Samples) -> NDArray[np.int64] | None:
    """The class of each sample; None where samples are not of one class each."""
    raw, serving = samples.class_labels(slice(0, MOST_SAMPLES)), samples.serving
    one_each = serving.task == "binary" or (serving.task == "classification" and len(serving.outputs[0].shape) == 1)
    count = len(serving.classes or ())
    if raw is None or not one_each or not 1 < count <= MOST_CLASSES or not _index(raw, serving):
        return None
    return raw.reshape(len(raw), -1).argmax(1) if raw.size != len(raw) else raw.reshape(-1).astype(np.int64)


def _judged(serving: Serving, actual: NDArray[np.int64], answers: NDArray[np.float64], split: str) -> Judged | None:
    values = scores(serving, answers)
    if serving.task == "binary":
        second = values.reshape(-1)
        values = np.stack([1 - second, second], axis=1)
    if not np.isfinite(values).all() or actual.max() >= values.shape[1]:
        return None
    return Judged(split, serving.classes or (), actual, values.argmax(1).astype(np.int64), values)


def _index(raw: NDArray[Any], serving: Serving) -> bool:
    """Whether labels tell one class: numbers of classes, or one-hot rows."""
    if raw.size == len(raw):
        return bool((raw == np.floor(raw)).all() and raw.min() >= 0)
    rows = raw.reshape(len(raw), -1)
    rest = any(isinstance(step, OneHot) for step in serving.labels)
    return not rest and bool(((rows == 0) | (rows == 1)).all() and (rows.sum(1) == 1).all())


def confusion(judged: Judged) -> NDArray[np.int64]:
    """Rows are labels, columns predictions."""
    count = len(judged.names)
    return np.bincount(judged.actual * count + judged.predicted, minlength=count * count).reshape(count, count)


def report(judged: Judged) -> dict[str, Any]:
    """``classes.json``: the confusion matrix, precision, recall and F1 of each class, and the worst samples."""
    matrix = confusion(judged)
    hits, labelled, said = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    rows = []
    for place, name in enumerate(judged.names):
        precision = _share(hits[place], said[place])
        recall = _share(hits[place], labelled[place])
        both = (precision or 0) + (recall or 0)
        f1 = 2 * (precision or 0) * (recall or 0) / both if both else (0.0 if labelled[place] else None)
        rows.append(
            {"class": name, "samples": int(labelled[place]), "precision": precision, "recall": recall, "f1": f1}
        )
    worst = [
        {"sample": int(n), "label": judged.names[judged.actual[n]], "predicted": judged.names[judged.predicted[n]],
         "share": round(float(judged.right[n]), 6)}
        for n in judged.worst[:WORST]
    ]  # fmt: skip
    told = {"split": judged.split, "samples": len(judged.actual), "names": list(judged.names),
            "confusion": matrix.tolist(), "accuracy": float((judged.actual == judged.predicted).mean()),
            "classes": rows, "worst": worst}  # fmt: skip
    return ClassReport.model_validate(told).model_dump(mode="json", exclude={"output"})


def _share(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None
