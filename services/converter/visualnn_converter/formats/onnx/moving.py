"""Operators that compute nothing: they rename, move axes, or say the same values in another shape."""

from dataclasses import replace
from math import prod

import numpy as np
from visualnn_shared.catalogue.free import FREE, Dim, Shape, known
from visualnn_shared.catalogue.maps import Label, Unmappable

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.joined import Joined, apart, closed, file_sizes, opened, transposed
from visualnn_converter.formats.onnx.reading import Reading, sizes_with_batch
from visualnn_converter.graphreading import Node, Value
from visualnn_converter.layout import identity, matters


def same(r: Reading, node: Node, _name: str) -> list[Value]:
    """Identity: another name for the same tensor."""
    return [r.value(node.inputs[0])]


def cast(r: Reading, node: Node, _name: str) -> list[Value]:
    """Types follow the layers: whole numbers become floats where they are computed with, floats only look up."""
    value, kind = r.value(node.inputs[0]), node.attributes.get("to")
    looks_up = all(user.op == "Gather" for user in r.source.users.get(node.outputs[0], []))
    to_float = kind in (1, 10, 11)
    if not (to_float or (kind in (6, 7) and ("int" in value.dtype or looks_up))):
        raise Unmappable("to must be a float type, or a whole one for an Embedding", kind)
    return [replace(value, dtype="float32") if to_float else value]


def transpose(r: Reading, node: Node, _name: str) -> list[Value]:
    """Moves no values: the label has its axes in another order."""
    value = r.value(node.inputs[0])
    order = node.attributes.get("perm", list(range(value.rank))[::-1])
    if sorted(order) != list(range(value.rank)):
        raise Unmappable("perm must hold every axis once", order)
    if isinstance(value, Joined):
        return [transposed(value, order)]
    return [replace(value, label=tuple(value.label[axis] for axis in order))]


def flatten(r: Reading, node: Node, name: str) -> list[Value]:
    """All axes behind the batch as one, in the file's order."""
    value = r.value(node.inputs[0])
    axis = node.attributes.get("axis", 1)
    if axis not in (1, 1 - value.rank):
        raise Unmappable("axis must be 1", axis)
    return [_flattened(r, node, name, value)]


def _flattened(r: Reading, node: Node, name: str, value: Value) -> Value:
    if value.label[0] != 0:
        raise Unmappable("the batch must be the first axis here", list(value.label))
    flat = None
    if value.rank > 2 and matters(value.label, value.shape):
        if FREE not in value.shape and r.feeds_dense_only(node):
            flat = (value.label, value.shape)
        else:
            value = r.laid(value, identity(value.rank), name)
    if value.rank == 2:
        return value
    shape = r.place(name, node.op, "Flatten", {}, [value])[0]
    return Value(name, shape, (0, 1), value.dtype, flat)


def reshape(r: Reading, node: Node, name: str) -> list[Value]:
    """To a constant shape that keeps the batch."""
    value = r.value(node.inputs[0])
    sizes = node.attributes.get("shape")
    if sizes is None:
        sizes = [int(n) for n in r.constant(node.inputs[1], "shape").ravel()]
    if node.attributes.get("allowzero", 0) and 0 in sizes:
        raise Unmappable("shape must hold sizes of at least 1", sizes)
    whole = _target(r, sizes, value)
    value, _ = opened(value)
    target, groups = apart(whole, sizes_with_batch(value))
    if value.label[0] == 0 and len(target) == 2 and value.rank > 1 and target[0] == folding.BATCH:
        return [closed(_flattened(r, node, name, value), groups)]
    regrouped = _regrouped(value, target)
    if regrouped is None and value.label[0] == 0 and target[0] == folding.BATCH:
        value = r.laid(value, identity(value.rank), name)
        regrouped = _regrouped(value, target)
    if regrouped is None:
        raise Unmappable("shape must keep the batch, and join or part axes that lie side by side", sizes)
    shape, label = regrouped
    return [closed(reshaped(r, node, name, value, shape, label), groups)]


