"""The process that opens a Parquet file; ``outside`` says how it is called and what it tells."""

import os
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # the others reserve more than a process may have

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from visualnn_shared.datasets.formats import pixels
from visualnn_shared.datasets.formats.csv_layout import Layout
from visualnn_shared.datasets.formats.members import Member, place
from visualnn_shared.datasets.formats.outside import Problem, serve
from visualnn_shared.datasets.formats.parquet_columns_child import (
    SPLITS,
    Column,
    Roles,
    kind_of,
    numbers,
    pictures,
    roles,
)
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.writing import NpzWriter, npz_writer

_ROWS = 2048  # of a piece
_EXACT = 2.0**24  # float32 holds every whole number up to this
_DAMAGED = (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError)


class _Reader:
    def __init__(self, file: pq.ParquetFile, limit: int) -> None:
        self.file, self.limits = file, Limits(expanded_bytes=limit)
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.counts: Counter[str] = Counter()
        self._split: NDArray[Any] = np.zeros(0, np.str_)

    def wrong(self, rule: str, received: Any, field: str | None = None, hint: str | None = None) -> None:
        if len(self.problems) < 50:
            self.problems.append((rule, received, field and field[:200], hint))

    def look(self) -> Roles | None:
        """Which column is what; None where something is wrong, before a value is read."""
        schema = self.file.schema_arrow
        if len(schema.names) > self.limits.columns or len(set(schema.names)) < len(schema.names):
            rule = f"a table must have at most {self.limits.columns:,} columns, each of another name"
            self.wrong(rule, f"{len(schema.names):,}")
            return None
        if not self.file.metadata.num_rows:
            self.wrong("a table must have rows", 0)
        columns = []
        for field in schema:
            kind = kind_of(field.type)
            if kind is None:
                hint = "leave the column out, or turn it into numbers"
                rule = "a column must hold numbers, lists of numbers, texts or pictures"
                self.wrong(rule, str(field.type)[:200], field.name, hint)
            else:
                columns.append(Column(field.name, kind))
        found = roles(columns)
        self._judge(found)
        size = self.file.metadata.num_rows * 4 * len(found.features)
        if size > self.limits.expanded_bytes:
            self.wrong(self.limits.expansion_rule, f"{size:,} bytes", None, Limits.EXPANSION_HINT)
        return None if self.problems else found

    def _judge(self, found: Roles) -> None:
        if not found.features:
            self.wrong("a table must have a column of features besides its label", self.file.schema_arrow.names[:20])
        for one in found.features:
            if one.kind == "text":
                hint = "give each text a number, or a column of 0 and 1 for each value; texts to learn from come as csv"
                self.wrong("a feature must be a number", "text", one.name, hint)
        for one in found.labels.values():
            if one.kind == "picture":
                self.wrong("a label must be a number or a text", "a picture", one.name)

    def pieces(self, *names: str) -> Iterator[Any]:
        yield from self.file.iter_batches(batch_size=_ROWS, columns=list(names), use_threads=False)

    def divide(self, column: Column | None) -> None:
        """Which rows are of which split."""
        if column is None:
            self._split = np.full(self.file.metadata.num_rows, "train")
        else:
            told = np.concatenate([numbers(piece.column(0)) for piece in self.pieces(column.name)])
            for text in np.unique(told)[:20]:
                if str(text).lower() not in SPLITS:
                    self.wrong("a row's split must be train or test", str(text)[:100], column.name)
            self._split = np.array([SPLITS.get(str(text).lower(), "") for text in told])
        self.counts = Counter(self._split.tolist())
        if not self.problems and not self.counts["train"]:
            self.wrong("the training split must have rows", dict(self.counts))

    def of(self, split: str, column: str) -> Iterator[Any]:
        """The pieces of a column, only rows of the split."""
        at = 0
        for piece in self.pieces(column):
            mine = self._split[at : at + len(piece)] == split
            at += len(piece)
            yield piece.column(0).filter(pa.array(mine))

    def write(self, found: Roles, target: Path) -> None:
        with npz_writer(target) as writer:
            for group, names in self._groups(found).items():
                self._numbers(writer, group, names)
            for one in found.features:
                if one.kind != "number" and not self.problems:
                    (self._vectors if one.kind == "vector" else self._pictures)(writer, one, self._alone(found, one))
            for output, one in found.labels.items():
                if not self.problems:
                    self._labels(writer, one, output)

    def _groups(self, found: Roles) -> dict[str, list[str]]:
        """Input -> its columns of single numbers, grouped as those of a csv are."""
        names = [one.name for one in found.features if one.kind == "number"]
        if not names:
            return {}
        layout = Layout(",", len(names), tuple(names), None, "name")
        return {group: [names[at] for at in mine] for group, mine in layout.features().items()}

    def _alone(self, found: Roles, one: Column) -> str:
        return "x" if len(found.features) == 1 else one.name

    def _named(self, split: str, name: str) -> str:
        array = f"x_{split}" if name == "x" else f"x_{split}_{name}"
        if place(array) != Member(array, split, "feature", name):
            self.wrong("an input's name must hold no word for a split", name, name, "rename the column")
        return array

    def _numbers(self, writer: NpzWriter, group: str, names: list[str]) -> None:
        dtype = self._dtype(names)
        if self.problems:
            return
        for split, count in sorted(self.counts.items(), reverse=True):
            pieces = self._rows(split, names, dtype)
            writer.add_pieces(self._named(split, group), (count, len(names)), dtype, pieces)

    def _dtype(self, names: list[str]) -> "np.dtype[Any]":
        """float32, where that holds every value."""
        largest, lacking = 0.0, Counter[str]()
        for name in names:
            for piece in self.pieces(name):
                values = numbers(piece.column(0), gaps=True)
                whole = not pa.types.is_floating(piece.column(0).type)
                if whole and values.size and not np.isnan(wide := np.abs(values.astype(np.float64))).all():
                    largest = max(largest, float(np.nanmax(wide)))
                lacking[name] += int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
        lacking = +lacking
        if lacking:
            listed = ", ".join(f"{name}: {count:,}" for name, count in lacking.most_common(20))
            self.notes.append(f"values are missing in {len(lacking)} columns ({listed})")
        return np.dtype(np.float64 if largest > _EXACT else np.float32)

    def _rows(self, split: str, names: list[str], dtype: "np.dtype[Any]") -> Iterator[NDArray[Any]]:
        at = 0
        for piece in self.pieces(*names):
            mine = self._split[at : at + len(piece)] == split
            at += len(piece)
            columns = [numbers(piece.column(name), gaps=True).astype(dtype)[mine] for name in names]
            yield np.stack(columns, axis=1)

    def _vectors(self, writer: NpzWriter, one: Column, name: str) -> None:
        shape: tuple[int, ...] | None = None
        dtype = np.dtype(np.uint8)
        for piece in self.pieces(one.name):
            try:
                values = numbers(piece.column(0), gaps=True)
            except ValueError as error:
                self.wrong("every row must have a list of numbers, all of one length", str(error), one.name)
                return
            if shape not in (None, values.shape[1:]) and len(values):
                received = f"{list(shape or ())} and {list(values.shape[1:])}"
                self.wrong("all rows of a column must have one shape", received, one.name)
                return
            dtype = values.dtype if shape is None else np.promote_types(dtype, values.dtype)
            shape = values.shape[1:]
        assert shape is not None
        self._fits(shape, dtype.itemsize)
        for split, count in sorted(self.counts.items(), reverse=True):
            if not self.problems:
                pieces = (numbers(piece, gaps=True).astype(dtype) for piece in self.of(split, one.name))
                writer.add_pieces(self._named(split, name), (count, *shape), dtype, pieces)

    def _fits(self, shape: tuple[int, ...], itemsize: int) -> None:
        size = self.file.metadata.num_rows * int(np.prod(shape, dtype=object)) * itemsize
        if size > self.limits.expanded_bytes:
            self.wrong(self.limits.expansion_rule, f"{size:,} bytes", None, Limits.EXPANSION_HINT)

    def _pictures(self, writer: NpzWriter, one: Column, name: str) -> None:
        sizes: Counter[pixels.Size] = Counter()
        colour, row = False, 0
        for piece in self.pieces(one.name):
            for data in pictures(piece.column(0)):
                try:
                    size, coloured = pixels.measured(BytesIO(data or b""))
                except pixels.Unreadable as why:
                    self.wrong(why.rule, why.received, f"{one.name}, row {row + 1}")
                else:
                    sizes[size] += 1
                    colour = colour or coloured
                row += 1
        if len(sizes) > 1:
            listed = ", ".join(f"{h} x {w}: {count:,}" for (h, w), count in sizes.most_common(5))
            self.wrong("all pictures must have the same height and width", listed, one.name)
        if self.problems:
            return
        shape = (*next(iter(sizes)), *((3,) if colour else ()))
        self._fits(shape, 1)
        for split, count in sorted(self.counts.items(), reverse=True):
            if not self.problems:
                writer.add_pieces(
                    self._named(split, name), (count, *shape), np.dtype(np.uint8), self._decoded(split, one, shape)
                )

    def _decoded(self, split: str, one: Column, shape: tuple[int, ...]) -> Iterator[NDArray[Any]]:
        for piece in self.of(split, one.name):
            block = np.zeros((len(piece), *shape), np.uint8)
            for at, data in enumerate(pictures(piece)):
                try:
                    pixels.decode(BytesIO(data or b""), block[at])
                except pixels.Unreadable as why:
                    self.wrong(why.rule, why.received, one.name)
            yield block

    def _labels(self, writer: NpzWriter, one: Column, output: str) -> None:
        for split in sorted(self.counts, reverse=True):
            array = f"y_{split}_{output}" if output else f"y_{split}"
            if output and place(array) != Member(array, split, "label", output):
                self.wrong("an output's name must hold no word for a split", output, one.name, "rename the column")
                return
            try:
                writer.add(array, np.concatenate([numbers(piece) for piece in self.of(split, one.name)]))
            except ValueError as error:
                self.wrong("every row must have a label", str(error), one.name)
                return


def work(source: Path, target: Path, limit: int) -> tuple[list[Problem], list[str]]:
    """Write the npz; what is wrong, and what was left out."""
    try:
        with pq.ParquetFile(source, memory_map=False) as file:
            reader = _Reader(file, limit)
            found = reader.look()
            if found is not None:
                reader.divide(found.split)
            if found is not None and not reader.problems:
                reader.write(found, target)
            return reader.problems, reader.notes
    except _DAMAGED as error:
        return [("the Parquet file must be whole", str(error)[:200] or type(error).__name__, None, None)], []


if __name__ == "__main__":
    serve(work)
