"""Comma-separated values (or semicolon, or tab): numbers in every column but the label, which may be text.

Read line by line, never as a whole: the file's size is no limit, a line's length is. Every problem has its line.
"""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats.csv_layout import Layout, is_number, read_layout, read_rows, several_labels
from visualnn_shared.datasets.formats.csv_lines import Lines
from visualnn_shared.datasets.gaps import is_missing
from visualnn_shared.datasets.labels import encode, number_label, text_label
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.schema import MOST_NAMED, DatasetSchema, DType, FeatureSchema, LabelSchema, Splits
from visualnn_shared.datasets.statistics import LARGEST, NOTHING_KNOWN, Statistics, fits, must_fit

NAME = "csv"
TITLE = "comma-separated values"
EXTENSIONS = (".csv", ".tsv", ".txt")
RANK = 9
_CHUNK = 4096  # rows
_SHOWS_LAYOUT = 20  # lines
_PICTURE = 64  # columns of the smallest block that may be a picture
_EXACT = 2.0**24  # float32 holds every whole number up to this


@dataclass(slots=True)
class _Chunk:
    """Some rows: numbers without the label column, the label cells, and the line each row is on."""

    numbers: NDArray[np.float64]
    labels: list[str]
    lines: list[int]
    spoilt: list[tuple[int, str]] = field(default_factory=list)
    """Line and label of the rows that were left out for their features."""


@dataclass(slots=True)
class _Labels:
    """What was seen of the label column. Text labels are counted only while there are few."""

    seen: Statistics = field(default_factory=Statistics)
    texts: set[str] | None = field(default_factory=set)
    text_line: int | None = None
    unfit: list[tuple[int, str]] = field(default_factory=list)
    """Lines and cells that are no numbers to learn; fine where all labels are texts."""


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """Whether a file that starts so may be meant as text; what is wrong with it, reading tells with its line."""
    return bool(start)


def inspect(path: Path, limits: Limits = LIMITS) -> tuple[DatasetSchema, Splits]:
    """Schema and sample counts; every cell is looked at once. Raises DatasetInvalid."""
    findings = Findings()
    layout = _layout(path, findings, limits)
    columns = [column for column in range(layout.columns) if column != layout.label]
    groups = layout.features()
    where = {name: [columns.index(column) for column in mine] for name, mine in groups.items()}
    per_feature = {name: Statistics(gaps=True) for name in groups}
    gaps = np.zeros(len(columns), np.int64)
    labels, rows = _Labels(), 0
    for chunk in _chunks(path, layout, findings, limits):
        rows += len(chunk.lines)
        for name, mine in where.items():
            per_feature[name].see(chunk.numbers if len(groups) == 1 else chunk.numbers[:, mine])
        gaps += np.isnan(chunk.numbers).sum(0) if any(one.missing for one in per_feature.values()) else 0
        if layout.label is not None:
            _see_labels(labels, chunk, layout, findings, limits)
    if not rows and not findings:
        findings.add("a csv must have rows below its header", "none")
    label = _label(labels, layout, findings, limits)
    findings.in_order()
    if not findings and any(one.missing == one.values for one in per_feature.values()):
        findings.add(NOTHING_KNOWN, "blank cells")
    findings.raise_any()
    lacking = {name: tuple(layout.name(columns[at]) for at in mine if gaps[at]) for name, mine in where.items()}
    features = tuple(_feature(name, len(mine), per_feature[name], lacking[name]) for name, mine in groups.items())
    labelled = () if label is None else (label,)
    return DatasetSchema(features=features, labels=labelled, columns=layout.header, notes=_notes(layout)), {
        "train": rows
    }


def _notes(layout: Layout) -> tuple[str, ...]:
    """What may be meant otherwise."""
    *inputs, last = several_labels(layout.header or ()) or ("",)
    if not inputs:
        return ()
    others = ", ".join(inputs[:20])
    return (f"{others} count as inputs, only {last} is the label: for several labels make an npz or Parquet file",)


