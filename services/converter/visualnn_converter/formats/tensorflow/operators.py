"""Operators that no map says alone: those that meet constants, are dense layers, or have weights along axes."""

from dataclasses import replace
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.folding import Unknown
from visualnn_converter.formats.tensorflow.mapped import place_mapped
from visualnn_converter.formats.tensorflow.moving import FIRST_CHANNELS, Placed, numbers, put
from visualnn_converter.formats.tensorflow.reading import Reading
from visualnn_converter.formats.tensorflow.values import decimal
from visualnn_converter.formats.tensorflow.windows import Ahead
from visualnn_converter.graphreading import Array, Node, Value, dense_rows, result, spread
from visualnn_converter.layout import channels_first, identity
from visualnn_converter.specnames import spec_name


def product(r: Reading, node: Node) -> Placed:
    """MatMul and BatchMatMul with a constant: a Dense layer along the last axis; what is added behind is its bias."""
    given = node.attributes
    if any(given.get(key) for key in ("transpose_a", "adj_x")):
        raise Unmappable("a product must read rows of values as they are", {"transpose_a": True})
    form = r.form(node.inputs[0])
    if node.op != "MatMul" and form.rows:
        r.value(node.inputs[0])
    kernel = r.weight(node.inputs[1], "the weights")
    if kernel.ndim != 2 or 0 in kernel.shape:
        raise Unmappable("the weights must have two axes", list(kernel.shape))
    turned = any(given.get(key) for key in ("transpose_b", "adj_y"))
    kernel = kernel.T if turned else kernel
    ahead = Ahead(r, node, kernel.shape[1])
    name = r.scope(node, ahead.tail)
    value = form.value if form.rows else r.value(node.inputs[0])
    if value.label[-1] != value.rank - 1:
        value = r.laid(value, identity(value.rank), name)
    if value.label[0] != 0 or (node.op == "MatMul" and value.rank != 2 and not form.rows):
        raise Unmappable("MatMul must have an input of 2 axes, the batch first", value.rank)
    weights = {"kernel": kernel if isinstance(kernel, Unknown) else dense_rows(kernel, value)}
    if ahead.bias is not None:
        weights["bias"] = ahead.bias
    params = {"units": kernel.shape[1], **({} if ahead.bias is not None else {"use_bias": False})}
    key = (node.inputs[1], ahead.source, turned, value.flat)
    shape = r.place(name, node.op, "Dense", params, [value], weights, key)[0]
    r.passing |= ahead.passed
    return put(r, node, form, result(name, shape, value))


def bias_add(r: Reading, node: Node) -> Placed:
    """A bias that no layer before it takes."""
    value = r.value(node.inputs[0])
    bias = r.weight(node.inputs[1], "the bias")
    if bias.ndim != 1:
        raise Unmappable("the bias must have one axis", list(bias.shape))
    if node.attributes.get("data_format") in FIRST_CHANNELS:
        value = r.laid(value, channels_first(value.rank), r.scope(node))
        bias = bias.reshape(-1, *[1] * (value.rank - 2))
    return [_affine(r, node, "Add", value, bias)]


def arithmetic(r: Reading, node: Node) -> Placed:
    """Add, Sub, Mul, RealDiv: of tensors a merge, with a constant a Scale or a BiasAdd."""
    op = {"AddV2": "Add", "Div": "RealDiv"}.get(node.op, node.op)
    constants = [one for one in node.inputs if one in r.constants]
    if not constants:
        if op == "RealDiv":
            raise Unmappable("a tensor must be divided by a constant", list(node.inputs))
        return merge(r, node)
    tensors = [one for one in node.inputs if one not in r.constants]
    if len(tensors) != 1 or (op in ("Sub", "RealDiv") and node.inputs[0] in r.constants):
        raise Unmappable(f"{node.op} must have a tensor first, and one constant", list(node.inputs))
    value, constant = r.value(tensors[0]), r.weight(constants[0], "the constant")
    if constant.size == 1 and not isinstance(constant, Unknown):
        return [_rescaled(r, node, op, value, decimal(constant.ravel()[0]))]
    return [_affine(r, node, op, value, constant)]


