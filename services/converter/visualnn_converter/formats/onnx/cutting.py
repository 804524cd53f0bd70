"""Operators that cut tensors into pieces, pick one cell of an axis, repeat them, or move cells between axes."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.moving import without
from visualnn_converter.formats.onnx.reading import Reading, sizes_with_batch
from visualnn_converter.graphreading import Node, Value
from visualnn_converter.layout import identity

_END = 2**31 - 1
"""Ends from here on mean the end of the axis."""


def cut(r: Reading, node: Node, name: str, value: Value, axis: int, start: int, stop: int) -> Value:
    """The cells from ``start`` to ``stop`` along a spec axis, counted from the end where negative. Raises."""
    n = known(value.shape[axis - 1])
    if n is None:
        if start < 0 or (stop < 0 and stop != -1) or stop == -1 or start >= _END:
            raise Unmappable("a cut counted from the end must be along an axis of known size", [start, stop])
        n_stop = None if stop >= _END else stop
    else:
        start, n_stop = (max(0, min(n, i + n if i < 0 else i)) for i in (start, stop))
    if n_stop is not None and n_stop <= start:
        raise Unmappable("a cut must leave at least one cell", [start, n_stop])
    if start == 0 and n_stop in (n, None):
        return value
    if value.ref in r.stacks and axis == 1 and n_stop == start + 1:
        part = r.stacks[value.ref][start]
        sizes = [1, *(known(size) or -1 for size in part.shape)]
        shape = r.place(name, node.op, "Reshape", {"target_shape": sizes}, [part])[0]
        return Value(name, shape, value.label)
    if n is not None and value.rank in (3, 4, 5) and axis < value.rank - 1:
        sides = [[0, 0] for _ in range(value.rank - 2)]
        sides[axis - 1] = [start, n - (n_stop or n)]
        cropping = sides[0] if len(sides) == 1 else sides
        shape = r.place(name, node.op, f"Cropping{len(sides)}D", {"cropping": cropping}, [value])[0]
        return replace(value, ref=name, shape=shape, flat=None)
    points = [point for point in (start, n_stop) if point and point != n]
    shapes = r.place(name, node.op, "Slice", {"slice_points": points, "axis": axis}, [value])
    index = 1 if start else 0
    return replace(value, ref=f"{name}:{index}" if index else name, shape=shapes[index], flat=None)


def sliced(r: Reading, node: Node, name: str) -> list[Value]:
    """starts, ends, axes, steps: steps of one; a whole sequence turned around for a recurrent layer."""
    value, given = r.value(node.inputs[0]), node.attributes
    named = dict(zip(("starts", "ends", "axes", "steps"), node.inputs[1:], strict=False))
    numbers = {key: [int(n) for n in r.constant(one, "axes").ravel()] for key, one in named.items() if one} | given
    starts, ends = numbers.get("starts", []), numbers.get("ends", [])
    axes, steps = numbers.get("axes", list(range(len(starts)))), numbers.get("steps", [1] * len(starts))
    if len({len(one) for one in (starts, ends, axes, steps)}) > 1:
        raise Unmappable("starts, ends, axes and steps must be as many each", {k: v[:8] for k, v in numbers.items()})
    if any(not -value.rank <= axis < value.rank for axis in axes):
        raise Unmappable("axes must be axes of the input", axes)
    if steps == [-1] and _turns(r, node, value, starts[0], ends[0], value.label[axes[0]]):
        r.turned.add(node.outputs[0])
        return [value]
    if any(step != 1 for step in steps):
        raise Unmappable("steps must be 1, or turn a sequence around for a recurrent layer", steps)
    for number, (axis, start, stop) in enumerate(zip(axes, starts, ends, strict=True)):
        if value.label[axis] == 0:
            if start == 0 and stop >= (r.batch or _END):
                continue
            raise Unmappable("the batch must not be cut", axis)
        own = name if number == len(axes) - 1 else r.name(f"{name}/cut")
        value = cut(r, node, own, value, value.label[axis], start, stop)
    return [value]


def reversed_steps(r: Reading, node: Node, _name: str) -> list[Value]:
    """ReverseSequence of whole sequences, for a recurrent layer."""
    value, lengths = r.value(node.inputs[0]), r.constant(node.inputs[1], "axes")
    axes = [node.attributes.get(key, default) for key, default in (("batch_axis", 1), ("time_axis", 0))]
    n = known(value.shape[0]) if value.rank == 3 else None
    if n is None or axes != [value.label.index(0), value.label.index(1)] or (lengths != n).any():
        raise Unmappable("ReverseSequence must turn whole sequences around for a recurrent layer", axes)
    if not _turns(r, node, value, -1, -_END - 1, 1):
        raise Unmappable("ReverseSequence must turn whole sequences around for a recurrent layer", node.outputs[0])
    r.turned.add(node.outputs[0])
    return [value]


def _turns(r: Reading, node: Node, value: Value, start: int, stop: int, axis: int) -> bool:
    """Whether the steps of a sequence are read from the last to the first, by recurrent operators only."""
    n = known(value.shape[axis - 1]) if axis else None
    users = r.source.users.get(node.outputs[0], [])
    whole = (start == -1 or start == (n or 0) - 1 or start >= _END) and stop < -(n or _END)
    alone = all(user.op in ("LSTM", "GRU", "RNN") for user in users) and node.outputs[0] not in r.source.outputs
    return whole and axis == 1 and value.rank == 3 and alone


def split(r: Reading, node: Node, name: str) -> list[Value | None]:
    """Pieces of given sizes along an axis, or of equal ones."""
    value, given = r.value(node.inputs[0]), node.attributes
    axis = given.get("axis", 0)
    if not -value.rank <= axis < value.rank or value.label[axis] == 0:
        raise Unmappable("axis must be one of the input's, and not the batch's", axis)
    axis, n = value.label[axis], known(value.shape[value.label[axis] - 1])
    sizes = given.get("split")
    if len(node.inputs) > 1 and node.inputs[1]:
        sizes = [int(size) for size in r.constant(node.inputs[1], "axes").ravel()]
    count = given.get("num_outputs", len(node.outputs))
    if sizes is None:
        if n is None or count != len(node.outputs):
            raise Unmappable("the axis that is split must have a known size, and num_outputs be their number", count)
        size = -(-n // count)
        sizes = [size] * (count - 1) + [n - size * (count - 1)]
    if len(sizes) != len(node.outputs) or min(sizes) < 1 or sum(sizes) != (n or sum(sizes)):
        raise Unmappable("split must hold a size of at least 1 for each output, which make up the axis", sizes[:64])
    if len(sizes) == 1:
        return [value]
    points = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    shapes = r.place(name, node.op, "Slice", {"slice_points": points, "axis": axis}, [value])
    refs = [f"{name}:{i}" if i else name for i in range(len(shapes))]
    return [replace(value, ref=ref, shape=shape, flat=None) for ref, shape in zip(refs, shapes, strict=True)]


def picked(r: Reading, node: Node, name: str) -> list[Value]:
    """Gather of one place of an axis: the axis goes, or stays with one cell where the place is a list of one."""
    value, places = r.value(node.inputs[0]), r.constant(node.inputs[1], "axes")
    axis = node.attributes.get("axis", 0)
    if not -value.rank <= axis < value.rank or value.label[axis] == 0:
        raise Unmappable("axis must be one of the input's, and not the batch's", axis)
    if places.size != 1 or places.ndim > 1:
        raise Unmappable("Gather must look up rows of a table that is a constant, or pick one place", places.shape)
    start, axis = int(places.ravel()[0]), axis % value.rank
    n = known(value.shape[value.label[axis] - 1])
    if n is not None and not -n <= start < n:
        raise Unmappable("the place must be one of the axis", start)
    if value.ref in r.stacks and value.label[axis] == 1 and not places.ndim:
        label = [one - 1 if one > 1 else one for one in value.label if one != 1]
        return [replace(r.stacks[value.ref][start], label=tuple(label))]
    hidden = name if places.ndim else r.name(f"{name}/cut")
    one = cut(r, node, hidden, value, value.label[axis], start, start + 1 if start != -1 else _END)
    return [one if places.ndim else without(r, node, name, one, {axis})]


def tile(r: Reading, node: Node, name: str) -> list[Value]:
    """Each axis so many times."""
    value, times = r.value(node.inputs[0]), [int(n) for n in r.constant(node.inputs[1], "axes").ravel()]
    if len(times) != value.rank or min(times, default=0) < 1:
        raise Unmappable("repeats must be a number of at least 1 for each axis", times)
    return [_repeated(r, node, name, value, times)]


def expand(r: Reading, node: Node, name: str) -> list[Value]:
    """Axes of one as often as the shape says."""
    value, sizes = r.value(node.inputs[0]), [int(n) for n in r.constant(node.inputs[1], "shape").ravel()]
    if len(sizes) > value.rank:
        raise Unmappable("shape must have no more axes than the tensor", sizes)
    wanted = [1] * (value.rank - len(sizes)) + sizes
    times = []
    for n, size in zip(sizes_with_batch(value), wanted, strict=True):
        fits = size in (1, n) or n == 1 or (n == r.batch == size)
        batch = n is not None and n < 0
        if size == -1 or (batch and size not in (1, n, r.batch)) or not (fits or batch):
            raise Unmappable("shape must be that of the tensor but where it has 1", sizes)
        times.append(size if n == 1 and not batch else 1)
    return [_repeated(r, node, name, value, times)]


def _repeated(r: Reading, node: Node, name: str, value: Value, times: Sequence[int]) -> Value:
    axes = [(axis, count) for axis, count in zip(value.label, times, strict=True) if count != 1]
    for number, (axis, count) in enumerate(axes):
        if axis == 0:
            raise Unmappable("the batch must not be repeated", list(times))
        own = name if number == len(axes) - 1 else r.name(f"{name}/tile")
        shape = r.place(own, node.op, "Tile", {"tiles": count, "axis": axis}, [value])[0]
        value = replace(value, ref=own, shape=shape, flat=None)
    return value


def depth_to_space(r: Reading, node: Node, name: str) -> list[Value]:
    """Channels to squares of cells: DCR has the square before the channel, CRD behind it."""
    value, size = _picture(r, node, name)
    height, width, channels = (known(n) or 0 for n in value.shape)
    if channels % (size * size):
        raise Unmappable("blocksize must divide the channels", channels)
    left = channels // (size * size)
    crd = node.attributes.get("mode", "DCR") == "CRD"
    parted = [height, width, left, size, size] if crd else [height, width, size, size, left]
    order = [1, 4, 2, 5, 3] if crd else [1, 3, 2, 4, 5]
    return [_shuffled(r, node, name, value, parted, order, [height * size, width * size, left])]


def space_to_depth(r: Reading, node: Node, name: str) -> list[Value]:
    """Squares of cells to channels, the square before the channel (DCR) or behind it (CRD)."""
    value, size = _picture(r, node, name)
    height, width, channels = (known(n) or 0 for n in value.shape)
    if height % size or width % size:
        raise Unmappable("blocksize must divide rows and columns", [height, width])
    parted = [height // size, size, width // size, size, channels]
    whole = [height // size, width // size, channels * size * size]
    order = [1, 3, 5, 2, 4] if node.attributes.get("mode", "DCR") == "CRD" else [1, 3, 2, 4, 5]
    return [_shuffled(r, node, name, value, parted, order, whole)]


def _picture(r: Reading, node: Node, name: str) -> tuple[Value, int]:
    value, size = r.value(node.inputs[0]), node.attributes.get("blocksize", 0)
    if value.rank != 4 or FREE in value.shape or size < 1:
        raise Unmappable(f"{node.op} must have a picture of known size", [known(n) for n in value.shape])
    return r.laid(value, (0, 3, 1, 2), name), size


def _shuffled(
    r: Reading, node: Node, name: str, value: Value, parted: list[int], order: list[int], whole: list[int]
) -> Value:
    if prod(parted) != prod(whole):
        raise Unmappable("blocksize must fit the tensor", parted)
    cut_up, moved = r.name(f"{name}/cells"), r.name(f"{name}/order")
    shape = r.place(cut_up, node.op, "Reshape", {"target_shape": parted}, [value])[0]
    shape = r.place(moved, node.op, "Permute", {"dims": order}, [Value(cut_up, shape, identity(6))])[0]
    shape = r.place(name, node.op, "Reshape", {"target_shape": whole}, [Value(moved, shape, identity(6))])[0]
    return Value(name, shape, value.label)
