"""Convolutions and pools: attributes of the spatial axes alone, sequences without the axis that lifts them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Context, Unmappable
from visualnn_shared.catalogue.window_lenses import same_pads

from visualnn_converter.formats.tensorflow.folding import integers
from visualnn_converter.formats.tensorflow.mapped import attributes, place_mapped
from visualnn_converter.formats.tensorflow.moving import FIRST_CHANNELS, Placed, numbers, put
from visualnn_converter.formats.tensorflow.reading import Form, Reading
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.layout import channels_first, identity

_PER_AXIS = ("strides", "dilations", "ksize")
_BACKWARDS = {"Conv2DBackpropInput": 4, "Conv3DBackpropInputV2": 5}
"""Operators whose first input is the size of the output -> the number of its axes."""


def _window(r: Reading, node: Node, form: Form, name: str) -> tuple[Value, dict[str, Any], bool]:
    """The input as the operator wants it, the attributes of its axes, and whether channels come first."""
    first = node.attributes.get("data_format") in FIRST_CHANNELS
    value, axes = form.value, 5 if "3D" in node.op else 4
    if value.rank + (form.lifted is not None) != axes:
        raise Unmappable(f"{node.op} must have an input of {axes} axes", value.rank)
    if form.lifted is not None and (first or not 0 < form.lifted < axes - 1):
        raise Unmappable("a sequence must have its channels last here", form.lifted)
    value = r.laid(value, channels_first(value.rank) if first else identity(value.rank), name)
    spatial = [axis for axis in (range(2, axes) if first else range(1, axes - 1)) if axis != form.lifted]
    given = attributes(node)
    for key in _PER_AXIS:
        if key not in given:
            continue
        sizes = given[key]
        others = [i for i in range(axes) if i not in spatial]
        if not isinstance(sizes, list) or len(sizes) != axes or not all(isinstance(n, int) for n in sizes):
            raise Unmappable(f"{key} must be {axes} whole numbers", sizes)
        if any(sizes[i] != 1 for i in others if i != form.lifted or key == "ksize"):
            raise Unmappable(f"{key} must be 1 for batch and channels", sizes)
        given[key] = [sizes[i] for i in spatial]
    if "explicit_paddings" in given:
        given["explicit_paddings"] = _explicit(given["explicit_paddings"], axes, spatial)
    return value, given, first


def _explicit(cells: Any, axes: int, spatial: list[int]) -> list[int]:
    if not isinstance(cells, list) or len(cells) != 2 * axes:
        raise Unmappable(f"explicit_paddings must be {2 * axes} whole numbers", cells)
    if any(cells[2 * i] or cells[2 * i + 1] for i in range(axes) if i not in spatial):
        raise Unmappable("explicit_paddings must be 0 for batch and channels", cells)
    return [cells[2 * i + side] for i in spatial for side in (0, 1)]


def convolution(r: Reading, node: Node) -> Placed:
    """Conv2D, Conv3D, DepthwiseConv2dNative and the transposed ones, with what follows them: crops, a bias."""
    back = _BACKWARDS.get(node.op)
    if len(node.inputs) < (3 if back else 2):
        raise Unmappable(f"{node.op} must have {3 if back else 2} inputs", len(node.inputs))
    form = r.form(node.inputs[2 if back else 0])
    kernel = r.weight(node.inputs[1], "the kernel")
    if kernel.ndim != (5 if "3D" in node.op else 4) or 0 in kernel.shape:
        raise Unmappable(f"{node.op} must have a kernel of another number of axes", list(kernel.shape))
    filters = {"DepthwiseConv2dNative": kernel.shape[-2] * kernel.shape[-1]}.get(node.op)
    ahead = Ahead(r, node, filters or kernel.shape[-2 if back else -1])
    name = r.scope(node, ahead.tail)
    value, given, first = _window(r, node, form, name)
    if form.lifted is not None:
        if kernel.shape[form.lifted - 1] != 1:
            raise Unmappable("the kernel must have size 1 along the axis that is no axis of the sequence", kernel.shape)
        kernel = np.squeeze(kernel, form.lifted - 1)
    if form.blocks:
        given = _dilated(r, form, value, kernel, given, ahead)
    if back:
        given["output_sizes"] = _sizes(r, node, back, form, first=first)
    tensors = {"kernel": kernel, **({"bias": ahead.bias} if ahead.bias is not None else {})}
    key = (node.inputs[1], ahead.source, node.op)
    placed = place_mapped(r, node, name, [value], given, tensors, key)
    r.passing |= ahead.passed
    return put(r, node, replace(form, blocks=(), pads=()), placed)


def _sizes(r: Reading, node: Node, axes: int, form: Form, *, first: bool) -> list[int]:
    """The spatial sizes of the output of a transposed convolution."""
    sizes = numbers(r, node, 0, "the size of the output")
    if len(sizes) != axes:
        raise Unmappable(f"the size of the output must be {axes} whole numbers", sizes)
    spatial = range(2, axes) if first else range(1, axes - 1)
    return [sizes[i] for i in spatial if i != form.lifted]


def _dilated(
    r: Reading, form: Form, value: Value, kernel: Array, given: dict[str, Any], ahead: "Ahead"
) -> dict[str, Any]:
    """A convolution over blocks of cells: dilated, padded by what is not cut off again."""
    if ahead.gathers is None or given.get("padding") != "VALID" or any(n != 1 for n in given.get("strides", ())):
        raise Unmappable("blocks of cells must be read by a convolution, and BatchToSpaceND behind it", given)
    if numbers(r, ahead.gathers, 1, "block_shape") != list(form.blocks):
        raise Unmappable("block_shape must be the same before and behind a convolution", list(form.blocks))
    cut = numbers(r, ahead.gathers, 2, "crops")
    cells = [n - c for n, c in zip([cell for side in form.pads for cell in side], cut, strict=True)]
    if any(cut[::2]) or min(cells) < 0 or any(n != 1 for n in given.get("dilations", ())):
        raise Unmappable("crops must cut off what was padded at the end", cut)
    rank = len(form.blocks)
    sizes = Context(input_shapes=[[known(n) for n in value.shape]])
    same = same_pads(kernel.shape[:rank], [1] * rank, form.blocks, sizes)
    flat = [cell for side in same or () for cell in side]
    word = "VALID" if not any(cells) else "SAME" if cells == flat else "EXPLICIT"
    more = {"explicit_paddings": cells} if word == "EXPLICIT" else {}
    return {**given, "dilations": list(form.blocks), "padding": word, **more}


class Ahead:
    """What follows a convolution or a product: ways back to its form, and a bias."""

    def __init__(self, r: Reading, node: Node, units: int) -> None:
        self.bias: Array | None = None
        self.source: str | None = None
        self.gathers: Node | None = None
        self.passed = set[str]()
        self.tail: Node | None = None
        last = node
        while (user := r.only_user(last.outputs[0])) is not None and user.inputs[0] == last.outputs[0]:
            if user.op not in ("Squeeze", "Reshape", "BatchToSpaceND"):
                break
            if user.op == "BatchToSpaceND":
                self.gathers = user
                self.passed.add(user.outputs[0])
            if user.op == "Reshape" and not self._is_way_back(r, user, units):
                break
            last = self.tail = user
        if user is None or user.op not in ("BiasAdd", "Add", "AddV2") or len(user.inputs) != 2:
            return
        other = user.inputs[1] if user.inputs[0] == last.outputs[0] else user.inputs[0]
        array = r.constants.get(other)
        if array is None or array.dtype.kind != "f" or not _is_bias(array, units, user, node):
            return
        self.bias, self.source, self.tail = r.weight(other, "the bias").reshape(-1)[:units], other, user
        self.passed.add(user.outputs[0])

    def _is_way_back(self, r: Reading, node: Node, units: int) -> bool:
        sizes = r.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
        return sizes is not None and sizes.size > 2 and sizes.dtype.kind == "i" and int(sizes.ravel()[-1]) == units


def _is_bias(array: Array, units: int, user: Node, node: Node) -> bool:
    """One number for each channel, along the axis where the operator has them."""
    if user.op == "BiasAdd":
        formats = {n.attributes.get("data_format") in FIRST_CHANNELS for n in (user, node)}
        return array.shape == (units,) and (len(formats) == 1 or "data_format" not in node.attributes)
    last = node.attributes.get("data_format") not in FIRST_CHANNELS
    return last and array.size == units and array.shape[-1:] == (units,)


def pool(r: Reading, node: Node) -> Placed:
    """MaxPool, AvgPool and those of volumes."""
    form = r.form(node.inputs[0])
    user = r.only_user(node.outputs[0])
    squeezed = form.lifted is not None and user is not None and user.op == "Squeeze"
    name = r.scope(node, user if squeezed else None)
    if form.blocks or form.rows:
        form = Form(r.value(node.inputs[0]))
    value, given, _ = _window(r, node, form, name)
    return put(r, node, form, place_mapped(r, node, name, [value], given))


def resize(r: Reading, node: Node) -> Placed:
    """ResizeNearestNeighbor, ResizeBilinear: by whole factors, as UpSampling does."""
    form = r.form(node.inputs[0])
    user = r.only_user(node.outputs[0])
    name = r.scope(node, user if form.lifted and user is not None and user.op == "Squeeze" else None)
    value = r.laid(form.value, identity(form.value.rank), name)
    sizes = numbers(r, node, 1, "size")
    if form.blocks or form.rows or value.rank + (form.lifted is not None) != 4 or len(sizes) != 2:
        raise Unmappable(f"{node.op} must have an input of 4 axes", value.rank)
    _check_centers(node)
    old = [known(n) for n in value.shape[:-1]]
    if form.lifted is not None:
        old.insert(form.lifted - 1, 1)
    if any(not n or m % n or m < n for n, m in zip(old, sizes, strict=True)):
        raise Unmappable("size must be a whole multiple of the input's, which must be known", [old, sizes])
    factors = [m // (n or 1) for n, m in zip(old, sizes, strict=True)]
    if form.lifted is None:
        way: Mapping[str, Any] = {"interpolation": "bilinear"} if node.op == "ResizeBilinear" else {}
        placed = r.made(name, node, "UpSampling2D", {"size": factors, **way}, [value])
    elif factors.pop(form.lifted - 1) == 1 and (node.op != "ResizeBilinear" or factors == [1]):
        placed = r.made(name, node, "UpSampling1D", {"size": factors[0]}, [value])
    else:
        raise Unmappable("size must be 1 along the axis that is no axis of the sequence", sizes)
    return put(r, node, form, placed)


def _check_centers(node: Node) -> None:
    centers, corners = (bool(node.attributes.get(key)) for key in ("half_pixel_centers", "align_corners"))
    if corners or (node.op == "ResizeBilinear" and not centers):
        said = {"align_corners": corners, "half_pixel_centers": centers}
        raise Unmappable("a bilinear resize must have half_pixel_centers, and no resize align_corners", said)


def repeated(r: Reading, node: Node) -> Placed:
    """np.repeat along one axis, as Keras enlarges pictures: UpSampling."""
    value = r.value(node.inputs[0])
    named = dict(zip(node.attributes["weights"], node.inputs[1:], strict=True))
    times = integers(r.constants[named["multiples"]], "multiples")
    axis = integers(r.constants[named["axis"]], "axis")[0] % (value.rank + 1)
    along = [i for i, n in enumerate(times) if n != 1]
    if value.label != identity(value.rank) or len(times) != value.rank + 1 or along not in ([], [axis]):
        raise Unmappable("repeats must be along one axis", times)
    rank = value.rank - 2
    if not along:
        return [value]
    if rank < 1 or not 1 <= axis - 1 <= rank or times[axis] < 1:
        raise Unmappable("repeats must be along an axis between batch and channels", times)
    factors = [times[axis] if i == axis - 1 else 1 for i in range(1, rank + 1)]
    params = {"size": factors if rank > 1 else factors[0]}
    return [r.made(r.scope(node), node, f"UpSampling{rank}D", params, [value])]