def _rescaled(r: Reading, node: Node, op: str, value: Value, number: float) -> Value:
    """One number: the mean of what was added before, or a Rescaling, which takes in what is added to it."""
    if op == "RealDiv" and not number:
        raise Unmappable("a tensor must be divided by another number than 0", number)
    average = _average(r, node, op, value, number) if op in ("Mul", "RealDiv") else None
    if average is not None:
        return average
    if op in ("Mul", "RealDiv"):
        return r.made(r.scope(node), node, "Rescaling", {"scale": number if op == "Mul" else 1 / number}, [value])
    offset = number if op == "Add" else -number
    layer = r.layers.get(value.ref)
    product = layer is not None and layer.type == "Rescaling" and "offset" not in layer.params
    if layer is not None and product and r.only_user(node.inputs[0]) is node:
        r.layers[layer.name] = layer.model_copy(update={"params": {**layer.params, "offset": offset}})
        return value
    return r.made(r.scope(node), node, "Rescaling", {"scale": 1.0, "offset": offset}, [value])


def _average(r: Reading, node: Node, op: str, value: Value, factor: float) -> Value | None:
    """A sum of n tensors times 1 / n: their mean."""
    layer = r.layers.get(value.ref)
    if layer is None or layer.type != "Add" or layer.params:
        return None
    names, tensor = [layer.name], node.inputs[0] if node.inputs[0] not in r.constants else node.inputs[1]
    terms = list(layer.inputs)
    share = factor if op == "Mul" else 1 / factor if factor else 0.0
    while abs(share * len(terms) - 1) > 1e-6:  # Keras adds two by two
        if r.only_user(tensor) is None:
            return None
        tensor = r.source.makers[tensor].inputs[0]
        first = r.layers.get(terms[0])
        if first is None or first.type != "Add" or first.params or len(terms) > 64:
            return None
        names.append(first.name)
        terms = [*first.inputs, *terms[1:]]
    if r.only_user(tensor) is None:
        return None
    for name in names:
        r.forget(name)
    made = r.scope(node)
    r.layers[made] = layer.model_copy(update={"name": made, "type": "Average", "inputs": tuple(terms)})
    r.report.maps(made, node.op, "Average")
    return Value(made, value.shape, value.label, value.dtype)


def _affine(r: Reading, node: Node, op: str, value: Value, constant: Array) -> Value:
    """A Scale or a BiasAdd; one number for all is one for each cell of the last axis."""
    laid, axes = spread(constant, value)
    axes = axes or [value.rank - 1]
    sizes = [value.shape[axis - 1] for axis in axes]
    if any(n is FREE for n in sizes) or 0 in axes:
        raise Unmappable("a constant must meet a tensor of known size", list(laid.shape))
    flat = laid.reshape([laid.shape[axis - 1] for axis in axes])
    kept = np.broadcast_to(flat, [known(n) or 1 for n in sizes], subok=True)
    axis: Any = axes if len(axes) > 1 else -1 if axes == [value.rank - 1] else axes[0]
    if op in ("Add", "Sub"):
        bias = kept if op == "Add" or isinstance(kept, Unknown) else -kept
        return _with_beta(r, node, value, bias, axis) or r.made(
            r.scope(node), node, "BiasAdd", {"axis": axis}, [value], weights={"bias": bias}
        )
    with np.errstate(all="ignore"):
        gamma = 1 / kept if op == "RealDiv" and not isinstance(kept, Unknown) else kept
    return r.made(r.scope(node), node, "Scale", {"axis": axis, "use_bias": False}, [value], weights={"gamma": gamma})


def _with_beta(r: Reading, node: Node, value: Value, beta: Array, axis: Any) -> Value | None:
    """What is added to a product along the same axes belongs to the one Scale."""
    layer = r.layers.get(value.ref)
    same = {"use_bias": False, **({"axis": axis} if axis != -1 else {})}
    if layer is None or layer.type != "Scale" or layer.params != same or r.only_user(node.inputs[0]) is not node:
        return None
    r.layers[layer.name] = layer.model_copy(update={"params": {k: v for k, v in same.items() if k != "use_bias"}})
    r.keep(layer.name, "beta", beta)
    return value


