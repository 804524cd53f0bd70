"""What is odd about a data set: balance of classes, duplicates, constant features, leaks of the label."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema

Severity = Literal["note", "warning"]
_PIECE = 2048  # samples
_SHOWN = 10
_RARE = 10
"""Times that the most frequent class may outnumber the rarest before it is told."""
_GIVES_AWAY = 0.999
"""Correlation with the label from which a feature is told."""
_MOST_COLUMNS = 4096
_FEW = 3  # samples, of which any column correlates


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that whoever trains on the data should know."""

    kind: str
    severity: Severity
    text: str
    count: int
    examples: tuple[str, ...] = ()
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """Numbers of one feature in one split."""

    feature: str
    split: str
    mean: float
    std: float
    min: float
    max: float
    missing: int
    """Values that are NaN."""
    constant: int
    """How many of a sample's values are the same in every sample."""


@dataclass(slots=True)
class Report:
    """Everything that was found."""

    classes: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of the first labels that are classes: split -> class -> samples."""
    labels: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """The same of all labels that are classes, by their name; of several attributes, the samples that have each."""
    columns: list[Column] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)


def report(data: Data, schema: DatasetSchema) -> Report:
    """Look at every sample. Raises nothing: what cannot be judged is left out."""
    found = Report()
    if not schema.labels:
        found.oddities.append(Oddity("no-labels", "note", "the data set has no labels: it can only be predicted on", 0))
    for label in schema.labels:
        _classes(data, label, f" of {label.name}" if len(schema.labels) > 1 else "", found)
    for feature in schema.features:
        if feature.dtype != "text":
            for name, split in data.splits.items():
                _numbers(feature, name, split.x[feature.name], schema, found)
    _duplicates(data, found)
    for label in schema.labels:
        _leaks(data, schema, label, found)
    return found


def _classes(data: Data, label: LabelSchema, which: str, found: Report) -> None:
    """``which`` names the labels where there are several."""
    if label.shape != ():
        _attributes(data, label, which, found)
        return
    if label.n_classes is None or (label.kind == "real" and label.n_classes > 100):
        return
    names = label.classes or tuple(str(number) for number in range(label.n_classes))
    for name, split in data.splits.items():
        counts = np.bincount(split.labels[label.name].astype(np.int64), minlength=label.n_classes)
        by_split = found.labels.setdefault(label.name, {})
        by_split[name] = {one: int(count) for one, count in zip(names, counts, strict=False)}
    found.classes = found.classes or found.labels[label.name]
    train = found.labels[label.name].get("train", {})
    missing = [one for one, count in train.items() if not count]
    if missing:
        text = f"{len(missing)} classes{which} have no training samples"
        found.oddities.append(Oddity("empty-class", "warning", text, len(missing), tuple(missing[:_SHOWN])))
    present = {one: count for one, count in train.items() if count}
    if len(present) == 1 and label.kind == "class" and len(data.splits["train"]) > 1:
        text = "every training sample has the same label"
        if which:
            text = f"every training sample has the same label {label.name}"
        hint = "a net that always answers it makes no error: take samples of other classes in"
        found.oddities.append(Oddity("one-class", "warning", text, 1, tuple(present), hint))
    if len(present) > 1 and max(present.values()) > _RARE * min(present.values()):
        rare = min(present, key=lambda one: present[one])
        many = max(present, key=lambda one: present[one])
        text = f"{many}{which} has {present[many]:,} training samples, {rare} only {present[rare]:,}"
        hint = 'count classes alike with "class_weight": "balanced"'
        found.oddities.append(Oddity("imbalance", "warning", text, len(present), (many, rare), hint))


def _attributes(data: Data, label: LabelSchema, which: str, found: Report) -> None:
    """Samples that have each of several attributes, labels of 0 and 1, and those that never, or always, hold."""
    if not label.whole or (label.min, label.max) not in ((0, 1), (0, 0), (1, 1)):
        return
    names = [f"{label.name}[{place}]" for place in range(int(np.prod(label.shape)))]
    if len(names) > _MOST_COLUMNS or len(label.shape) != 1:
        return
    by_split = found.labels.setdefault(label.name, {})
    for name, split in data.splits.items():
        counts = np.asarray(split.labels[label.name]).sum(0, np.int64)
        by_split[name] = {one: int(count) for one, count in zip(names, counts, strict=True)}
    train, samples = by_split.get("train", {}), len(data.splits["train"])
    for times, kind, said in ((0, "never", "no"), (samples, "always", "every")):
        same = [one for one, count in train.items() if count == times] if samples > 1 else []
        if same:
            text = f"{len(same)} attributes{which} hold in {said} training sample"
            hint = "a net can only learn to answer always the same: take samples in that differ, or leave them out"
            found.oddities.append(Oddity(f"attribute-{kind}", "warning", text, len(same), tuple(same[:_SHOWN]), hint))


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for begin in range(0, len(array), _PIECE):
        piece = array[begin : begin + _PIECE]
        yield piece.reshape(len(piece), -1).astype(np.float64)


def _numbers(feature: FeatureSchema, split: str, array: NDArray[Any], schema: DatasetSchema, found: Report) -> None:
    total, squares, origin = 0.0, 0.0, _origin(array)  # near the mean: squares of an offset would swallow the spread
    low: Any = np.inf
    high: Any = -np.inf
    gaps: Any = 0
    for piece in _pieces(array):
        empty = np.isnan(piece)
        gaps = gaps + empty.sum(0)
        known = np.where(empty, 0, piece - origin)
        total, squares = total + known.sum(), squares + (known**2).sum()
        low = np.minimum(low, np.where(empty, np.inf, piece).min(0))
        high = np.maximum(high, np.where(empty, -np.inf, piece).max(0))
    missing = int(gaps.sum())
    count = max(array.size - missing, 1)
    beside = total / count
    mean, std = origin + beside, float(np.sqrt(max(0.0, squares / count - beside**2)))
    same = np.flatnonzero(low == high)
    known = np.isfinite(low)
    ends = (float(low[known].min()), float(high[known].max())) if known.any() else (0.0, 0.0)
    found.columns.append(Column(feature.name, split, float(mean), std, *ends, missing, len(same)))
    if missing:
        _missing(feature, split, gaps, len(array), schema, found)
    if split == "train" and len(same) and len(array) > 1:
        table = len(feature.shape) <= 1
        text = f"{len(same):,} of {low.size:,} values of {feature.name} are the same in every training sample"
        severity: Severity = "warning" if table else "note"
        examples = tuple(_column(schema, feature, int(one)) for one in same[:_SHOWN]) if table else ()
        hint = "they tell nothing: leave them out" if table else None
        found.oddities.append(Oddity("constant", severity, text, len(same), examples, hint))


def _origin(array: NDArray[Any]) -> float:
    """The mean of the values that are known."""
    total, count = 0.0, 0
    for piece in _pieces(array):
        known = piece[~np.isnan(piece)]
        total, count = total + float(known.sum()), count + known.size
    return total / max(count, 1)


def _missing(
    feature: FeatureSchema, split: str, gaps: NDArray[Any], samples: int, schema: DatasetSchema, found: Report
) -> None:
    """Values that are NaN, the columns with most of them first; columns that have no value at all."""
    columns = np.flatnonzero(gaps)
    columns = columns[np.argsort(-gaps[columns], kind="stable")]
    listed = tuple(f"{_column(schema, feature, int(one))}: {int(gaps[one]):,}" for one in columns[:_SHOWN])
    count = int(gaps.sum())
    text = f"{count:,} of {samples * gaps.size:,} values of {feature.name} in {split} are missing"
    hint = 'have them filled with {"step": "fill"}, the first step of preprocessing'
    found.oddities.append(Oddity("missing", "warning", text, count, listed, hint))
    empty = np.flatnonzero(gaps == samples)
    if split == "train" and len(empty):
        text = f"{len(empty):,} values of {feature.name} are missing in every training sample"
        named = tuple(_column(schema, feature, int(one)) for one in empty[:_SHOWN])
        hint = "nothing can be learned of them: leave them out"
        found.oddities.append(Oddity("all-missing", "warning", text, len(empty), named, hint))


def _column(schema: DatasetSchema, feature: FeatureSchema, index: int) -> str:
    """The name of a table's column, else its number."""
    names = list(schema.columns or ())
    names = [name for name in names if all(label.name != name for label in schema.labels)]
    return names[index] if index < len(names) and len(schema.features) == 1 else f"{feature.name}[{index}]"


