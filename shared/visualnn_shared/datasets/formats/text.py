"""Texts with a label: a csv with a column ``text``, a label, and perhaps ``split`` (train or test) for each row.

The text's column may also be called review, sentence, comment, document or message. Without such a name a file of two
columns is taken so where one of them holds sentences.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from visualnn_shared.datasets.data import Data, Split
from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats.csv_layout import LABEL_NAMES, Layout, is_number, read_layout, read_rows
from visualnn_shared.datasets.formats.csv_lines import Lines
from visualnn_shared.datasets.labels import encode, number_label, text_label
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.schema import DatasetSchema, FeatureSchema, LabelSchema, Splits
from visualnn_shared.datasets.statistics import Statistics, fits

NAME = "text"
TITLE = "texts with labels, as csv"
EXTENSIONS = (".csv", ".tsv", ".txt")
RANK = 8
FEATURE = "text"
_NAMES = {"text", "texts", "review", "sentence", "comment", "document", "message"}
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test", "": "train"}
_SHOWN = 20  # lines


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what."""

    delimiter: str
    header: bool
    count: int
    text: int
    label: int | None
    split: int | None
    label_name: str


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    text: str
    label: str
    split: str


@dataclass(slots=True)
class _Seen:
    counts: dict[str, int] = field(default_factory=dict)
    shortest: int = 10**9
    longest: int = 0
    labels: set[str] = field(default_factory=set)
    numbers: Statistics = field(default_factory=Statistics)
    all_numbers: bool = True


def sniff(path: Path, start: bytes) -> bool:
    """Whether the first lines have a column of texts."""
    return b"\0" not in start and _columns(path, Findings(), LIMITS) is not None


def inspect(path: Path, limits: Limits = LIMITS) -> tuple[DatasetSchema, Splits]:
    """Schema and sample counts; every row is looked at once. Raises DatasetInvalid."""
    findings, seen = Findings(), _Seen()
    columns = _found(path, findings, limits)
    size = 0
    for row in _rows(path, columns, findings, limits):
        words = len(row.text.split())
        size += len(row.text)
        seen.counts[row.split] = seen.counts.get(row.split, 0) + 1
        seen.shortest, seen.longest = min(seen.shortest, words), max(seen.longest, words)
        if size * 4 > limits.expanded_bytes:
            findings.add(limits.expansion_rule, "more", hint=limits.EXPANSION_HINT, line=row.line)
        if columns.label is not None:
            _see_label(seen, row, findings, limits)
        if findings.full:
            break
    if not findings and "train" not in seen.counts:
        findings.add("the training split must have rows", seen.counts or "none")
    findings.raise_any()
    feature = FeatureSchema(
        name=FEATURE, shape=(), dtype="text", min=float(seen.shortest), max=float(seen.longest), whole=True
    )
    labels = () if columns.label is None else (_label(seen, columns, limits),)
    return DatasetSchema(features=(feature,), labels=labels), dict(sorted(seen.counts.items(), reverse=True))


def load(path: Path, schema: DatasetSchema, limit: int | None = None, limits: Limits = LIMITS) -> Data:
    """Texts as an array of Python's strings, labels as ``schema`` says; or the first ``limit`` of each split."""
    findings = Findings()
    columns = _found(path, findings, limits)
    texts: dict[str, list[str]] = {}
    labels: dict[str, list[str]] = {}
    for row in _rows(path, columns, findings, limits):
        mine = texts.setdefault(row.split, [])
        if limit is None or len(mine) < limit:
            mine.append(row.text)
            labels.setdefault(row.split, []).append(row.label)
    findings.raise_any()
    splits = {}
    for split in sorted(texts, reverse=True):
        x = np.empty(len(texts[split]), object)
        x[:] = texts[split]
        y = {}
        if schema.label is not None:
            known = schema.label.classes
            cells = np.array(labels[split], np.str_)
            coded = encode(cells, known) if known is not None else cells.astype(schema.label.dtype)
            y[schema.label.name] = coded
        splits[split] = Split({FEATURE: x}, y)
    return Data(splits)


