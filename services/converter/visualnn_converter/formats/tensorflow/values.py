"""Attributes and tensors of GraphDef messages as plain Python and NumPy values, and back."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.schema import DATA_TYPES, NUMBERS, NUMPY

Array = NDArray[Any]
LARGEST_FILL = 2**26
"""Values of a constant that the file says with one number for all."""
_SHARES = (3, 6, 127.5, 255)
"""Numbers that people divide by, and that leave no short decimal number."""
_FIELDS = {
    "float32": "float_val", "float64": "double_val", "int64": "int64_val", "bool": "bool_val", "float16": "half_val",
    "uint32": "uint32_val", "uint64": "uint64_val",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DType:
    """A type by NumPy's name, or by TensorFlow's where NumPy has none that we read."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """An attribute that no layer has a use for: a function, a text tensor, ..."""

    what: str


def dtype(number: int) -> DType:
    """A type of the file; a reference to a variable is what it refers to."""
    number = number - 100 if number > 100 else number
    if number in NUMPY:
        return DType(NUMPY[number])
    return DType(DATA_TYPES[number].lower() if 0 <= number < len(DATA_TYPES) else "unknown")


def value(attribute: Any) -> Any:
    """Plain Python: bytes as text, shapes as lists (None where not known), tensors as arrays. Raises ``Unmappable``."""
    kind = attribute.WhichOneof("value")
    if kind == "s":
        return attribute.s.decode("utf-8", "replace")
    if kind in ("i", "b"):
        return getattr(attribute, kind)
    if kind == "f":
        return decimal(attribute.f)
    if kind == "type":
        return dtype(attribute.type)
    if kind == "shape":
        return shape(attribute.shape)
    if kind == "tensor":
        return tensor(attribute.tensor)
    return _list(attribute.list) if kind == "list" else Opaque(kind or "nothing")


def _list(found: Any) -> Any:
    if found.s:
        return [one.decode("utf-8", "replace") for one in found.s]
    if found.shape:
        return [shape(one) for one in found.shape]
    if found.tensor or found.func:
        return Opaque("a list")
    return list(found.i or found.b) or [decimal(one) for one in found.f] or [dtype(one) for one in found.type]


def decimal(number: float) -> float:
    """0.1 for the float32 that is nearest to it, and 1/255 for the one nearest to that."""
    single = np.float32(number)
    return next((1 / n for n in _SHARES if np.float32(1 / n) == single), float(str(single)))


def shape(found: Any) -> list[int | None] | None:
    """Sizes, None where free; None at all where not even their number is known."""
    if found.unknown_rank:
        return None
    return [None if dim.size < 0 else int(dim.size) for dim in found.dim]


def tensor(found: Any) -> Array | Opaque:
    """A constant. Raises ``Unmappable`` where values and sizes contradict each other."""
    kind = dtype(found.dtype).name
    if kind not in NUMBERS:
        return Opaque(f"a tensor of the type {kind}")
    sizes = [int(dim.size) for dim in found.tensor_shape.dim]
    if found.tensor_shape.unknown_rank or any(size < 0 for size in sizes) or len(sizes) > 16:
        raise Unmappable("a constant must have sizes of at least 0", sizes)
    count = prod(sizes)
    if found.tensor_content:
        held, rest = divmod(len(found.tensor_content), np.dtype(kind).itemsize)
        if held != count or rest:
            raise Unmappable(f"a constant must hold as many values as its sizes {sizes} say", held)
        raw = np.frombuffer(found.tensor_content, np.dtype(kind).newbyteorder("<"))
        return raw.astype(kind, copy=False).reshape(sizes)
    given = _given(found, kind)
    if len(given) > count or (count and not len(given) and count > LARGEST_FILL):
        raise Unmappable(f"a constant must hold as many values as its sizes {sizes} say", len(given))
    if len(given) == count:
        return given.reshape(sizes)
    if count > LARGEST_FILL:
        raise Unmappable(f"a constant that repeats its last value must have at most {LARGEST_FILL:,} values", sizes)
    last = given[-1] if len(given) else np.zeros((), kind)
    return np.concatenate([given, np.full(count - len(given), last, kind)]).reshape(sizes)


def _given(found: Any, kind: str) -> Array:
    listed = getattr(found, _FIELDS.get(kind, "int_val"))
    if kind == "float16":
        return (np.array(listed, np.int64) & 0xFFFF).astype(np.uint16).view(np.float16)
    try:
        return np.array(listed, kind)
    except OverflowError:
        raise Unmappable(f"a constant must hold values of its type {kind}", max(listed)) from None


def put(attribute: Any, said: Any) -> None:
    """Write into an AttrValue message: numbers, texts, types, shapes as tuples, arrays, lists of whole numbers."""
    if isinstance(said, bool):
        attribute.b = said
    elif isinstance(said, int):
        attribute.i = said
    elif isinstance(said, float):
        attribute.f = said
    elif isinstance(said, str):
        attribute.s = said.encode()
    elif isinstance(said, DType):
        attribute.type = NUMBERS[said.name]
    elif isinstance(said, np.ndarray):
        _put_tensor(attribute.tensor, said)
    elif isinstance(said, tuple):
        _put_shape(attribute.shape, said)
    elif said and isinstance(said[0], DType):
        attribute.list.type.extend(NUMBERS[one.name] for one in said)
    else:
        attribute.list.SetInParent()
        attribute.list.i.extend(said)


def _put_shape(message: Any, sizes: tuple[int | None, ...]) -> None:
    message.SetInParent()
    for size in sizes:
        message.dim.add(size=-1 if size is None else size)


def _put_tensor(message: Any, array: Array) -> None:
    """Whole numbers and single values one by one, as people read them; weights as bytes."""
    message.dtype = NUMBERS[str(array.dtype)]
    _put_shape(message.tensor_shape, array.shape)
    if array.size <= 1 or array.dtype.kind == "i":
        getattr(message, _FIELDS.get(str(array.dtype), "int_val")).extend(array.ravel().tolist())
    else:
        message.tensor_content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
