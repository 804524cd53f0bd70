"""Operators that compute nothing: they rename, move axes, or say the same values in another shape."""

from dataclasses import replace

import numpy as np
from visualnn_shared.catalogue.free import FREE, Shape, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.reading import Reading
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
    return [value]


def transpose(r: Reading, node: Node, _name: str) -> list[Value]:
    """Moves no values: the label has its axes in another order."""
    value = r.value(node.inputs[0])
    order = node.attributes.get("perm", list(range(value.rank))[::-1])
    if sorted(order) != list(range(value.rank)):
        raise Unmappable("perm must hold every axis once", order)
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
    target = _target(sizes, value)
    if len(target) == 1 and value.label[0] == 0 and value.rank > 2:
        return [_flattened(r, node, name, value)]
    if value.rank == 2 and len(target) == 1:
        return [value]
    if value.label != identity(value.rank) and (value.label[0] != 0 or matters(value.label, value.shape)):
        value = r.laid(value, identity(value.rank), name)
    shape = r.place(name, node.op, "Reshape", {"target_shape": target}, [value])[0]
    return [Value(name, shape, identity(len(shape) + 1), value.dtype)]


def _target(sizes: list[int], value: Value) -> list[int]:
    """The shape of a sample: zeros copy, the batch comes first and stays."""
    old = [None, *value.sizes]
    zeros = [old[i] if n == 0 and 0 < i < len(old) else n for i, n in enumerate(sizes)]
    rest = zeros[1:]
    if not zeros or folding.BATCH in rest or None in rest or any(n is not None and n < -1 for n in rest):
        raise Unmappable("shape must keep the batch first, and say the sizes behind it", sizes)
    first = zeros[0]
    whole = [n for n in rest if n is not None]
    count = int(np.prod([n for n in old[1:] if n is not None], dtype=object))
    holds = -1 not in whole and None not in old[1:] and int(np.prod(whole, dtype=object)) == count
    batch_stays = first in (0, folding.BATCH) or (first == -1 and holds) or (first == 1 and (holds or -1 in whole))
    if not batch_stays:
        raise Unmappable("shape must keep the batch axis: 0 or -1 first", sizes)
    return whole


def squeeze(r: Reading, node: Node, name: str) -> list[Value]:
    """Axes of one go; their places in the spec go too."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2])])
    sizes = [None, *value.sizes] if value.label[0] == 0 else []
    places = [a % value.rank for a in given] if given is not None else [i for i, n in enumerate(sizes) if n == 1]
    if not sizes or any(sizes[place] != 1 for place in places):
        raise Unmappable("axes must be axes of size 1 that are not the batch", given)
    gone = {value.label[place] for place in places}
    kept = [axis for axis in range(value.rank) if axis not in gone]
    label = tuple(kept.index(axis) for axis in value.label if axis in kept)
    return [_reshaped(r, node, name, value, tuple(value.shape[axis - 1] for axis in kept[1:]), label)]


def unsqueeze(r: Reading, node: Node, name: str) -> list[Value]:
    """Axes of one come in, in the spec where they are in the file."""
    value = r.value(node.inputs[0])
    given = folding.axes(node, [np.zeros(0), *(r.constant(one, "axes") for one in node.inputs[1:2])]) or []
    if given in ([0], [-3]) and value.label == (0, 1) and _feeds_lstm(r, node):
        return [value]  # an initial state: the axis of directions
    rank = value.rank + len(given)
    places = sorted({axis % rank for axis in given})
    if len(places) != len(given) or 0 in places or value.label[0] != 0:
        raise Unmappable("axes must be places behind the batch", given)
    label, shape = list(value.label), [FREE, *value.shape]
    for place in places:
        label = [axis + 1 if axis >= place else axis for axis in label]
        label.insert(place, place)
        shape.insert(place, 1)
    return [_reshaped(r, node, name, value, tuple(shape[1:]), tuple(label))]


def _reshaped(r: Reading, node: Node, name: str, value: Value, shape: Shape, label: tuple[int, ...]) -> Value:
    """The same values in the same order of the spec's axes, more or less of which have size 1."""
    if len(shape) == 1:
        r.place(name, node.op, "Flatten", {}, [value])
    elif sum(n is FREE for n in shape) > 1:
        raise Unmappable("at most one size may be free where axes of size 1 come or go", [known(n) for n in shape])
    else:
        r.place(name, node.op, "Reshape", {"target_shape": [known(n) or -1 for n in shape]}, [value])
    return Value(name, shape, label, value.dtype)


def reverse(r: Reading, node: Node, _name: str) -> list[Value]:
    """Slice of a whole sequence, last step first, for an LSTM: that walks backwards itself."""
    value, given = r.value(node.inputs[0]), node.attributes
    named = dict(zip(("starts", "ends", "axes", "steps"), node.inputs[1:], strict=False))
    numbers = {key: r.constant(one, key).ravel().tolist() for key, one in named.items() if one} | given
    axes = [axis % value.rank for axis in numbers.get("axes", [0])]
    whole = numbers.get("starts") == [-1] and numbers.get("steps") == [-1] and numbers["ends"][0] < -(2**31)
    if not whole or [value.label[axis] for axis in axes] != [1] or value.rank != 3 or not _feeds_lstm(r, node):
        raise Unmappable("Slice must turn a sequence around for an LSTM", {k: v[:4] for k, v in numbers.items()})
    r.turned.add(node.outputs[0])
    return [value]


def _feeds_lstm(r: Reading, node: Node) -> bool:
    users = r.source.users.get(node.outputs[0], [])
    return all(user.op == "LSTM" for user in users) and node.outputs[0] not in r.source.outputs
