"""Caffe's file of weights, a binary ``NetParameter``: its layers' blobs by name, both ways.

Numbers of fields are facts of Caffe's schema, ``caffe.proto``. Read are the layers of today (``layer``) and those
before (``layers``, and layers within them); written is ``layer`` with name, type, bottoms, tops and blobs: Caffe takes
the rest from the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.caffe.source import MAX_LAYERS
from visualnn_converter.formats.caffe.wire import BYTES, VARINT, Chunk, Field, Reader, broken, message, text, varint

MOST_BLOBS, MOST_AXES = 64, 32
"""Of one layer; of one blob (Caffe's own limit)."""
_NET_NAME, _OLD_LAYERS, _LAYERS = 1, 2, 100
_NAME, _TYPE, _BOTTOM, _TOP, _BLOBS = 1, 2, 3, 4, 7
_INNER = 1
_NOW, _OLD, _OLDEST = (_NAME, _BLOBS), (4, 6), (1, 50)
"""Fields of a layer's name and blobs: today, before, and of the layer within a layer that came first."""
_LEGACY = (1, 2, 3, 4)  # num, channels, height, width
_DATA, _SHAPE, _DOUBLES, _DIM = 5, 7, 8, 1
_MEANINGS = {_DATA: "<f4", _DOUBLES: "<f8"}


@dataclass(frozen=True, slots=True)
class Blob:
    """A tensor as the file has it. Values may lie in the file's own bytes: they are not to be written to."""

    shape: tuple[int, ...]
    values: NDArray[Any]
    """One axis, float32 or float64."""

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether it is of this shape; leading axes of one do not count, which old files filled up to four."""
        return _significant(self.shape) == _significant(shape)

    def tensor(self, shape: Sequence[int]) -> NDArray[Any]:
        """The values in a shape that fits, as float32."""
        return self.values.astype(np.float32, copy=False).reshape(shape)

    def equals(self, other: "Blob") -> bool:
        """Whether shape and bits are the same."""
        return self.fits(other.shape) and np.array_equal(self.values.view(np.uint8), other.values.view(np.uint8))


def _significant(shape: Sequence[int]) -> tuple[int, ...]:
    sizes = list(shape)
    while sizes and sizes[0] == 1:
        del sizes[0]
    return tuple(sizes)


def parse(data: bytes) -> dict[str, list[Blob]]:
    """Layer name -> its blobs, for layers that have any; of two layers of a name the later, as Caffe takes it.

    Raises ``Unmappable`` for a file that is damaged, or is none.
    """
    if data[:4] == b"\x89HDF":
        hint = "save it as binary protobuf: solver parameter snapshot_format: BINARYPROTO"
        raise Unmappable("the weights file must be a binary caffemodel", "an HDF5 file", hint=hint)
    reader, found, count = Reader(data), dict[str, list[Blob]](), 0
    for field in reader.fields(0, len(data)):
        if field.number not in (_LAYERS, _OLD_LAYERS) or field.wire != BYTES:
            continue
        count += 1
        if count > MAX_LAYERS:
            raise broken(f"have at most {MAX_LAYERS:,} layers", field.start)
        name, blobs = _layer(reader, field, _OLD if field.number == _OLD_LAYERS else _NOW)
        if blobs:
            found[name] = blobs
    if not count:
        raise broken("hold layers", 0, "none in the message")
    return found


def _layer(reader: Reader, whole: Field, numbers: tuple[int, int]) -> tuple[str, list[Blob]]:
    name, blobs = "", list[Blob]()
    for field in reader.fields(whole.start, whole.end):
        if field.wire != BYTES:
            continue
        if numbers is _OLD and field.number == _INNER:
            return _layer(reader, field, _OLDEST)
        if field.number == numbers[0]:
            name = reader.data[field.start : field.end].decode("utf-8", "replace")
        elif field.number == numbers[1]:
            if len(blobs) == MOST_BLOBS:
                raise broken(f"have at most {MOST_BLOBS} blobs in a layer", field.start)
            blobs.append(_blob(reader, field))
    return name, blobs


def _blob(reader: Reader, whole: Field) -> Blob:
    legacy, dims = dict[int, int](), None
    parts: dict[int, list[NDArray[Any]]] = {_DATA: [], _DOUBLES: []}
    for field in reader.fields(whole.start, whole.end):
        if field.number in _LEGACY and field.wire == VARINT:
            legacy[field.number] = field.value
        elif field.number == _SHAPE and field.wire == BYTES:
            dims = [*(dims or ()), *_dims(reader, field)]
        elif field.number in parts:
            parts[field.number].append(_array(reader.data, field))
    chunks = parts[_DOUBLES] or parts[_DATA]
    values = chunks[0] if len(chunks) == 1 else np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    shape = tuple(
        dims if dims is not None else [legacy.get(number, 0) for number in _LEGACY] if legacy else [values.size]
    )
    if len(shape) > MOST_AXES:
        raise broken(f"have blobs of at most {MOST_AXES} axes", whole.start, f"{len(shape)} axes")
    if prod(shape) != values.size:
        shown = " x ".join(map(str, shape)) or "a single value"
        raise broken("have as many values as a blob's shape says", whole.start, f"{values.size:,} for {shown}")
    return Blob(shape, values)


def _dims(reader: Reader, shape: Field) -> list[int]:
    return [
        size
        for field in reader.fields(shape.start, shape.end)
        if field.number == _DIM and field.wire in (VARINT, BYTES)
        for size in reader.varints(field)
    ]


def _array(data: bytes, field: Field) -> NDArray[Any]:
    """A packed array, in place."""
    kind = np.dtype(_MEANINGS[field.number])
    size = field.end - field.start
    if field.wire != BYTES or size % kind.itemsize:
        raise broken("hold values packed, as Caffe writes them", field.start, f"{size:,} bytes")
    return np.frombuffer(data, kind, size // kind.itemsize, field.start)


def render(name: str, layers: Sequence[tuple[Mapping[str, Any], Sequence[NDArray[Any]]]]) -> bytes:
    """The file: for each layer its message (``name``, ``type``, ``bottom``, ``top``) and its blobs as float32."""
    chunks = text(_NET_NAME, name)
    for layer, blobs in layers:
        inner = [*text(_NAME, layer["name"]), *text(_TYPE, layer["type"])]
        for number, key in ((_BOTTOM, "bottom"), (_TOP, "top")):
            value = layer.get(key, ())
            for one in [value] if isinstance(value, str) else value:
                inner += text(number, one)
        for blob in blobs:
            inner += _rendered(blob)
        chunks += message(_LAYERS, inner)
    return b"".join(chunks)


def _rendered(blob: NDArray[Any]) -> list[Chunk]:
    shape = message(_SHAPE, message(_DIM, [b"".join(varint(size) for size in blob.shape)]))
    values = np.ascontiguousarray(blob, "<f4").reshape(-1).view(np.uint8).data
    return message(_BLOBS, [*message(_DATA, [values]), *shape])
