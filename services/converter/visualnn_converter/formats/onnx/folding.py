"""Nodes that compute with constants only, worked out while reading: shapes for Reshape, folded weights."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.graphreading import Array, Node

BATCH = -(2**62)
"""Stands for the batch size in arrays of sizes; nothing is computed with it, it is only moved about."""
LARGEST = 2**26
"""Values that one fold may make."""
_CASTS = {1: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64, 2: np.uint8}
Fold = Callable[[Node, Sequence[Array]], Array]


def fold(node: Node, arrays: Sequence[Array]) -> Array | None:
    """The value of the node's only output; None where it is not one that is worked out."""
    function = FOLDS.get(node.op)
    if function is None or not arrays or len(node.outputs) != 1:
        return None
    if node.op in ("ConstantOfShape", "Expand"):  # the same for every sample: a batch of one stands for all
        arrays = [*arrays[:-1], np.where(arrays[-1] == BATCH, 1, arrays[-1])]
    if node.op not in _MOVES and any(a.dtype.kind == "i" and (a == BATCH).any() for a in arrays):
        return None
    try:
        with np.errstate(all="ignore"):
            if _size(node, arrays) > LARGEST:
                return None
            return np.asarray(function(node, arrays))
    except (ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError, MemoryError):
        return None


def _size(node: Node, arrays: Sequence[Array]) -> int:
    """How many values the result has at most."""
    if node.op == "Concat":
        return sum(a.size for a in arrays)
    if node.op == "Gather":
        axis = node.attributes.get("axis", 0)
        return int(arrays[1].size * (arrays[0].size // max(arrays[0].shape[axis], 1)))
    if node.op in ("ConstantOfShape", "Expand"):
        sizes = [int(n) for n in arrays[-1].ravel()]
        return max(prod(max(n, 1) for n in sizes), 1) * (arrays[0].size if node.op == "Expand" else 1)
    return prod(np.broadcast_shapes(*(a.shape for a in arrays))) if node.op in _BINARY else arrays[0].size


def axes(node: Node, arrays: Sequence[Array], slot: int = 1) -> list[int] | None:
    """The axes of an operator that had them as an attribute before it had them as an input; None where not given."""
    if "axes" in node.attributes:
        return [int(n) for n in node.attributes["axes"]]
    if len(arrays) <= slot:
        return None
    if arrays[slot].dtype.kind not in "iu":
        raise Unmappable("axes must be whole numbers", str(arrays[slot].dtype))
    return [int(n) for n in arrays[slot].ravel()]


def _unsqueezed(node: Node, a: Sequence[Array]) -> Array:
    places = axes(node, a) or []
    return np.expand_dims(a[0], tuple(places))


def _squeezed(node: Node, a: Sequence[Array]) -> Array:
    places = axes(node, a)
    return np.squeeze(a[0], None if places is None else tuple(places))


def _sliced(node: Node, a: Sequence[Array]) -> Array:
    given = node.attributes
    starts = given["starts"] if "starts" in given else a[1].tolist()
    ends = given["ends"] if "ends" in given else a[2].tolist()
    places = given.get("axes") or (a[3].tolist() if len(a) > 3 else list(range(len(starts))))
    steps = a[4].tolist() if len(a) > 4 else [1] * len(starts)
    cuts: list[Any] = [slice(None)] * a[0].ndim
    for axis, start, end, step in zip(places, starts, ends, steps, strict=True):
        stop = None if step < 0 and end < -(2**31) else end
        cuts[axis] = slice(start, stop, step)
    return np.asarray(a[0][tuple(cuts)])


def _reshaped(_node: Node, a: Sequence[Array]) -> Array:
    sizes = [int(n) or a[0].shape[i] for i, n in enumerate(a[1].tolist())]
    return a[0].reshape(sizes)


def _divided(_node: Node, a: Sequence[Array]) -> Array:
    """Whole numbers are cut off towards zero."""
    if a[0].dtype.kind not in "iu":
        return np.asarray(a[0] / a[1])
    if not a[1].all():
        raise ZeroDivisionError
    return np.asarray(np.sign(a[0]) * np.sign(a[1]) * (abs(a[0]) // abs(a[1])), a[0].dtype)


def _filled(node: Node, a: Sequence[Array]) -> Array:
    value = node.attributes.get("value", np.zeros(1, np.float32))
    return np.full([int(n) for n in a[0].tolist()], value.ravel()[0], value.dtype)


def _gathered(node: Node, a: Sequence[Array]) -> Array:
    return np.asarray(np.take(a[0], a[1], axis=node.attributes.get("axis", 0)))


_BINARY: Mapping[str, Fold] = {
    "Add": lambda _n, a: a[0] + a[1],
    "Sub": lambda _n, a: a[0] - a[1],
    "Mul": lambda _n, a: a[0] * a[1],
    "Div": _divided,
    "Pow": lambda _n, a: np.power(a[0], a[1]).astype(a[0].dtype),
}
_MOVES: Mapping[str, Fold] = {
    "Identity": lambda _n, a: a[0],
    "Cast": lambda n, a: a[0].astype(_CASTS[n.attributes["to"]]),
    "Unsqueeze": _unsqueezed,
    "Squeeze": _squeezed,
    "Slice": _sliced,
    "Gather": _gathered,
    "Concat": lambda n, a: np.concatenate(list(a), axis=n.attributes["axis"]),
    "Transpose": lambda n, a: a[0].transpose(n.attributes.get("perm")),
    "Flatten": lambda n, a: a[0].reshape(prod(a[0].shape[: n.attributes.get("axis", 1)]), -1),
}
FOLDS: Mapping[str, Fold] = {
    **_BINARY,
    **_MOVES,
    "Reshape": _reshaped,
    "ConstantOfShape": _filled,
    "Expand": lambda _n, a: a[0] * np.ones([int(n) for n in a[1].tolist()], a[0].dtype),
    "Neg": lambda _n, a: -a[0],
    "Sqrt": lambda _n, a: np.sqrt(a[0]),
    "Reciprocal": lambda _n, a: (1 / a[0]).astype(a[0].dtype),
}
