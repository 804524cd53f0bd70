"""How a csv is laid out: delimiter, header, which column is the label, which columns form which feature."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.schema import By

LABEL_NAMES = ("label", "target", "class", "y")
DEFAULT_FEATURE = "x"
_DELIMITERS = ",;\t"
_SNIFFED = 20  # lines
_OWN_LABEL = re.compile(r"y_(.+)|(.+)_label")
_INDEXED = re.compile(r"(.+)\[(\d{1,6})\]")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first lines of a csv say about all of them."""

    delimiter: str
    columns: int
    header: tuple[str, ...] | None
    label: int | None
    """Column of the label."""
    by: By

    def features(self) -> dict[str, list[int]]:
        """Feature name -> its columns: one feature of all columns, or several where every header is ``name[i]``."""
        columns = [column for column in range(self.columns) if column != self.label]
        groups: dict[str, dict[int, int]] = {}
        for column in columns:
            known = _INDEXED.fullmatch(self.header[column]) if self.header else None
            if known is None:
                return {DEFAULT_FEATURE: columns}
            groups.setdefault(known[1], {})[int(known[2])] = column
        if any(sorted(group) != list(range(len(group))) for group in groups.values()):
            return {DEFAULT_FEATURE: columns}
        return {name: [group[index] for index in range(len(group))] for name, group in groups.items()}

    def name(self, column: int) -> str:
        """Of a column: its header, or its number from 1."""
        return self.header[column] if self.header else f"column {column + 1}"


def read_layout(lines: Sequence[str], findings: Findings, limits: Limits) -> Layout | None:
    """The layout that the first ``lines`` show; None, with findings, where they show none."""
    delimiter = _delimiter(lines)
    rows = [row for row in read_rows(iter(lines), delimiter, findings) if row[1]]
    if not rows:
        findings.add("a csv must have rows", "blank lines" if lines else "an empty file")
        return None
    first = rows[0][1]
    if len(first) > limits.columns:
        findings.add(f"a csv must have at most {limits.columns:,} columns", len(first), line=1)
        return None
    header = _header(first, [row for _, row in rows[1:]])
    if header is not None:
        repeated = [name for name, count in Counter(header).items() if count > 1]
        if repeated:
            findings.add("column names must differ", repeated[:20], line=rows[0][0])
            return None
    label, by = _label(header, len(first), findings)
    return None if findings else Layout(delimiter, len(first), header, label, by)


def several_labels(names: Sequence[str]) -> dict[str, str]:
    """Column -> output, where the last columns, two at least, are named ``y_OUTPUT`` or ``OUTPUT_label``.

    None where one is named as a label is; and a single ``y_x`` may as well be a feature.
    """
    found: dict[str, str] = {}
    for name in reversed(names):
        match = _OWN_LABEL.fullmatch(name)
        if match is None:
            break
        found[name] = match[1] or match[2]
    outputs = set(found.values())
    plain = any(name.casefold() in LABEL_NAMES for name in names)
    if plain or len(found) < 2 or len(outputs) < len(found) or len(found) == len(names):
        return {}
    return dict(reversed(found.items()))


def read_rows(lines: Iterator[str], delimiter: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Line number of the row's end, and its cells; a blank line gives no cells. Broken quoting ends it."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            blank = not row or (len(row) == 1 and not row[0].strip())
            yield reader.line_num, [] if blank else row
    except csv.Error as error:
        findings.add("quoted cells must end and be followed by a delimiter", str(error), line=reader.line_num)


def is_number(cell: str) -> bool:
    """Whether Python reads the cell as a number; 1_000 is none, nan and inf are."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _delimiter(lines: Sequence[str]) -> str:
    """The one that splits the first lines most evenly into most columns; a comma where none splits."""
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        widths = [len(row) for _, row in read_rows(iter(lines[:_SNIFFED]), delimiter, Findings()) if row]
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        if width > most and count * 2 > len(widths):
            best, most = delimiter, width
    return best


def _header(first: Sequence[str], others: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The names in the first row, if it is a header: text above numbers, or text and nothing but text."""
    names = tuple(cell.strip().removeprefix("#").strip() for cell in first)
    text = [not is_number(cell) for cell in first]
    if all(text) and any(name for name in names):
        return names
    numbers_below = {
        column for row in others[:5] if len(row) == len(first) for column, cell in enumerate(row) if is_number(cell)
    }
    return names if any(text[column] and first[column].strip() for column in numbers_below) else None


def _label(header: tuple[str, ...] | None, columns: int, findings: Findings) -> tuple[int | None, By]:
    named = [column for column, name in enumerate(header or ()) if name.casefold() in LABEL_NAMES]
    if len(named) > 1:
        assert header is not None
        received = [header[column] for column in named]
        findings.add(f"one column may be named as a label is ({', '.join(LABEL_NAMES)})", received, line=1)
    if named and columns == 1:
        findings.add("a csv must have a column of features besides its label", list(header or ()), line=1)
    if named:
        return named[0], "name"
    return (columns - 1, "position") if columns > 1 else (None, "position")
