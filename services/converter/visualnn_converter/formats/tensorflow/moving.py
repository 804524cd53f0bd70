"""Operators that compute nothing: they rename, move axes, or say the same values in another shape."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from visualnn_shared.catalogue.free import FREE, Shape, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.folding import BATCH, OPEN, ROWS, integers
from visualnn_converter.formats.tensorflow.reading import Form, Reading
from visualnn_converter.formats.tensorflow.values import DType
from visualnn_converter.graphreading import Node, Value
from visualnn_converter.layout import identity, matters

Placed = Sequence[Value | None]
_LOOKS_UP = frozenset({"GatherV2", "Gather", "ResourceGather", "@Wrapped", "Cast"})
FIRST_CHANNELS = frozenset({"NCHW", "NCDHW"})


def numbers(r: Reading, node: Node, slot: int, what: str) -> list[int]:
    """Whole numbers that an input must give as a constant."""
    if slot >= len(node.inputs):
        raise Unmappable(f"{what} must be given", list(node.inputs))
    return integers(r.constant(node.inputs[slot], what), what)


def cast(r: Reading, node: Node) -> Placed:
    """Types follow the layers: whole numbers become floats where they are computed with, floats only look up."""
    value, kind = r.value(node.inputs[0]), node.attributes.get("DstT")
    name = kind.name if isinstance(kind, DType) else "nothing"
    users = r.source.users.get(node.outputs[0], [])
    looks_up = bool(users) and all(user.op in _LOOKS_UP for user in users)
    if not (name in ("float32", "float64", "float16") or ("int" in name and ("int" in value.dtype or looks_up))):
        raise Unmappable("DstT must be a float type, or a whole one for an Embedding", name)
    return [value]


def transpose(r: Reading, node: Node) -> Placed:
    """To channels first and back, and around a softmax: the label has its axes in another order; else a Permute."""
    if r.forms.get(node.inputs[0]) is None:
        value = r.value(node.inputs[0])
    else:
        return _same_order(r, node)
    order = numbers(r, node, 1, "perm")
    if sorted(order) != list(range(value.rank)):
        raise Unmappable("perm must hold every axis once", order)
    label = tuple(value.label[axis] for axis in order)
    if label == value.label:
        return [value]
    users = r.source.users.get(node.outputs[0], [])
    lazy = bool(users) and all(user.attributes.get("data_format") in FIRST_CHANNELS for user in users)
    if lazy or value.label != identity(value.rank) or label[0] != 0 or _softmax_inside(r, node, order):
        return [replace(value, label=label)]
    dims = {"dims": order[1:]}
    return [r.made(r.scope(node), node, "Permute", dims, [value])]


def _same_order(r: Reading, node: Node) -> Placed:
    order = numbers(r, node, 1, "perm")
    if order != sorted(order):
        raise Unmappable("the tensor's axes must stay in order here", order)
    r.forms[node.outputs[0]] = r.forms[node.inputs[0]]
    return [None]


def _softmax_inside(r: Reading, node: Node, order: list[int]) -> bool:
    """Whether an axis is moved to the end for a softmax alone, and back behind it."""
    softmax = r.only_user(node.outputs[0])
    back = r.only_user(softmax.outputs[0]) if softmax is not None and softmax.op == "Softmax" else None
    if back is None or back.op != "Transpose" or len(back.inputs) < 2 or back.inputs[1] not in r.constants:
        return False
    return bool([order[axis] for axis in numbers(r, back, 1, "perm") if axis < len(order)] == sorted(order))


def expand(r: Reading, node: Node) -> Placed:
    """An axis of one, behind the batch."""
    raised = r.forms.get(node.inputs[0])
    if raised is not None and raised.lifted == 1 and numbers(r, node, 1, "dim") == [1]:
        r.forms[node.outputs[0]] = replace(raised, raised=raised.raised + 1)
        return [None]
    form = r.form(node.inputs[0])
    if form.lifted is not None or form.rows:
        form = Form(r.value(node.inputs[0]))
    rank = form.value.rank + 1
    axis = numbers(r, node, 1, "dim")[0] % rank
    if axis == 0:
        raise Unmappable("dim must be behind the batch", axis)
    r.forms[node.outputs[0]] = replace(form, lifted=axis)
    return [None]


def squeeze(r: Reading, node: Node) -> Placed:
    """Axes of one go."""
    given = list(node.attributes.get("squeeze_dims") or node.attributes.get("axis") or ())
    form = r.forms.get(node.inputs[0])
    if form is not None and form.lifted is not None and not form.raised:
        rank = form.value.rank + 1
        ones = {axis % rank for axis in given}
        if ones == {form.lifted} or (not given and 1 not in form.value.shape):
            return _put(r, node, replace(form, lifted=None))
    value = r.value(node.inputs[0])
    sizes = [None, *value.sizes] if value.label[0] == 0 else []
    places = [axis % value.rank for axis in given] if given else [i for i, n in enumerate(sizes) if n == 1]
    if not sizes or any(sizes[place] != 1 for place in places):
        raise Unmappable("squeeze_dims must be axes of size 1 that are not the batch", given)
    gone = {value.label[place] for place in places}
    kept = [axis for axis in range(value.rank) if axis not in gone]
    label = tuple(kept.index(axis) for axis in value.label if axis in kept)
    return [_reshaped(r, node, value, tuple(value.shape[axis - 1] for axis in kept[1:]), label)]


def _put(r: Reading, node: Node, form: Form) -> Placed:
    """A form; the plain tensor where nothing is left of it."""
    if form.lifted is None and not form.rows and not form.blocks:
        return [form.value]
    r.forms[node.outputs[0]] = form
    return [None]


def put(r: Reading, node: Node, before: Form, value: Value) -> Placed:
    """A result in the form that its input had."""
    return _put(r, node, replace(before, value=value))


def _reshaped(r: Reading, node: Node, value: Value, shape: Shape, label: tuple[int, ...]) -> Value:
    """The same values in the same order of the spec's axes, more or less of which have size 1."""
    if label == value.label:
        return value
    name = r.scope(node)
    if len(shape) == 1:
        r.place(name, node.op, "Flatten", {}, [value])
    elif sum(n is FREE for n in shape) > 1:
        raise Unmappable("at most one size may be free where axes of size 1 come or go", [known(n) for n in shape])
    else:
        r.place(name, node.op, "Reshape", {"target_shape": [known(n) or -1 for n in shape]}, [value])
    return Value(name, shape, label, value.dtype)