def negative(r: Reading, node: Node) -> Placed:
    """-x."""
    return [_rescaled(r, node, "Mul", r.value(node.inputs[0]), -1.0)]


def merge(r: Reading, node: Node) -> Placed:
    """Several tensors as one, value by value; AddN of one is that one."""
    values = r.merged(node.inputs)
    if len(values) == 1 and node.op == "AddN":
        return [values[0]]
    ranks = {value.rank + _raised(r, one) for one, value in zip(node.inputs, values, strict=True)}
    if len(ranks) > 1:
        raise Unmappable(f"the inputs of {node.op} must have the same number of axes", sorted(ranks))
    if len({value.rank for value in values}) == 1:
        values = [r.laid(value, values[0].label, spec_name(node.name)) for value in values]
    if values[0].label[0] != 0:
        raise Unmappable("the batch must be the first axis here", list(values[0].label))
    if node.op in ("Add", "AddV2", "AddN") and (weighted := _weighted(r, node, values)) is not None:
        return [weighted]
    return [place_mapped(r, node, r.scope(node), values, {})]


def _raised(r: Reading, name: str) -> int:
    """Axes of one that the file has and the merged value has not."""
    form = r.forms.get(name)
    return 0 if form is None or form.lifted is None else 1 + form.raised


def _weighted(r: Reading, node: Node, values: list[Value]) -> Value | None:
    """A sum of products with numbers: the numbers are its coefficients."""
    factors, terms = list[float](), list[Value]()
    products = list[str]()
    for ref, value in zip(node.inputs, values, strict=True):
        layer = r.layers.get(value.ref)
        if layer is None or layer.type != "Rescaling" or "offset" in layer.params or r.only_user(ref) is not node:
            factors.append(1.0)
            terms.append(value)
            continue
        products.append(layer.name)
        factors.append(layer.params["scale"])
        terms.append(replace(value, ref=layer.inputs[0]))
    if not products:
        return None
    for one in products:
        r.forget(one)
    return r.made(r.scope(node), node, "Add", {"coefficients": factors}, terms)


def concat(r: Reading, node: Node) -> Placed:
    """Concat has its axis first, ConcatV2 last."""
    slot = 0 if node.op == "Concat" else len(node.inputs) - 1
    axis = numbers(r, node, slot, "axis")[0]
    names = node.inputs[1:] if node.op == "Concat" else node.inputs[:-1]
    name = r.scope(node)
    values = [r.value(one) for one in names]
    if len(values) == 1:
        return [values[0]]
    if not values or not -values[0].rank <= axis < values[0].rank:
        raise Unmappable("axis must be one of the inputs'", axis)
    values = [r.laid(value, values[0].label, name) if value.rank == values[0].rank else value for value in values]
    along = values[0].label[axis]
    if along == 0:
        raise Unmappable("axis must not be the batch's", axis)
    params = {} if along == values[0].rank - 1 else {"axis": along}
    return [r.made(name, node, "Concatenate", params, values)]


def reduced(r: Reading, node: Node) -> Placed:
    """The mean or the largest of all axes but batch and channels: global pooling."""
    value = r.value(node.inputs[0])
    given = numbers(r, node, 1, "axes")
    if any(not -value.rank <= axis < value.rank for axis in given):
        raise Unmappable("axes must be the input's", given)
    along = sorted({value.label[axis] for axis in given})
    if not 3 <= value.rank <= 5 or along != list(range(1, value.rank - 1)) or value.label[0] != 0:
        raise Unmappable(f"{node.op} must work along all axes but the batch and the channels", given)
    kind = f"Global{'Average' if node.op == 'Mean' else 'Max'}Pooling{value.rank - 2}D"
    keep = {"keepdims": True} if node.attributes.get("keep_dims") else {}
    return [r.made(r.scope(node), node, kind, keep, [value])]


def pad(r: Reading, node: Node) -> Placed:
    """Zeros around the axes between batch and channels."""
    value = r.value(node.inputs[0])
    cells = numbers(r, node, 1, "paddings")
    if node.op == "PadV2" and np.any(r.constant(node.inputs[2], "the value")):
        raise Unmappable("Pad must pad with zeros", float(r.constants[node.inputs[2]].ravel()[0]))
    sides = _spec_sides(value, cells, "paddings")
    if not any(cell for side in sides for cell in side):
        return [value]
    rank = value.rank - 2
    return [r.made(r.scope(node), node, f"ZeroPadding{rank}D", {"padding": sides[0] if rank == 1 else sides}, [value])]


