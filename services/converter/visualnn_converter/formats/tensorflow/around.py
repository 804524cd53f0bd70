"""How layers are written that take several nodes, or constants beside the tensors; named by the maps' ``around``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.emission import Emission, spread
from visualnn_converter.formats.tensorflow.graph import whole
from visualnn_converter.formats.tensorflow.values import Array, DType

Around = Callable[[Emission], None]


def windows(e: Emission, keys: Sequence[str]) -> dict[str, Any]:
    """Attributes of windows over the spatial axes, as those of all axes; sequences are pictures of one row."""
    given = e.attributes
    rank = max(e.rank - 2, 2)
    found: dict[str, Any] = {"data_format": "NHWC" if rank == 2 else "NDHWC"}
    for key in keys:
        sizes = list(given.pop(key, [1] * (e.rank - 2)))
        found[key] = [1, *[1] * (rank - len(sizes)), *sizes, 1]
    cells = given.pop("explicit_paddings", None)
    if cells is not None:
        found["explicit_paddings"] = [0, 0, *[0] * (2 * rank - len(cells)), *cells, 0, 0]
    return {**found, **given}


def _lifted(e: Emission, name: str) -> str:
    """A sequence as a picture of one row."""
    return e.node("ExpandDims", [name, e.constant("row", whole(1))]) if e.rank == 3 else name


def convolution(e: Emission) -> None:
    """Conv2D, Conv3D, DepthwiseConv2dNative."""
    kernel = e.weight("kernel")
    assert kernel is not None
    attributes = windows(e, ("strides", "dilations"))
    if e.written.op == "DepthwiseConv2dNative" and e.rank == 3:  # both strides must be alike
        attributes["strides"] = [1, attributes["strides"][2], attributes["strides"][2], 1]
    squeeze = 1 if e.rank == 3 else None
    groups = e.params.get("groups", 1)
    if groups > 1:
        joined = _in_groups(e, kernel[None] if e.rank == 3 else kernel, groups, attributes)
        return e.with_bias("ConcatV2", [*joined, e.constant("axis", whole(max(e.rank, 4) - 1))], squeeze=squeeze)
    blob = e.blob("kernel", kernel[None] if e.rank == 3 else kernel)
    return e.with_bias(e.written.op, [_lifted(e, e.inputs[0]), blob], squeeze=squeeze, **attributes)


def _in_groups(e: Emission, kernel: Array, groups: int, attributes: Mapping[str, Any]) -> list[str]:
    """A convolution of each group: not every TensorFlow runs them in one on a CPU."""
    axis = e.constant("axis", whole(max(e.rank, 4) - 1))
    first = e.node("Split", [axis, _lifted(e, e.inputs[0])], num_split=groups)
    names = [f"{first}:{port}" if port else first for port in range(groups)]
    e.graph.dtypes.update(dict.fromkeys(names, "float32"))
    kernels = [e.blob(f"kernel_{n}", one) for n, one in enumerate(np.split(kernel, groups, axis=-1))]
    return [e.node(e.written.op, pair, **attributes) for pair in zip(names, kernels, strict=True)]


def transposed(e: Emission) -> None:
    """Conv2DBackpropInput(sizes of the output, kernel, x)."""
    kernel = e.weight("kernel")
    assert kernel is not None
    blob = e.blob("kernel", kernel[None] if e.rank == 3 else kernel)
    sizes = e.sizes(e.layer.output_shapes[0], "the output's shape")
    ahead = [1] if e.rank == 3 else []
    parts = [e.constant("size", whole(n)) for n in (*ahead, *sizes)]
    shape = e.node("Pack", [e.batch_of(e.inputs[0]), *parts], axis=0)
    attributes = windows(e, ("strides", "dilations"))
    squeeze = 1 if e.rank == 3 else None
    e.with_bias(e.written.op, [shape, blob, _lifted(e, e.inputs[0])], squeeze=squeeze, **attributes)


def pool(e: Emission) -> None:
    """MaxPool and AvgPool."""
    attributes = windows(e, ("ksize", "strides"))
    if e.rank != 3:
        return e.last(e.written.op, [e.inputs[0]], **attributes)
    pooled = e.node(e.written.op, [_lifted(e, e.inputs[0])], **attributes)
    return e.last("Squeeze", [pooled], squeeze_dims=[1])


def product(e: Emission) -> None:
    """MatMul for rows, BatchMatMulV2 where there are more axes."""
    e.with_bias(e.written.op, [e.inputs[0], e.blob("kernel")])


def template(e: Emission) -> None:
    """Weights along axes of the input, as they are broadcast over it."""
    weights = {variable.name: e.weight(variable.name) for variable in e.layer.weights}
    found = {name: array for name, array in weights.items() if array is not None}
    if "axis" in e.params:
        axes = _axes(e)
        found = {name: spread(array, axes, e.rank) for name, array in found.items()}
        if e.written.op.startswith(("@LayerNorm", "@RmsNorm", "@UnitNorm")):
            found["axes"] = whole(sorted(axes))
    e.template(e.written.op[1:], found)


def _axes(e: Emission) -> list[int]:
    axis = e.params["axis"]
    return [one % e.rank for one in (axis if isinstance(axis, tuple | list) else (axis,))]


def fused_batch_norm(e: Emission) -> None:
    """Scale and offset are always there; where the layer has none, a Fill makes them."""
    names = []
    for name, value in (("gamma", 1.0), ("beta", 0.0)):
        array = e.weight(name)
        if array is not None:
            names.append(e.blob(name))
        else:
            channels = e.sizes(e.shape[-1:], "the number of channels")
            names.append(e.node("Fill", [e.constant("sizes", whole(channels)), e.constant("value", value)]))
    names += [e.blob("moving_mean"), e.blob("moving_variance")]
    attributes = {"epsilon": 1e-4, **e.attributes}
    e.last("FusedBatchNormV3", [e.inputs[0], *names], is_training=False, data_format="NHWC", **attributes)


def concat(e: Emission) -> None:
    """The axis is the last input."""
    e.last("ConcatV2", [*e.inputs, e.constant("axis", whole(e.params["axis"] % e.rank))])


def softmax(e: Emission) -> None:
    """Along the last axis; another one is moved there and back."""
    axis = e.params["axis"] % e.rank
    if axis == e.rank - 1:
        return e.last("Softmax", e.inputs)
    order = [i for i in range(e.rank) if i != axis] + [axis]
    moved = e.node("Transpose", [e.inputs[0], e.constant("order", whole(order))])
    back = e.constant("back", whole([order.index(i) for i in range(e.rank)]))
    return e.last("Transpose", [e.node("Softmax", [moved]), back])


def add_all(e: Emission) -> None:
    """AddN of equal shapes; otherwise one by one."""
    if len(set(map(tuple, e.layer.input_shapes))) == 1:
        return e.last("AddN", e.inputs)
    return _chain(e, "Add", e.inputs)


def chained(e: Emission) -> None:
    """Two by two."""
    _chain(e, e.written.op, e.inputs)


def _chain(e: Emission, op: str, names: Sequence[str]) -> None:
    total, *rest = names
    for name in rest[:-1]:
        total = e.node(op, [total, name])
    e.last(op, [total, rest[-1]])


def weighted(e: Emission) -> None:
    """A sum of products with constants."""
    factors = e.params["coefficients"]
    terms = [e.node("Mul", [one, e.constant("factor", float(factor))])
             for one, factor in zip(e.inputs, factors, strict=True)]  # fmt: skip
    _chain(e, "Add", terms)


def average(e: Emission) -> None:
    """The sum divided by the number of inputs."""
    total, *rest = e.inputs
    if len(set(map(tuple, e.layer.input_shapes))) == 1 and len(rest) > 1:
        total = e.node("AddN", e.inputs)
    else:
        for name in rest:
            total = e.node("Add", [total, name])
    e.last("RealDiv", [total, e.constant("number", float(len(e.inputs)))])


def along_axis(e: Emission) -> None:
    """A factor, a term, or both, along one axis or several."""
    axes, names = _axes(e) if "axis" in e.params else [e.rank - 1], {variable.name for variable in e.layer.weights}
    value = e.inputs[0]
    for name, op in (("gamma", "Mul"), ("beta", "Add"), ("bias", "Add")):
        array = e.weight(name)
        if array is None:
            continue
        inputs = [value, e.blob(name, spread(array, axes, e.rank))]
        if name == "gamma" and "beta" in names:
            value = e.node(op, inputs)
        else:
            e.last(op, inputs)


def rescale(e: Emission) -> None:
    """Times a number, plus a number; or one of each for each cell of the last axis."""
    scale, offset = (np.array(e.params[key], np.float32) for key in ("scale", "offset"))
    if not offset.any():
        return e.last("Mul", [e.inputs[0], e.constant("scale", scale)])
    scaled = e.node("Mul", [e.inputs[0], e.constant("scale", scale)])
    return e.last("Add", [scaled, e.constant("offset", offset)])


def normalize(e: Emission) -> None:
    """Mean and variance as they are given, or as weights have them, along the axes that have their own."""
    e.written.attributes["epsilon"] = 1e-7
    axes = [] if e.params["axis"] is None else sorted(_axes(e))
    found = {}
    for key in ("mean", "variance"):
        array = e.weight(key)
        if array is None:
            sizes = [known(e.shape[axis - 1]) or 1 for axis in axes]
            array = np.broadcast_to(np.array(e.params[key], np.float32), sizes)
        found[key] = spread(array, axes, e.rank) if axes else array
    e.template("Normalization", found, prefix="" if e.params["mean"] is None else "given_")


def _sides(value: Any) -> list[tuple[int, int]]:
    return [tuple(value)] if isinstance(value[0], int) else [tuple(side) for side in value]


def pad(e: Emission) -> None:
    """Zeros before and after each spatial axis."""
    sides = [(0, 0), *_sides(e.params["padding"]), (0, 0)]
    e.last("Pad", [e.inputs[0], e.constant("paddings", np.array(sides, np.int32))])


def crop(e: Emission) -> None:
    """A slice from the first cell that stays to the last, of each spatial axis."""
    sides = [(0, 0), *_sides(e.params["cropping"]), (0, 0)]
    open_ends = sum(1 << axis for axis, (_, after) in enumerate(sides) if not after)
    bounds = [("begin", [b for b, _ in sides]), ("end", [-a for _, a in sides]), ("steps", [1] * len(sides))]
    names = [e.constant(key, whole(numbers)) for key, numbers in bounds]
    begin = sum(1 << axis for axis, (before, _) in enumerate(sides) if not before)
    e.last("StridedSlice", [e.inputs[0], *names], begin_mask=begin, end_mask=open_ends)


def resize(e: Emission) -> None:
    """To a size that must be known; sequences are pictures of one row."""
    sizes = e.sizes(e.layer.output_shapes[0][:-1], "the output's size")
    wanted = e.constant("size", whole([1, *sizes] if e.rank == 3 else sizes))
    centers = e.written.op != "ResizeNearestNeighbor"
    said = {"half_pixel_centers": centers, "align_corners": False}
    if e.rank != 3:
        return e.last(e.written.op, [e.inputs[0], wanted], **said)
    return e.last("Squeeze", [e.node(e.written.op, [_lifted(e, e.inputs[0]), wanted], **said)], squeeze_dims=[1])


def reduce(e: Emission) -> None:
    """Global pooling: all spatial axes."""
    axes = e.constant("axes", whole(list(range(1, e.rank - 1))))
    e.last(e.written.op, [e.inputs[0], axes], keep_dims=bool(e.params["keepdims"]))


def lookup(e: Emission) -> None:
    """Rows of the table by whole numbers."""
    name = e.inputs[0]
    if e.graph.dtypes[name] not in ("int32", "int64"):
        name = e.node("Cast", [name], DstT=DType("int32"))
    e.last("GatherV2", [e.blob("embeddings"), name, e.constant("axis", whole(0))])


def reshape(e: Emission) -> None:
    """The batch stays: -1 where all other sizes are known, what it is when the graph runs where one is not."""
    target = [known(n) for n in e.layer.output_shapes[0]]
    if None not in target:
        sizes = whole([-1, *(n or 1 for n in target)])
        return e.last("Reshape", [e.inputs[0], e.constant("shape", sizes)])
    if target.count(None) > 1:
        raise Unmappable("at most one size may be free in this format", target)
    parts = [e.constant("size", whole(-1 if n is None else n)) for n in target]
    shape = e.node("Pack", [e.batch_of(e.inputs[0]), *parts], axis=0)
    return e.last("Reshape", [e.inputs[0], shape])


def transpose(e: Emission) -> None:
    """Axes in another order."""
    e.last("Transpose", [e.inputs[0], e.constant("perm", whole([0, *e.params["dims"]]))])


AROUND: Mapping[str, Around] = {
    function.__name__: function
    for function in (
        convolution, transposed, pool, product, template, fused_batch_norm, concat, softmax, add_all, chained, weighted,
        average, rescale, normalize, along_axis, pad, crop, resize, reduce, lookup, reshape, transpose,
    )
}  # fmt: skip