def reshape(r: Reading, node: Node) -> Placed:
    """To a shape that keeps the batch; or to rows for a product, and back."""
    sizes = numbers(r, node, 1, "shape")
    form = r.forms.get(node.inputs[0])
    if form is not None and form.rows:
        return _from_rows(r, node, form, sizes)
    value = r.value(node.inputs[0])
    if _to_rows(value, sizes):
        r.forms[node.outputs[0]] = Form(value, rows=True)
        return [None]
    target = _target(r, value, sizes)
    if len(target) == 1:
        return [value if value.rank == 2 else _flattened(r, node, value)]
    if target == value.sizes and value.label[0] == 0:
        return [value]
    name = r.scope(node)
    if value.label != identity(value.rank) and (value.label[0] != 0 or matters(value.label, value.shape)):
        value = r.laid(value, identity(value.rank), name)
    shape = r.place(name, node.op, "Reshape", {"target_shape": target}, [value])[0]
    return [Value(name, shape, identity(len(shape) + 1), value.dtype)]


def _to_rows(value: Value, sizes: list[int]) -> bool:
    """Whether all axes but the last become one; an axis of one besides the batch is a Flatten."""
    if value.rank < 3 or len(sizes) != 2 or value.label != identity(value.rank) or known(value.shape[-1]) != sizes[1]:
        return False
    before = value.shape[:-1]
    if FREE in before:
        return sizes[0] in (-1, ROWS)
    count = prod(known(n) or 1 for n in before)
    return count > 1 and sizes[0] in (-1, BATCH * count)


def _from_rows(r: Reading, node: Node, form: Form, sizes: list[int]) -> Placed:
    rest = [known(n) or OPEN for n in form.value.shape]
    if len(sizes) != form.value.rank or any(a not in (b, -1) for a, b in zip(sizes[1:], rest, strict=True)):
        raise Unmappable("rows must be given back the axes that they had", sizes)
    return _put(r, node, replace(form, rows=False))


def _flattened(r: Reading, node: Node, value: Value) -> Value:
    name = r.scope(node)
    if value.label[0] != 0:
        raise Unmappable("the batch must be the first axis here", list(value.label))
    flat = None
    if matters(value.label, value.shape):
        if FREE not in value.shape and r.feeds_dense_only(node):
            flat = (value.label, value.shape)
        else:
            value = r.laid(value, identity(value.rank), name)
    shape = r.place(name, node.op, "Flatten", {}, [value])[0]
    return Value(name, shape, (0, 1), value.dtype, flat)


def _target(r: Reading, value: Value, sizes: list[int]) -> list[int]:
    """The shape of a sample: the batch comes first and stays."""
    old = value.sizes
    if sizes.count(OPEN) == 1 and -1 not in sizes and old.count(None) == 1:
        sizes = [-1 if n == OPEN else n for n in sizes]
    if not sizes or sizes.count(-1) > 1 or any(n < -1 and n != BATCH for n in sizes) or BATCH in sizes[1:]:
        raise Unmappable("shape must keep the batch first, and say the sizes behind it", _said(sizes))
    first, rest = sizes[0], sizes[1:]
    count = None if None in old else prod(n or 1 for n in old)
    if -1 in rest and count is not None and first in (BATCH, *r.batch):
        fixed = prod(n for n in rest if n != -1)
        if not fixed or count % fixed:
            raise Unmappable("shape must hold as many values as the tensor", _said(sizes))
        rest[rest.index(-1)] = count // fixed
    holds = -1 not in rest and count is not None and prod(rest) == count
    if not rest or 0 in rest or not (first == BATCH or (first in (-1, *r.batch) and holds)):
        raise Unmappable("shape must keep the batch first, and say the sizes behind it", _said(sizes))
    return rest


def _said(sizes: list[int]) -> list[int | str]:
    return ["batch" if n == BATCH else "free" if n in (OPEN, ROWS) else n for n in sizes[:16]]


def spaced(r: Reading, node: Node) -> Placed:
    """SpaceToBatchND: cells that a dilated convolution sees together, moved into the batch."""
    form = Form(r.value(node.inputs[0]))
    blocks, cells = numbers(r, node, 1, "block_shape"), numbers(r, node, 2, "paddings")
    if len(cells) != 2 * len(blocks) or min(blocks, default=1) < 1 or min(cells, default=0) < 0:
        raise Unmappable("paddings must be two numbers for each block size", cells)
    if len(blocks) != form.value.rank - 2 or form.value.label != identity(form.value.rank):
        raise Unmappable("block_shape must have one size for each axis between batch and channels", blocks)
    pads = tuple(zip(cells[::2], cells[1::2], strict=True))
    r.forms[node.outputs[0]] = replace(form, blocks=tuple(blocks), pads=pads)
    return [None]


def gathered(_r: Reading, node: Node) -> Placed:
    """BatchToSpaceND: passed over where the convolution before it looked ahead to it."""
    raise Unmappable("BatchToSpaceND must be behind a dilated convolution", node.op)