def load(path: Path, schema: DatasetSchema, limit: int | None = None, limits: Limits = LIMITS) -> Data:
    """The rows as ``schema`` says, or the first ``limit``. Without a label in it, every column is a feature."""
    findings = Findings()
    layout = _layout(path, findings, limits)
    if schema.label is None:
        layout = Layout(layout.delimiter, layout.columns, layout.header, None, layout.by)
    groups = layout.features()
    columns = [column for column in range(layout.columns) if column != layout.label]
    where = {name: [columns.index(column) for column in mine] for name, mine in groups.items()}
    x: dict[str, list[NDArray[Any]]] = {feature.name: [] for feature in schema.features}
    y: list[NDArray[Any]] = []
    left = limit
    for chunk in _chunks(path, layout, findings, limits):
        take = len(chunk.lines) if left is None else min(left, len(chunk.lines))
        for feature in schema.features:
            part = chunk.numbers[:take] if len(groups) == 1 else chunk.numbers[:take, where[feature.name]]
            x[feature.name].append(part.reshape(take, *feature.shape).astype(feature.dtype))
        if schema.label is not None:
            y.append(_encode(chunk.labels[:take], schema.label))
        if left is not None and (left := left - take) <= 0:
            break
    findings.raise_any()
    arrays = {name: np.concatenate(parts) for name, parts in x.items()}
    return Data({"train": Split(arrays, {schema.label.name: np.concatenate(y)} if schema.label and y else {})})


def _layout(path: Path, findings: Findings, limits: Limits) -> Layout:
    layout = read_layout(list(islice(Lines(path, findings, limits), _SHOWS_LAYOUT)), findings, limits)
    findings.raise_any()
    assert layout is not None
    return layout


def _chunks(path: Path, layout: Layout, findings: Findings, limits: Limits) -> Iterator[_Chunk]:
    """The rows below the header. Rows that break a rule are findings and are left out."""
    lines = Lines(path, findings, limits)
    rows = ((line, row) for line, row in read_rows(iter(lines), layout.delimiter, findings) if row)
    if layout.header is not None:
        next(rows, None)
    total = 0
    lines.underscore = False  # of the header
    while batch := list(islice(rows, _CHUNK)):
        total += len(batch)
        if total > limits.rows or total * layout.columns * 8 > limits.expanded_bytes:
            findings.add(f"a csv must have at most {limits.rows:,} rows and {limits.expanded_bytes:,} bytes", "more")
            return
        good = [pair for pair in batch if _even(pair, layout, findings)]
        chunk = _numbers(good, layout) if not lines.underscore else None
        if chunk is None:
            chunk = _judged(good, layout, findings)
        lines.underscore = False
        yield chunk
        if findings.full:
            return


def _even(pair: tuple[int, list[str]], layout: Layout, findings: Findings) -> bool:
    line, row = pair
    if len(row) == layout.columns:
        return True
    findings.add(f"every row must have {layout.columns} cells", len(row), line=line)
    return False


def _numbers(batch: Sequence[tuple[int, list[str]]], layout: Layout) -> _Chunk | None:
    """The rows as numbers, NaN where one is missing; None where a cell is none, or too large for a 32-bit float."""
    label = layout.label
    cells = (row if label is None else row[:label] + row[label + 1 :] for _, row in batch)
    try:
        flat = array("d", map(float, chain.from_iterable(cells)))
    except ValueError:
        return None
    width = layout.columns - (label is not None)
    numbers = np.frombuffer(flat, np.float64).reshape(len(batch), width) if flat else np.empty((0, width))
    if (np.abs(numbers) > LARGEST).any():
        return None
    labels = [row[label].strip() for _, row in batch] if label is not None else []
    return _Chunk(numbers, labels, [line for line, _ in batch])