def _found(path: Path, findings: Findings, limits: Limits) -> _Columns:
    columns = _columns(path, findings, limits)
    if columns is None:
        findings.add("a file of texts must have a column of texts", "none", hint="name it text")
    findings.raise_any()
    assert columns is not None
    return columns


def _columns(path: Path, findings: Findings, limits: Limits) -> _Columns | None:
    lines = list(islice(Lines(path, findings, limits), _SHOWN))
    layout = read_layout(lines, findings, limits) if lines and not findings else None
    if layout is None:
        return None
    names = [name.casefold() for name in layout.header] if layout.header else []
    body = [row for _, row in read_rows(iter(lines), layout.delimiter, Findings()) if len(row) == layout.columns]
    body = body[1:] if layout.header else body
    named = [column for column, name in enumerate(names) if name in _NAMES and not _numbers(body, column)]
    if len(named) != 1 and layout.columns <= 2:
        named = [column for column in range(layout.columns) if _sentences(body, column)]
    if len(named) != 1:
        return None
    return _placed(layout, names, named[0])


def _placed(layout: Layout, names: list[str], text: int) -> _Columns | None:
    split = names.index("split") if "split" in names else None
    rest = [column for column in range(layout.columns) if column not in (text, split)]
    labels = [column for column in rest if names and names[column] in LABEL_NAMES] or rest
    if len(rest) > 1 and len(labels) > 1:
        return None
    label = labels[0] if labels else None
    name = layout.name(label) if label is not None else ""
    return _Columns(layout.delimiter, bool(names), layout.columns, text, label, split, name)


def _numbers(body: list[list[str]], column: int) -> bool:
    return bool(body) and all(is_number(row[column]) for row in body)


def _sentences(body: list[list[str]], column: int) -> bool:
    """Whether most cells are several words."""
    several = sum(" " in row[column].strip() and not is_number(row[column]) for row in body)
    return several * 2 > len(body)


def _rows(path: Path, columns: _Columns, findings: Findings, limits: Limits) -> Iterator[_Row]:
    """The rows below the header. Those that break a rule are findings and are left out."""
    rows = ((n, row) for n, row in read_rows(iter(Lines(path, findings, limits)), columns.delimiter, findings) if row)
    if columns.header:
        next(rows, None)
    for line, row in rows:
        if findings.full:
            return
        if len(row) != columns.count:
            findings.add(f"every row must have {columns.count} cells", len(row), line=line, hint="quote commas")
            continue
        text = row[columns.text].strip()
        split = _SPLITS.get(row[columns.split].strip().lower()) if columns.split is not None else "train"
        if not text:
            findings.add("a text must not be empty", "", line=line, field=FEATURE)
        elif len(text) > limits.text_chars:
            findings.add(f"a text must have at most {limits.text_chars:,} characters", f"{len(text):,}", line=line)
        elif split is None:
            findings.add("a split must be train or test", row[columns.split or 0][:100], line=line, field="split")
        else:
            yield _Row(line, text, row[columns.label].strip() if columns.label is not None else "", split)


def _see_label(seen: _Seen, row: _Row, findings: Findings, limits: Limits) -> None:
    if not row.label:
        findings.add("a label must be given", "", line=row.line, field="label")
        return
    if len(seen.labels) <= limits.text_classes:
        seen.labels.add(row.label)
    number = is_number(row.label) and fits(float(row.label))
    seen.all_numbers = seen.all_numbers and number
    if seen.all_numbers:
        seen.numbers.see(np.array([float(row.label)]))
    elif len(seen.labels) > limits.text_classes:
        rule = f"labels must be all numbers, or at most {limits.text_classes:,} different texts"
        findings.add(rule, "more", line=row.line, field="label")


def _label(seen: _Seen, columns: _Columns, limits: Limits) -> LabelSchema:
    if seen.all_numbers:
        return number_label(columns.label_name, (), "float64", seen.numbers, limits)
    return text_label(columns.label_name, (), sorted(seen.labels))
