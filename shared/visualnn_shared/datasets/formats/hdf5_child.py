"""The process that opens an HDF5 file; ``outside`` says how it is called and what it tells."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.formats.outside import Problem, serve
from visualnn_shared.datasets.limits import Limits
from visualnn_shared.datasets.writing import npz_writer

_FILTERS = frozenset({1, 2, 3, 32000})  # deflate, shuffle, fletcher32, lzf
_MOST = 256  # objects
_DEEPEST = 8
_PIECE = 8 * 2**20
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError, SystemError,
            AttributeError, NotImplementedError)  # fmt: skip


class _Reader:
    def __init__(self, limit: int) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.arrays: dict[str, Any] = {}
        self._limit = Limits(expanded_bytes=limit)

    def look(self, file: Any) -> None:
        """Find the arrays; groups are part of a name: train/x is train_x."""
        waiting: list[tuple[str, Any, int]] = [("", file, 0)]
        seen = 0
        while waiting:
            path, group, depth = waiting.pop()
            for name in group:
                seen += 1
                full = f"{path}/{name}" if path else str(name)
                if seen > _MOST or depth > _DEEPEST:
                    self._wrong(f"an HDF5 file must hold at most {_MOST} objects, {_DEEPEST} deep", "more", full)
                    return
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    self._wrong("an HDF5 file must hold its arrays itself, without soft or external links", full, full)
                    continue
                item = group[name]
                if isinstance(item, h5py.Group):
                    waiting.append((full, item, depth + 1))
                elif isinstance(item, h5py.Dataset):
                    self._array(item, full)
        total = sum(int(item.size) * item.dtype.itemsize for item in self.arrays.values())
        if total > self._limit.expanded_bytes:
            self._wrong(self._limit.expansion_rule, f"{total:,} bytes", None, Limits.EXPANSION_HINT)
        if not self.arrays and not self.problems:
            self._wrong("an HDF5 file must hold arrays", "none", None, "name them x_train and y_train")

    def _wrong(self, rule: str, received: Any, field: str | None, hint: str | None = None) -> None:
        self.problems.append((rule, received, field and field[:200], hint))

    def _array(self, item: Any, full: str) -> None:
        plist = item.id.get_create_plist()
        filters = {plist.get_filter(place)[0] for place in range(plist.get_nfilters())}
        text = h5py.check_string_dtype(item.dtype) is not None
        if plist.get_external_count() or item.is_virtual:
            self._wrong("an array must lie in the file itself", "in another file", full)
        elif filters - _FILTERS:
            self._wrong("an array must be packed with gzip or lzf, or not at all", sorted(filters - _FILTERS), full)
        elif item.shape is None or not item.shape:
            self.notes.append(f"{full} is a single value, and was left out")
        elif not text and item.dtype.kind not in "biuf":
            self._wrong("an array must hold numbers or text", str(item.dtype), full)
        elif len(item.chunks or ()) and int(np.prod(item.chunks)) * item.dtype.itemsize > 2**30:
            self._wrong("an array's chunks must have at most 1 GiB", str(item.chunks), full)
        else:
            self.arrays[full.replace("/", "_")] = item

    def write(self, target: Path) -> None:
        with npz_writer(target) as writer:
            for name in sorted(self.arrays):
                item = self.arrays[name]
                if h5py.check_string_dtype(item.dtype) is not None:
                    values = np.asarray(item.asstr(errors="strict")[...], np.str_)
                    writer.add(name, values)
                else:
                    dtype = np.dtype(bool) if item.dtype.kind == "b" else item.dtype.newbyteorder("=")
                    writer.add_pieces(name, item.shape, dtype, _pieces(item))


def _pieces(item: Any) -> Iterator[NDArray[Any]]:
    row = max(1, int(np.prod(item.shape[1:])) * item.dtype.itemsize)
    step = max(1, _PIECE // row)
    if item.chunks:
        step = max(step // item.chunks[0], 1) * item.chunks[0]
    for begin in range(0, item.shape[0], step):
        yield item[begin : begin + step]


def work(source: Path, target: Path, limit: int) -> tuple[list[Problem], list[str]]:
    """Write the npz; what is wrong, and what was left out."""
    reader = _Reader(limit)
    try:
        with h5py.File(source, "r") as file:
            reader.look(file)
            if not reader.problems:
                reader.write(target)
    except _DAMAGED as error:
        reader.problems.append(("the HDF5 file must be whole", str(error)[:200] or type(error).__name__, None, None))
    return reader.problems, reader.notes


if __name__ == "__main__":
    serve(work)
