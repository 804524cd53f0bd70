"""Nodes that compute with constants and sizes only, worked out while reading: shapes, axes, folded weights."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.values import Array, DType
from visualnn_converter.graphreading import Node

BATCH = -(2**40)
"""Stands for the batch size in arrays of sizes; n times it stands for n times as many."""
OPEN, ROWS = -(2**52) - 7, -(2**52) - 9
"""Stand for a free size that is not the batch, and for a product that holds one: no number is known of them."""
LARGEST = 2**26
"""Values that one fold may make."""
Fold = Callable[[Node, Sequence[Array]], Array]


class Unknown(np.ndarray[Any, Any]):
    """A variable without its values: only its shape means something. ``origin`` is its node."""

    origin: str

    def __array_finalize__(self, other: Any) -> None:
        self.origin = getattr(other, "origin", "")


def unknown(sizes: Sequence[int], origin: str) -> Array:
    """A stand-in of this shape that takes no memory."""
    one = np.zeros((), np.float32).view(Unknown)
    one.origin = origin
    return np.broadcast_to(one, tuple(sizes), subok=True)


def fold(node: Node, arrays: Sequence[Array]) -> Array | None:
    """The value of the node's first output; None where it is not one that is worked out."""
    function = FOLDS.get(node.op)
    if function is None or not arrays:
        return None
    blank = any(isinstance(a, Unknown) for a in arrays)
    if blank and node.op not in _RESHAPES:
        return None
    if node.op not in _MOVES and not _fits(node, arrays):
        return None
    try:
        with np.errstate(all="ignore"):
            if node.op == "Reshape" and blank:
                return unknown(_target(arrays[0], arrays[1]), getattr(arrays[0], "origin", ""))
            if not blank and _size(node, arrays) > LARGEST:
                return None
            return np.asanyarray(function(node, arrays))
    except (ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError, MemoryError, Unmappable):
        return None