def _duplicates(data: Data, found: Report) -> None:
    """Samples that are the same, within training and in both splits; and those whose labels differ."""
    seen: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
    for name, split in data.splits.items():
        for row, key in enumerate(_keys(split)):
            seen[key].append((name, row))
    within = [places for places in seen.values() if sum(name == "train" for name, _ in places) > 1]
    across = [places for places in seen.values() if {name for name, _ in places} >= {"train", "test"}]
    for kind, severity, places, text, hint in (
        ("duplicates", "note", within, "training samples come more than once", None),
        ("leak-between-splits", "warning", across, "samples are in both splits: the test is easier than it seems",
         "take them out of one of the splits"),
    ):  # fmt: skip
        if places:
            examples = tuple(", ".join(f"{name} {row}" for name, row in one[:4]) for one in places[:_SHOWN])
            found.oddities.append(Oddity(kind, severity, f"{len(places):,} {text}", len(places), examples, hint))  # type: ignore[arg-type]
    differing = [places for places in seen.values() if len(places) > 1 and len(_labels(data, places)) > 1]
    if differing:
        text = f"{len(differing):,} samples come again with another label"
        examples = tuple(", ".join(f"{name} {row}" for name, row in one[:4]) for one in differing[:_SHOWN])
        found.oddities.append(
            Oddity("contradiction", "warning", text, len(differing), examples, "look at their labels")
        )


