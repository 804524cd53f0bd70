"""Nodes that compute with constants only, worked out while reading: shapes for Reshape, folded weights."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.graphreading import Array, Node

BATCH = -(2**62)
"""Stands for the batch size in arrays of sizes; it is moved about, and may be multiplied: see ``mark``."""
_MOST_TIMES = 2**40
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
    if any(_marked(a) for a in arrays) and not (node.op in _MOVES and not _marked(arrays[-1], len(arrays) > 1)):
        return _with_batch(node, arrays)
    try:
        with np.errstate(all="ignore"):
            if _size(node, arrays) > LARGEST:
                return None
            return np.asarray(function(node, arrays))
    except (ValueError, IndexError, TypeError, KeyError, OverflowError, ZeroDivisionError, MemoryError):
        return None


def mark(times: int) -> int:
    """Stands for so many times the batch size."""
    return BATCH + min(times, _MOST_TIMES) - 1


def times_batch(size: int) -> int:
    """How many times the batch size a mark stands for; any other size itself."""
    return size - BATCH + 1 if size < -1 else size


def is_mark(size: int) -> bool:
    """Whether a size stands for the batch's, or for a multiple of it."""
    return BATCH <= size < BATCH + _MOST_TIMES


def split(node: Node, arrays: Sequence[Array]) -> list[Array] | None:
    """The pieces of a constant; None where they cannot be told."""
    axis, given = node.attributes.get("axis", 0), node.attributes.get("split")
    sizes = given if given is not None else arrays[1].tolist() if len(arrays) > 1 else None
    try:
        if sizes is None:
            return list(np.array_split(arrays[0], len(node.outputs), axis))
        fits = len(sizes) == len(node.outputs) and sum(sizes) == arrays[0].shape[axis]
        return list(np.split(arrays[0], np.cumsum(sizes)[:-1], axis)) if fits and min(sizes) >= 0 else None
    except (ValueError, IndexError, TypeError):
        return None


def _marked(a: Array, wanted: bool = True) -> bool:
    """Whether there is a batch size among sizes."""
    return wanted and a.dtype == np.int64 and bool(((a >= BATCH) & (a < BATCH + _MOST_TIMES)).any())


def _with_batch(node: Node, arrays: Sequence[Array]) -> Array | None:
    """Sizes of which some are the batch's: multiplied, divided, compared with what no size is, chosen, moved."""
    if len(arrays) > 3 or sum(a.size for a in arrays) > 1024:
        return None
    if node.op == "Concat":
        return np.concatenate(list(arrays), axis=node.attributes["axis"]) if node.attributes["axis"] == 0 else None
    if node.op == "Cast":
        return arrays[0] if node.attributes["to"] in (6, 7) else None
    pair = _PAIRS.get(node.op)
    if node.op == "Where":
        return np.where(*arrays) if not _marked(arrays[0]) else None
    if pair is None or len(arrays) != 2:
        return None
    left, right = np.broadcast_arrays(*arrays)
    made = [pair(int(a), int(b)) for a, b in zip(left.ravel(), right.ravel(), strict=True)]
    return None if None in made else np.array(made).reshape(left.shape)


def _times(a: int, b: int) -> int | None:
    marks, other = (a, b) if a < -1 else (b, a)
    if a >= -1 and b >= -1:
        return a * b
    return mark(times_batch(marks) * other) if other > 0 else None


def _over(a: int, b: int) -> int | None:
    if b <= 0 or times_batch(a) % b:
        return None
    return mark(times_batch(a) // b) if a < -1 else a // b


def _same_size(a: int, b: int) -> bool | None:
    unlike = min(a, b) < -1 and -1 <= max(a, b) <= 0
    return False if unlike else a == b if min(a, b) >= -1 or a == b else None


_PAIRS: Mapping[str, Callable[[int, int], int | None]] = {"Mul": _times, "Div": _over, "Equal": _same_size}


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
    if node.op == "MatMul":
        return prod(arrays[0].shape[:-1]) * prod(arrays[1].shape[-1:])
    if node.op == "Range":
        start, stop, step = (float(a) for a in arrays)
        return int(abs((stop - start) / step)) + 1
    if node.op == "Where":
        return prod(np.broadcast_shapes(*(a.shape for a in arrays)))
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


def _triangle(node: Node, a: Sequence[Array]) -> Array:
    shift = int(a[1]) if len(a) > 1 else 0
    return np.triu(a[0], shift) if node.attributes.get("upper", 1) else np.tril(a[0], shift)


def _remainder(node: Node, a: Sequence[Array]) -> Array:
    return np.fmod(a[0], a[1]) if node.attributes.get("fmod", 0) else np.mod(a[0], a[1])


def _gathered(node: Node, a: Sequence[Array]) -> Array:
    return np.asarray(np.take(a[0], a[1], axis=node.attributes.get("axis", 0)))


_BINARY: Mapping[str, Fold] = {
    "Add": lambda _n, a: a[0] + a[1],
    "Sub": lambda _n, a: a[0] - a[1],
    "Mul": lambda _n, a: a[0] * a[1],
    "Div": _divided,
    "Mod": _remainder,
    "Equal": lambda _n, a: np.equal(a[0], a[1]),
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
    "Reshape": _reshaped,
    "Transpose": lambda n, a: a[0].transpose(n.attributes.get("perm")),
    "Flatten": lambda n, a: a[0].reshape(prod(a[0].shape[: n.attributes.get("axis", 1)]), -1),
}
FOLDS: Mapping[str, Fold] = {
    **_BINARY,
    **_MOVES,
    "MatMul": lambda _n, a: np.matmul(a[0], a[1]),
    "Range": lambda _n, a: np.arange(a[0].item(), a[1].item(), a[2].item(), dtype=a[0].dtype),
    "Trilu": _triangle,
    "Where": lambda _n, a: np.where(a[0], a[1], a[2]),
    "ConstantOfShape": _filled,
    "Expand": lambda _n, a: a[0] * np.ones([int(n) for n in a[1].tolist()], a[0].dtype),
    "Neg": lambda _n, a: -a[0],
    "Sqrt": lambda _n, a: np.sqrt(a[0]),
    "Reciprocal": lambda _n, a: (1 / a[0]).astype(a[0].dtype),
}