def has_batch(array: Array) -> bool:
    """Whether a size in it depends on the batch."""
    return array.dtype.kind == "i" and array.dtype.itemsize == 8 and bool((array < BATCH // 2).any())


def _fits(node: Node, arrays: Sequence[Array]) -> bool:
    """Sizes that depend on the batch may be multiplied by whole numbers; nothing else may be done with them."""
    marked = [a for a in arrays if has_batch(a)]
    if not marked:
        return True
    if node.op == "Prod" and OPEN in arrays[0]:
        return arrays[0].ndim == 1
    if node.op == "Prod":
        return len(marked) == 1 and int((arrays[0] < BATCH // 2).sum()) == 1 and bool((abs(arrays[0]) > 0).all())
    if any((a == OPEN).any() or (a == ROWS).any() for a in marked):
        return False
    others = [a for a in arrays if not has_batch(a)]
    return node.op == "Mul" and len(marked) == 1 and all(bool((a > 0).all() and (a < 2**20).all()) for a in others)


def _size(node: Node, arrays: Sequence[Array]) -> int:
    """How many values the result has at most."""
    if node.op in ("ConcatV2", "Concat", "Pack"):
        return sum(a.size for a in arrays)
    if node.op == "Fill":
        return prod(max(int(n), 1) for n in arrays[0].ravel())
    if node.op == "Tile":
        return arrays[0].size * prod(max(int(n), 1) for n in arrays[1].ravel())
    if node.op in ("GatherV2", "Gather"):
        return int(arrays[1].size * arrays[0].size)
    if node.op == "Range":
        return int(abs(float(arrays[1]) - float(arrays[0])) / max(abs(float(arrays[2])), 1e-9))
    return prod(np.broadcast_shapes(*(a.shape for a in arrays))) if node.op in _BINARY else arrays[0].size


def integers(array: Array, what: str) -> list[int]:
    """Whole numbers in a row. Raises ``Unmappable``."""
    if array.dtype.kind not in "iu":
        raise Unmappable(f"{what} must be whole numbers", str(array.dtype))
    return [int(n) for n in array.ravel()]


def _target(array: Array, sizes: Array) -> list[int]:
    target = integers(sizes, "shape")
    if target.count(-1) == 1:
        rest = prod(n for n in target if n != -1)
        target[target.index(-1)] = array.size // rest
    if prod(target) != array.size:
        raise ValueError("another number of values")
    return target


def _sliced(node: Node, a: Sequence[Array]) -> Array:
    """StridedSlice; without ellipses, which shapes never have."""
    given = node.attributes
    if given.get("ellipsis_mask"):
        raise ValueError("an ellipsis")
    begins, ends, steps = (integers(one, "bounds") for one in a[1:4])
    cuts: list[Any] = []
    for i, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        bit = 1 << i
        if given.get("new_axis_mask", 0) & bit:
            cuts.append(None)
        elif given.get("shrink_axis_mask", 0) & bit:
            cuts.append(begin)
        else:
            first = None if given.get("begin_mask", 0) & bit else begin
            cuts.append(slice(first, None if given.get("end_mask", 0) & bit else end, step))
    return np.asarray(a[0][tuple(cuts)])


def _cut(_node: Node, a: Sequence[Array]) -> Array:
    begins, sizes = integers(a[1], "begin"), integers(a[2], "size")
    cuts = tuple(slice(b, None if n == -1 else b + n) for b, n in zip(begins, sizes, strict=True))
    return np.asarray(a[0][cuts])


def _reduced(node: Node, a: Sequence[Array]) -> Array:
    axes = tuple(integers(a[1], "axes"))
    if a[0].dtype.kind == "i" and OPEN in a[0]:
        return np.full((), ROWS, np.int64)
    return np.asarray(
        np.prod(a[0], axis=axes, keepdims=bool(node.attributes.get("keep_dims", False)), dtype=a[0].dtype)
    )


def _cast(node: Node, a: Sequence[Array]) -> Array:
    kind = node.attributes["DstT"]
    if not isinstance(kind, DType) or (has_batch(a[0]) and kind.name != "int64"):
        kind = DType("int64") if getattr(kind, "name", "") == "int32" else DType("none")
    return np.asarray(a[0].astype(kind.name))


def _squeezed(node: Node, a: Sequence[Array]) -> Array:
    axes = node.attributes.get("squeeze_dims") or node.attributes.get("axis")
    return np.squeeze(a[0], tuple(axes) if axes else None)


def _floored(_node: Node, a: Sequence[Array]) -> Array:
    if a[0].dtype.kind in "iu" and not a[1].all():
        raise ZeroDivisionError
    return np.asarray(a[0] // a[1])


_BINARY: Mapping[str, Fold] = {
    "Add": lambda _n, a: a[0] + a[1],
    "AddV2": lambda _n, a: a[0] + a[1],
    "Sub": lambda _n, a: a[0] - a[1],
    "Mul": lambda _n, a: a[0] * a[1],
    "RealDiv": lambda _n, a: (a[0] / a[1]).astype(a[0].dtype),
    "Div": lambda _n, a: (a[0] / a[1]).astype(a[0].dtype),
    "FloorDiv": _floored,
    "Maximum": lambda _n, a: np.maximum(a[0], a[1]),
    "Minimum": lambda _n, a: np.minimum(a[0], a[1]),
    "Pow": lambda _n, a: np.power(a[0], a[1]).astype(a[0].dtype),
}
_RESHAPES: Mapping[str, Fold] = {
    "Reshape": lambda _n, a: a[0].reshape(_target(a[0], a[1])),
    "ExpandDims": lambda _n, a: np.expand_dims(a[0], integers(a[1], "dim")[0]),
    "Squeeze": _squeezed,
    "Transpose": lambda _n, a: a[0].transpose(integers(a[1], "perm")),
}
_MOVES: Mapping[str, Fold] = {
    **_RESHAPES,
    "Cast": _cast,
    "StridedSlice": _sliced,
    "Slice": _cut,
    "Pack": lambda n, a: np.stack(list(a), axis=n.attributes.get("axis", 0)),
    "ConcatV2": lambda _n, a: np.concatenate(list(a[:-1]), axis=integers(a[-1], "axis")[0]),
    "Concat": lambda _n, a: np.concatenate(list(a[1:]), axis=integers(a[0], "axis")[0]),
    "GatherV2": lambda _n, a: np.take(a[0], a[1], axis=integers(a[2], "axis")[0]),
    "Gather": lambda _n, a: np.take(a[0], a[1], axis=0),
    "Tile": lambda _n, a: np.tile(a[0], integers(a[1], "multiples")),
}
FOLDS: Mapping[str, Fold] = {
    **_BINARY,
    **_MOVES,
    "Prod": _reduced,
    "Fill": lambda _n, a: np.full(integers(a[0], "dims"), a[1].ravel()[0], a[1].dtype),
    "Range": lambda _n, a: np.arange(a[0].item(), a[1].item(), a[2].item()).astype(a[0].dtype),
    "Neg": lambda _n, a: -a[0],
    "Sqrt": lambda _n, a: np.sqrt(a[0]),
    "Rsqrt": lambda _n, a: (1 / np.sqrt(a[0])).astype(a[0].dtype),
    "Square": lambda _n, a: a[0] * a[0],
    "Exp": lambda _n, a: np.exp(a[0]),
    "Reciprocal": lambda _n, a: (1 / a[0]).astype(a[0].dtype),
    "ZerosLike": lambda _n, a: np.zeros_like(a[0]),
    "OnesLike": lambda _n, a: np.ones_like(a[0]),
}