def _target(r: Reading, sizes: list[int], value: Value) -> list[int | None]:
    """The new sizes as the file has them, with the mark of the batch; None copies a free size from the same place."""
    full = file_sizes(value)
    if any(n < -1 and not folding.is_mark(n) for n in sizes) or sizes.count(-1) > 1 or 0 in sizes[len(full) :]:
        raise Unmappable("shape must hold sizes, or -1 once, or 0 to copy one", sizes)
    target: list[int | None] = [full[i] if n == 0 else n for i, n in enumerate(sizes)]
    old = None if None in full else prod(folding.times_batch(n) for n in full if n)
    rest = prod(folding.times_batch(n) for n in target if n and n != -1)
    if not any(map(_is_batch, target)):
        place = next(i for i, n in enumerate(full) if _is_batch(n))
        if -1 in target and None not in target and rest == old:
            target[target.index(-1)] = folding.BATCH
        elif (
            place < len(target)
            and target[place] == r.batch is not None
            and (-1 in target or rest == (old or 0) * r.batch)
        ):
            target[place] = folding.BATCH
            rest //= max(r.batch, 1)
        elif -1 in target and None not in target and old and rest and old % rest == 0:
            target[target.index(-1)] = folding.mark(old // rest)
        elif r.batch is not None and old and rest == old * r.batch and -1 not in target:
            target = _with_joined(target, sizes_with_batch(opened(value)[0]), r.batch)
    if sum(map(_is_batch, target)) != 1:
        raise Unmappable("shape must keep the batch axis: 0 or -1 in its place", sizes)
    if -1 in target and old is not None and None not in target and rest and old % rest == 0:
        target[target.index(-1)] = old // rest
    return target


def _is_batch(n: int | None) -> bool:
    return n is not None and folding.is_mark(n)


def _with_joined(target: list[int | None], full: list[int | None], batch: int) -> list[int | None]:
    """Sizes that hold those of a batch that the file fixes, joined with others, as so many times the batch.

    The last axis is no such one; of several that could be, one in which the batch comes first is meant.
    """
    before, fits = prod(n or 1 for n in full[: full.index(folding.BATCH)]), dict[int, bool]()
    for axis, n in enumerate(target[:-1]):
        outer, odd = divmod(before, prod(one or 1 for one in target[:axis]))
        if not odd and outer and n and n % (outer * batch) == 0:
            fits[axis] = outer == 1
    if not fits:
        return target
    chosen = max(fits, key=lambda axis: (fits[axis], -axis))
    return [folding.mark((n or 0) // batch) if axis == chosen else n for axis, n in enumerate(target)]


def _regrouped(value: Value, target: list[int | None]) -> tuple[Shape, Label] | None:
    """Spec shape and label behind a Reshape that joins or parts neighbouring axes alone; None where it is another."""
    full, before = sizes_with_batch(value), 0
    least = min(len(full), len(target))
    while before < least and full[before] == target[before]:
        before += 1
    behind = 0
    while behind < least - before and full[-1 - behind] == target[-1 - behind] is not None:
        behind += 1
    old, new = value.label[before : value.rank - behind], target[before : len(target) - behind]
    if folding.BATCH in new or None in new:
        return None
    first = old[0] if old else value.label[before - 1] + 1 if before else 1
    if 0 in old or list(old) != list(range(first, first + len(old))):
        return None
    shift = len(new) - len(old)
    shape: list[Dim] = [
        *value.shape[: first - 1],
        *(FREE if n is None or n == -1 else n for n in new),
        *value.shape[first - 1 + len(old) :],
    ]
    kept = [axis if axis < first else axis + shift for axis in value.label]
    label = (*kept[:before], *range(first, first + len(new)), *kept[value.rank - behind :])
    return tuple(shape), label


def squeeze(r: Reading, node: Node, name: str) -> list[Value]:
    """Axes of one go; their places in the spec go too."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2] if one)])
    full = sizes_with_batch(value)
    if given is None and (None in full or r.batch == 1):
        raise Unmappable("axes must be given where a size is free, or the batch 1", full)
    places = [i for i, n in enumerate(full) if n == 1] if given is None else given
    if any(not -value.rank <= place < value.rank or full[place] != 1 for place in places):
        raise Unmappable("axes must be axes of size 1 that are not the batch", given)
    return [without(r, node, name, value, {place % value.rank for place in places})]


def without(r: Reading, node: Node, name: str, value: Value, places: set[int]) -> Value:
    """The value without file axes of size 1."""
    gone = {value.label[place] for place in places}
    kept = [axis for axis in range(value.rank) if axis not in gone]
    label = tuple(kept.index(axis) for axis in value.label if axis in kept)
    return reshaped(r, node, name, value, tuple(value.shape[axis - 1] for axis in kept[1:]), label)


def unsqueeze(r: Reading, node: Node, name: str) -> list[Value]:
    """Axes of one come in, in the spec where they are in the file, but behind the batch."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2] if one)]) or []
    rank = value.rank + len(given)
    if any(not -rank <= axis < rank for axis in given):
        raise Unmappable("axes must be axes of the output", given)
    places = sorted({axis % rank for axis in given})
    if len(places) != len(given):
        raise Unmappable("axes must be different ones", given)
    label, shape = list(value.label), [FREE, *value.shape]
    for place in places:
        own = min(max(place, 1), len(shape))
        label = [axis + 1 if axis >= own else axis for axis in label]
        label.insert(place, own)
        shape.insert(own, 1)
    return [reshaped(r, node, name, value, tuple(shape[1:]), tuple(label))]


def reshaped(r: Reading, node: Node, name: str, value: Value, shape: Shape, label: Label) -> Value:
    """The same values in the same order of the spec's axes."""
    if len(shape) == len(value.shape) and shape == value.shape and FREE not in shape:
        return replace(value, label=label)
    if len(shape) == 1:
        r.place(name, node.op, "Flatten", {}, [value])
    elif sum(n is FREE for n in shape) > 1:
        raise Unmappable("at most one size may be free where axes come or go", [known(n) for n in shape])
    else:
        r.place(name, node.op, "Reshape", {"target_shape": [known(n) or -1 for n in shape]}, [value])
    return Value(name, shape, label, value.dtype)
