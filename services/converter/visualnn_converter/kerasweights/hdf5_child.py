"""The process that opens an HDF5 file: a damaged one can hang the HDF5 library, or worse, and then only this ends.

``python -m visualnn_converter.kerasweights.hdf5_child BYTES SECONDS``: the file on stdin; on stdout a line of JSON
(groups with their texts, or what is wrong) and then the tensors as safetensors.
"""

import contextlib
import io
import json
import math
import sys
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from visualnn_converter.kerasweights.limits import (
    DENSEST,
    LARGEST_TEXT,
    MAX_DEPTH,
    MAX_OBJECTS,
    MEMORY,
    READ_TEXTS,
    UNREAD,
)

_FILTERS = frozenset({1, 2, 3, 32000})  # deflate, shuffle, fletcher32, lzf
_DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError, SystemError,
            AttributeError, NotImplementedError)  # fmt: skip


class Refused(Exception):  # noqa: N818 - a signal within this process
    """What the file breaks: the rule, and what was received."""


class _File:
    """Looks at every object of a file before anything of it is read."""

    def __init__(self, file: Any, budget: int) -> None:
        self.groups: dict[str, dict[str, list[str]]] = {}
        self.tensors: dict[str, NDArray[Any]] = {}
        self.refused: dict[str, list[str]] = {}
        self._seen: set[int] = set()
        self._left, self._budget = budget, budget
        waiting = [("", file, 0)]
        while waiting:
            path, group, depth = waiting.pop()
            self.groups[path] = {name: _texts(group.attrs, name) for name in group.attrs if name.startswith(READ_TEXTS)}
            for name in group:
                full = f"{path}/{name}" if path else name
                full.encode()
                item = self._item(group, name, full)
                if isinstance(item, h5py.Group):
                    if depth >= MAX_DEPTH:
                        raise Refused(f"groups must be nested at most {MAX_DEPTH} deep", full)
                    waiting.append((full, item, depth + 1))
                elif isinstance(item, h5py.Dataset) and not full.startswith(UNREAD):
                    self._read(item, full)

    def _item(self, group: Any, name: str, full: str) -> Any:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Refused("the HDF5 file must hold its tensors itself, without soft or external links", full)
        if len(self._seen) >= MAX_OBJECTS:
            raise Refused(f"the HDF5 file must hold at most {MAX_OBJECTS:,} objects", "more")
        item = group[name]
        address = h5py.h5o.get_info(item.id).addr
        if address in self._seen:
            raise Refused("each object of the HDF5 file must stand in one place", full)
        self._seen.add(address)
        if isinstance(item, h5py.Dataset) and (item.is_virtual or item.external):
            raise Refused("the HDF5 file must hold its tensors itself, without external storage", full)
        return item

    def _read(self, dataset: Any, path: str) -> None:
        """Numbers; floating ones as float32. What cannot be read is remembered: it may be nobody's."""
        try:
            _check(dataset, path)
        except Refused as refused:
            self.refused[path] = [str(one) for one in refused.args]
            return
        self._left -= dataset.size * int(dataset.dtype.itemsize)
        if self._left < 0:
            raise MemoryError
        values: NDArray[Any] = np.asarray(dataset[()])
        if values.dtype.kind == "V":
            values = (np.frombuffer(values.tobytes(), "<u2").astype("<u4") << 16).view("<f4").reshape(values.shape)
        if values.dtype.kind == "f":
            with np.errstate(over="ignore", invalid="ignore"):
                values = values.astype("<f4")
        self.tensors[path] = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"))).reshape(values.shape)


def _check(dataset: Any, path: str) -> None:
    """Numbers that stand in the file: no fill values, no unknown filters, no compression beyond deflate's."""
    kind, shape = dataset.dtype.kind, dataset.shape
    half = kind == "V" and dataset.dtype.itemsize == 2 and "dtype" in dataset.attrs
    if shape is None or (kind not in "fiub" and not (half and _texts(dataset.attrs, "dtype") == ["bfloat16"])):
        raise Refused("each tensor must hold numbers", f"{path}: {dataset.dtype}"[:200])
    size = math.prod(int(n) for n in shape) * int(dataset.dtype.itemsize)
    plist = dataset.id.get_create_plist()
    filters = {int(plist.get_filter(i)[0]) for i in range(plist.get_nfilters())}
    if filters - _FILTERS:
        raise Refused("tensors must be plain, or compressed by gzip or lzf", f"{path}: filter {max(filters)}")
    stored = int(dataset.id.get_storage_size())
    if stored * (DENSEST if filters else 1) < size:
        raise Refused("each tensor's values must be in the file", f"{path}: {stored:,} of {size:,} bytes"[:200])


def _texts(attributes: Any, name: str) -> list[str]:
    """The texts of an attribute."""
    found = attributes.get_id(name)
    if math.prod(found.shape or ()) * int(found.dtype.itemsize) > LARGEST_TEXT:
        raise Refused(f"texts must be at most {LARGEST_TEXT:,} bytes", name[:100])
    if found.dtype.kind not in "SO" or (found.dtype.kind == "O" and h5py.check_string_dtype(found.dtype) is None):
        return []  # an empty list of names is written as numbers
    values = np.asarray(attributes[name], dtype=object).reshape(-1)
    texts = [one.decode("utf-8") if isinstance(one, bytes) else str(one) for one in values]
    for text in texts:
        text.encode()  # h5py lets bytes through that are no UTF-8
    return texts


def _bounded(seconds: int) -> None:
    """Limits that hold even where the library hangs or asks for all memory; where the system has none, time alone."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    budget, seconds = int(sys.argv[1]), int(sys.argv[2])
    _bounded(seconds)
    out = sys.stdout.buffer
    try:
        with h5py.File(io.BytesIO(sys.stdin.buffer.read()), "r") as file:
            found = _File(file, budget)
        told: dict[str, Any] = {"groups": found.groups, "refused": found.refused}
        tensors = save(found.tensors)
    except Refused as refused:
        told, tensors = {"wrong": [str(one)[:300] for one in refused.args]}, b""
    except MemoryError:
        told, tensors = {"too_large": True}, b""
    except _DAMAGED as error:
        text = " ".join(ascii(str(error))[1:-1].split())[:200] or type(error).__name__
        told, tensors = {"wrong": ["the HDF5 file must be whole", text]}, b""
    out.write(json.dumps(told).encode() + b"\n")
    out.write(tensors)


if __name__ == "__main__":
    main()