def _keys(split: Split) -> Iterator[bytes]:
    """What tells samples apart: a hash of all inputs."""
    names = sorted(split.x)
    for row in range(len(split)):
        digest = blake2b(digest_size=12)
        for name in names:
            value = split.x[name][row]
            digest.update(value.encode() if isinstance(value, str) else np.ascontiguousarray(value).tobytes())
        yield digest.digest()


def _labels(data: Data, places: Sequence[tuple[str, int]]) -> set[bytes]:
    found = set()
    for name, row in places:
        labels = data.splits[name].labels
        if labels:
            found.add(b"|".join(np.asarray(one[row]).tobytes() for one in labels.values()))
    return found


def _leaks(data: Data, schema: DatasetSchema, label: LabelSchema, found: Report) -> None:
    """Columns of tables that almost are the label: their correlation with it, or with one class against the others."""
    train = data.splits["train"]
    if label.shape != () or len(train) <= _FEW:
        return
    which = f"label {label.name}" if len(schema.labels) > 1 else "label"
    y = np.asarray(train.labels[label.name], np.float64).reshape(len(train), -1)
    if label.kind == "class" and label.n_classes is not None and 2 < label.n_classes <= 100:
        y = np.concatenate([y, y == np.arange(label.n_classes)], 1)
    for feature in schema.features:
        if len(feature.shape) > 1 or feature.dtype == "text" or int(np.prod(feature.shape)) > _MOST_COLUMNS:
            continue
        x = _without_gaps(train.x[feature.name].reshape(len(train), -1))
        if x.shape[1] == 1 and label.kind == "real":
            continue  # a line through one number is what there is to learn
        strong = _correlation(x, y).max(1)
        columns = np.flatnonzero(strong >= _GIVES_AWAY)
        if len(columns):
            text = f"{len(columns)} columns of {feature.name} give the {which} away"
            named = tuple(f"{_column(schema, feature, int(one))}: {strong[one]:.5f}" for one in columns[:_SHOWN])
            hint = "are they known when the net will be asked? if not, leave them out"
            found.oddities.append(Oddity("leak-of-label", "warning", text, len(columns), named, hint))


def _without_gaps(x: NDArray[Any]) -> NDArray[Any]:
    """The columns, what is missing in each filled with its mean, which correlates with nothing."""
    if x.dtype.kind != "f" or not np.isnan(x).any():
        return x
    empty = np.isnan(x)
    means = np.where(empty, 0, x).sum(0, np.float64) / np.maximum((~empty).sum(0), 1)
    return np.where(empty, means, x)


def _correlation(x: NDArray[Any], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Pearson| of each column of x (n, columns) with each of y (n, kinds); 0 where one never varies."""
    centred = y - y.mean(0)
    mean = np.concatenate([piece.sum(0)[None] for piece in _pieces(x)]).sum(0) / len(x)
    products = np.zeros((x.shape[1], y.shape[1]))
    squares = np.zeros(x.shape[1])
    for number, piece in enumerate(_pieces(x)):
        rows = piece - mean
        products += rows.T @ centred[number * _PIECE : number * _PIECE + len(rows)]
        squares += (rows**2).sum(0)
    spread = np.sqrt(squares[:, None] * (centred**2).sum(0)[None])
    found: NDArray[np.float64] = np.abs(np.divide(products, spread, out=np.zeros_like(products), where=spread > 1e-12))
    return found
