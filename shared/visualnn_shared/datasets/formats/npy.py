"""One array of an npz: its header and its values, read without NumPy's loader so that nothing is ever unpickled.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from visualnn_shared.datasets.limits import Limits

_MAGIC = b"\x93NUMPY"
_DESCR = re.compile(r"[<>|=]?(?P<kind>[?biufcSUOMmV])\d{1,6}|[<>|=]?\?")
_ITEM = 2**16  # bytes of one element: text labels are shorter
PIECE = 4 * 2**20  # bytes
_LENGTH = {(1, 0): 2, (2, 0): 4, (3, 0): 4}  # version -> bytes that hold the header's length
_REFUSED = {
    "O": "an array of Python objects, which is never unpickled",
    "c": "complex numbers", "M": "dates", "m": "time spans", "V": "records or raw bytes",
}  # fmt: skip


class NpyError(Exception):
    """A rule of the format, or of ours, that an array breaks."""

    def __init__(self, rule: str, received: object) -> None:
        super().__init__(rule)
        self.rule, self.received = rule, received


@dataclass(frozen=True, slots=True)
class Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    start: int
    """Where the values begin, in bytes."""

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], size: int, limits: Limits) -> Header:
    """The header at the file's start; ``size`` is the whole member's, in bytes. Raises NpyError."""
    start = _exactly(file, 8)
    if start[:6] != _MAGIC:
        raise NpyError("the member must be an npy array", "no npy magic at its start")
    width = _LENGTH.get((start[6], start[7]))
    if width is None:
        raise NpyError("the npy version must be 1, 2 or 3", f"{start[6]}.{start[7]}")
    length = int.from_bytes(_exactly(file, width), "little")
    if length > limits.header_bytes:
        raise NpyError(f"an npy header must be at most {limits.header_bytes:,} bytes", length)
    header = _fields(_exactly(file, length), 8 + width + length, limits)
    if header.start + header.nbytes != size:
        have = size - header.start
        raise NpyError(f"an array of shape {header.shape} must hold {header.nbytes:,} bytes", f"{have:,} bytes")
    return header


def _fields(text: bytes, start: int, limits: Limits) -> Header:
    try:
        fields = ast.literal_eval(text.decode("utf-8").strip())
        descr, fortran, shape = fields["descr"], fields["fortran_order"], fields["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise NpyError("an npy header must give descr, fortran_order and shape", type(error).__name__) from None
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise NpyError("an array's shape must be a tuple of whole numbers", repr(shape)[:200])
    if len(shape) > limits.rank:
        raise NpyError(f"an array must have at most {limits.rank} axes", len(shape))
    return Header(_dtype(descr), shape, bool(fortran), start)


def _dtype(descr: object) -> "np.dtype[Any]":
    if not isinstance(descr, str):
        raise NpyError("an array must hold numbers or text", "records")
    known = _DESCR.fullmatch(descr)  # NumPy only sees what has this form
    if known is None or known["kind"] in _REFUSED:
        kind = descr.lstrip("<>|=")[:1]
        raise NpyError("an array must hold numbers or text", _REFUSED.get(kind, descr[:200]))
    try:
        dtype = np.dtype(descr)
    except (TypeError, ValueError):
        raise NpyError("an array must have a known dtype", descr) from None
    if not 0 < dtype.itemsize <= _ITEM:
        raise NpyError(f"an element must have 1 to {_ITEM:,} bytes", dtype.itemsize)
    if dtype.kind == "f" and dtype.itemsize > 8:
        raise NpyError("floating point numbers must have at most 64 bits", descr[:200])
    return dtype


def pieces(file: IO[bytes], header: Header) -> Iterator[NDArray[Any]]:
    """The values after the header as flat arrays of a few MiB, in the file's order. Raises NpyError."""
    step = max(1, PIECE // header.dtype.itemsize) * header.dtype.itemsize
    left = header.nbytes
    while left:
        data = _exactly(file, min(step, left))
        left -= len(data)
        yield np.frombuffer(data, header.dtype)


def read_array(file: IO[bytes], header: Header, first: int | None = None) -> NDArray[Any]:
    """The array after the header, or its ``first`` rows. Raises NpyError."""
    shape = header.shape
    if first is not None and not header.fortran:
        shape = (min(first, shape[0]), *shape[1:])
    flat = np.empty(math.prod(shape), header.dtype)
    view = memoryview(flat.view(np.uint8)) if flat.size else memoryview(b"")  # type: ignore[arg-type]
    done = 0
    while done < len(view):
        data = file.read(min(PIECE, len(view) - done))
        if not data:
            raise NpyError("the array must not end early", f"{done:,} of {len(view):,} bytes")
        view[done : done + len(data)] = data
        done += len(data)
    array = flat.reshape(shape, order="F" if header.fortran else "C")
    return array if first is None else array[:first]


def _exactly(file: IO[bytes], count: int) -> bytes:
    parts, left = [], count
    while left:
        data = file.read(left)
        if not data:
            raise NpyError("the array must not end early", f"{count - left:,} of {count:,} bytes")
        parts.append(data)
        left -= len(data)
    return b"".join(parts)