def _judged(batch: Sequence[tuple[int, list[str]]], layout: Layout, findings: Findings) -> _Chunk:
    """The rows whose features are numbers, and the labels of the others, which are judged all the same."""
    good: list[tuple[int, list[str]]] = []
    spoilt: list[tuple[int, list[str]]] = []
    for line, row in batch:
        pair = line, [_known(cell) if at != layout.label else cell for at, cell in enumerate(row)]
        (good if _all_numbers(pair, layout, findings) else spoilt).append(pair)
    chunk = _numbers(good, layout)
    assert chunk is not None
    if layout.label is not None:
        chunk.spoilt = [(line, row[layout.label].strip()) for line, row in spoilt]
    return chunk


def _known(cell: str) -> str:
    """The cell, or ``nan`` where it says that a value is missing."""
    return "nan" if is_missing(cell) else cell


def _all_numbers(pair: tuple[int, list[str]], layout: Layout, findings: Findings) -> bool:
    """Whether each cell is a number that fits; each that is not is a finding."""
    line, row = pair
    good = True
    for column, cell in enumerate(row):
        if column == layout.label or (is_number(cell) and (fits(float(cell)) or math.isnan(float(cell)))):
            continue
        good = False
        rule = must_fit("a feature", float(cell)) if is_number(cell) else "a feature must be a number"
        findings.gather(rule, cell[:100], line=line, field=layout.name(column), hint=_hint(cell))
    return good


def _hint(cell: str) -> str | None:
    text = cell.strip()
    if is_number(text) and math.isfinite(float(text)):
        return None
    if is_number(text):
        return "leave the cell blank where a value is missing, or leave these rows out"
    if is_number(text.replace(",", ".")):
        return "write a decimal point"
    return "give each text a number, or a column of 0 and 1 for each value"


def _see_labels(labels: _Labels, chunk: _Chunk, layout: Layout, findings: Findings, limits: Limits) -> None:
    assert layout.label is not None
    name = layout.name(layout.label)
    cells = sorted([*zip(chunk.lines, chunk.labels, strict=True), *chunk.spoilt])
    for line, label in cells:
        if not label:
            findings.gather("a label must be given", "", line=line, field=name)
    if labels.text_line is None:
        labels.text_line = next((line for line, label in cells if label and not is_number(label)), None)
    if labels.text_line is None:
        numbers = np.array([label for _, label in cells if label], np.float64)
        if labels.seen.see(numbers) is not None:
            labels.unfit += [(line, label) for line, label in cells if label and not fits(float(label))]
    if labels.texts is not None:
        labels.texts.update(chunk.labels)
        if len(labels.texts) > limits.text_classes:
            labels.texts = None


def _label(labels: _Labels, layout: Layout, findings: Findings, limits: Limits) -> LabelSchema | None:
    if layout.label is None:
        return None
    name = layout.name(layout.label)
    if labels.text_line is None:
        for line, cell in labels.unfit:
            findings.gather(must_fit("a label", float(cell)), cell[:100], line=line, field=name)
        if findings:
            return None
        return number_label(name, (), "float64", labels.seen, limits, layout.by)
    if labels.texts is None:
        rule = f"labels must be all numbers, or at most {limits.text_classes:,} different texts"
        findings.add(rule, "a text among many values", line=labels.text_line, field=name)
        return None
    return text_label(name, (), sorted(labels.texts), layout.by)


def _encode(cells: Sequence[str], label: LabelSchema) -> NDArray[Any]:
    if label.classes is not None:
        return encode(np.array(cells, dtype=np.str_), label.classes)
    return np.array(cells, np.float64)


def _feature(name: str, width: int, seen: Statistics, lacking: tuple[str, ...]) -> FeatureSchema:
    """Pictures written out as 0 to 255 are 8-bit pictures; all else is float32, where that holds whole numbers."""
    dtype: DType = "float32"
    if width >= _PICTURE and not seen.missing and seen.whole and seen.min == 0 and 127 < seen.max <= 255:
        dtype = "uint8"
    elif seen.whole and max(abs(seen.min), abs(seen.max)) > _EXACT:
        dtype = "float64"
    return FeatureSchema(
        name=name, shape=(width,), dtype=dtype, min=seen.min, max=seen.max, whole=seen.whole,
        missing=seen.missing, missing_in=lacking[:MOST_NAMED],
    )  # fmt: skip
