"""In the process of ``parquet_child``: what the columns of a Parquet table are to a data set."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types

from visualnn_shared.datasets.formats.csv_layout import LABEL_NAMES, several_labels

Kind = Literal["number", "text", "vector", "picture"]
SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_DEEPEST = 4  # lists in lists


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column is what."""

    features: tuple[Column, ...]
    labels: dict[str, Column]
    """Output, empty where they are of all -> its labels."""
    split: Column | None


def kind_of(type_: Any) -> Kind | None:
    """None where such a column cannot be learnt from."""
    if types.is_dictionary(type_):
        return kind_of(type_.value_type)
    if types.is_boolean(type_) or types.is_integer(type_) or types.is_floating(type_):
        return "number"
    if types.is_string(type_) or types.is_large_string(type_):
        return "text"
    if is_bytes(type_) or (types.is_struct(type_) and _has_bytes(type_)):
        return "picture"
    depth = 0
    while is_list(type_) and depth < _DEEPEST:
        type_, depth = type_.value_type, depth + 1
    return "vector" if depth and kind_of(type_) == "number" and not types.is_dictionary(type_) else None


def is_list(type_: Any) -> bool:
    return bool(types.is_list(type_) or types.is_large_list(type_) or types.is_fixed_size_list(type_))


def is_bytes(type_: Any) -> bool:
    return bool(types.is_binary(type_) or types.is_large_binary(type_))


def _has_bytes(type_: Any) -> bool:
    place = type_.get_field_index("bytes")
    return place >= 0 and is_bytes(type_.field(place).type)


def roles(columns: list[Column]) -> Roles:
    """The label by its name, the last ones where each names its output, else the last column; ``split`` by its name."""
    split = next((one for one in columns if one.kind == "text" and one.name.casefold() == "split"), None)
    rest = [one for one in columns if one is not split]
    named = [one for one in rest if one.name.casefold() in LABEL_NAMES]
    several = several_labels([one.name for one in rest])
    labels = {several[one.name]: one for one in rest if one.name in several}
    if not labels:
        last = rest[-1:] if len(rest) > 1 and rest[-1].kind in ("number", "text") else []
        labels = dict(zip(("",), named or last, strict=False))
    taken = list(labels.values())
    return Roles(tuple(one for one in rest if one not in taken), labels, split)


def numbers(column: Any, gaps: bool = False) -> NDArray[Any]:
    """The values of a piece of a column: (n,) of numbers or texts, (n, ...) of vectors.

    ``gaps``: a number that is missing is NaN. Else raises ValueError, as where a list is, or lists differ in length.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    shape = [len(array)]
    while is_list(array.type):
        if array.null_count:
            raise ValueError("a missing value")
        lengths = {array.type.list_size} if types.is_fixed_size_list(array.type) else set(np.diff(array.offsets))
        if len(lengths) > 1:
            raise ValueError(f"lists of {min(lengths)} to {max(lengths)} values")
        shape.append(int(lengths.pop()) if lengths else 0)
        array = array.flatten()
    if array.null_count and gaps and kind_of(array.type) == "number":
        array = (array.cast(pa.uint8()) if types.is_boolean(array.type) else array).cast(pa.float64(), safe=False)
    elif array.null_count:
        raise ValueError("a missing value")
    if types.is_string(array.type) or types.is_large_string(array.type):
        return np.array(array.to_pylist(), np.str_).reshape(shape)
    return np.asarray(array.to_numpy(zero_copy_only=False)).reshape(shape)


def pictures(column: Any) -> list[bytes | None]:
    """The encoded pictures of a piece of a column."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if types.is_struct(array.type):
        array = array.field("bytes")
    found: list[bytes | None] = array.to_pylist()
    return found