def _spec_sides(value: Value, cells: list[int], what: str) -> list[list[int]]:
    """Two numbers for each file axis, as those of the spec's axes between batch and channels."""
    if len(cells) != 2 * value.rank or min(cells) < 0 or not 3 <= value.rank <= 5:
        raise Unmappable(f"{what} must be two numbers of at least 0 for each axis", cells)
    sides = {axis: cells[2 * i : 2 * i + 2] for i, axis in enumerate(value.label)}
    if any(sides[0]) or any(sides[value.rank - 1]):
        raise Unmappable(f"{what} must be 0 for batch and channels", cells)
    return [sides[axis] for axis in range(1, value.rank - 1)]


def crop(r: Reading, node: Node) -> Placed:
    """StridedSlice that leaves out cells at the borders."""
    value, given = r.value(node.inputs[0]), node.attributes
    begins, ends, steps = (numbers(r, node, slot, "bounds") for slot in (1, 2, 3))
    odd = [key for key in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask") if given.get(key)]
    if odd or any(step != 1 for step in steps) or len(begins) > value.rank or len(ends) != len(begins):
        raise Unmappable("StridedSlice must cut cells off the borders, and no more", {"steps": steps, "masks": odd})
    cells: list[int] = []
    sizes = [None, *value.sizes] if value.label[0] == 0 else [None] * value.rank
    for i in range(value.rank):
        inside = i < len(begins)
        begin = begins[i] if inside and not given.get("begin_mask", 0) & 1 << i else 0
        end = ends[i] if inside and not given.get("end_mask", 0) & 1 << i else None
        cells += [begin, _cut(end, sizes[i])]
    sides = _spec_sides(value, cells, "bounds")
    if not any(cell for side in sides for cell in side):
        return [value]
    rank = value.rank - 2
    return [r.made(r.scope(node), node, f"Cropping{rank}D", {"cropping": sides[0] if rank == 1 else sides}, [value])]


def _cut(end: int | None, size: int | None) -> int:
    """Cells behind the end."""
    if end is None:
        return 0
    if end < 0:
        return -end
    if size is None:
        raise Unmappable("StridedSlice must end at a known cell", end)
    return max(size - end, 0)


def gather(r: Reading, node: Node) -> Placed:
    """Rows of a table by whole numbers: an Embedding."""
    table = r.weight(node.inputs[0], "the table")
    value = r.value(node.inputs[1])
    axis = numbers(r, node, 2, "axis") if node.op == "GatherV2" else [0]
    if axis != [0] or table.ndim != 2 or node.attributes.get("batch_dims"):
        raise Unmappable("Gather must look up rows of a table that is a constant", list(table.shape))
    name = r.scope(node)
    value = r.laid(value, identity(value.rank), name)
    params = {"input_dim": table.shape[0], "output_dim": table.shape[1]}
    return [r.made(name, node, "Embedding", params, [value], weights={"embeddings": table}, key=node.inputs[0])]


def wrapped(r: Reading, node: Node) -> Placed:
    """Indices that count from the end, as Keras 3 allows: read by an Embedding only."""
    users = r.source.users.get(node.outputs[0], [])
    if not users or any(user.op not in ("GatherV2", "Gather") for user in users):
        raise Unmappable("indices must be read by an Embedding", node.op)
    return [r.value(node.inputs[0])]


def dropout(r: Reading, node: Node) -> Placed:
    """keep_prob, or rate; where it is fed, a half."""
    given, value = node.attributes, r.value(node.inputs[0])
    rate = given.get("rate", 1 - given["keep"] if given.get("keep") is not None else None)
    if rate is None:
        r.report.note("dropout whose keep_prob is fed has a rate of 0.5")
        rate = 0.5
    return [r.made(r.scope(node), node, "Dropout", {"rate": round(float(rate), 6)}, [value])]
