"""What PyTorch says with more than one call: merges, moves, weights along axes, attention."""

from collections.abc import Callable, Mapping

from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.shapes import axes_of

from visualnn_converter.formats.pytorch.emission import Emission, Value
from visualnn_converter.formats.pytorch.names import call, keywords, literal
from visualnn_converter.formats.pytorch.recurrent import bidirectional, each_step, recurrent, wrapped_layer
from visualnn_converter.layout import flat_order, identity, permuted

Around = Callable[[Emission], list[Value]]


def _joined(sign: str) -> Around:
    def merge(e: Emission) -> list[Value]:
        return [e.say(f" {sign} ".join(e.texts))]

    return merge


def weighted(e: Emission) -> list[Value]:
    """coefficients: a sum of products."""
    pairs = zip(e.p["coefficients"], e.texts, strict=True)
    return [e.say(" + ".join(f"{literal(factor)} * {text}" for factor, text in pairs))]


def average(e: Emission) -> list[Value]:
    """The mean of the inputs."""
    return [e.say(f"({' + '.join(e.texts)}) / {len(e.texts)}")]


def chained(e: Emission) -> list[Value]:
    """A function of two, over all inputs."""
    text = e.texts[0]
    for other in e.texts[1:]:
        text = call(e.written.op, text, other)
    return [e.say(text)]


def concatenated(e: Emission) -> list[Value]:
    """torch.cat takes a list."""
    return [e.say(call("torch.cat", f"[{', '.join(e.texts)}]", *keywords(e.written.attributes)))]


def nothing(e: Emission) -> list[Value]:
    """The input as it is, in each output; types and order of values too."""
    first = e.inputs[0]
    made = [e.say(first.text, index, first.label) for index in range(len(e.layer.output_shapes))]
    return [Value(value.text, value.label, value.shape, first.dtype, first.flat) for value in made]


def flattened(e: Emission) -> list[Value]:
    """Values may lie in the module's order: the rows of the Dense kernels follow."""
    first = e.inputs[0]
    text = first.text if first.rank == 2 else f"torch.flatten({first.text}, 1)"
    return [e.say(text, flat=first.flat if first.rank == 2 else flat_order(first.label, first.shape))]


def reshaped(e: Emission) -> list[Value]:
    """The batch stays in front."""
    target, shape = e.p["target_shape"], e.layer.output_shapes[0]
    first = e.inputs[0].text
    if FREE in shape:
        return [e.say(f"{first}.reshape({first}.shape[0], {', '.join(map(str, target))})")]
    return [e.say(f"{first}.reshape({', '.join(['-1', *map(str, shape)])})")]


def relabelled(e: Emission) -> list[Value]:
    """A permutation moves nothing: the axes get other meanings."""
    return [e.say(e.inputs[0].text, label=permuted(e.label, e.p["dims"]))]


def repeated(e: Emission) -> list[Value]:
    """(N, features) -> (N, n, features)."""
    return [e.say(f"{e.inputs[0].text}.unsqueeze(1).expand(-1, {e.p['n']}, -1)")]


def looked_up(e: Emission) -> list[Value]:
    """Whole numbers of any type."""
    first = e.inputs[0]
    text = first.text if first.dtype in ("int32", "int64") else first.cast("int64").text
    value = e.say(call(e.module(e.written.op, keywords(e.written.attributes)), text))
    return [Value(value.text, value.label, value.shape)]


def shaped(e: Emission) -> list[Value]:
    """A helper that is given the shape of its weight."""
    weight = next(iter(e.written.map.blobs))[0]
    module = e.module(e.written.op, [literal(e.shape_of(weight))])
    return [e.say(call(module, *e.texts))]


def along(e: Emission) -> list[Value]:
    """Weights along some spec axes, in a shape that broadcasts: the input lies as in the spec."""
    axis, rank = e.p.get("axis", -1), e.inputs[0].rank
    axes = sorted(a % rank for a in (axis if isinstance(axis, tuple) else (axis,)))
    shape = _along(e.shape_of(next(iter(e.written.map.blobs))[0]), axes, rank)
    op = "ScaleAndBias" if e.has("beta") else e.written.op
    module = e.module(op, [literal(shape)])
    _reshaped(e, module, op, shape)
    return [e.say(call(module, *e.texts))]


def einsum(e: Emission) -> list[Value]:
    """The equation, and the shapes of kernel and bias as they broadcast."""
    bias = [f"bias_shape={literal(e.shape_of('bias'))}"] if e.has("bias") else []
    module = e.module("EinsumDense", [literal(e.p["equation"]), literal(e.shape_of("kernel")), *bias])
    return [e.say(e.activated(call(module, *e.texts), identity(len(e.layer.output_shapes[0]) + 1)))]


def highway(e: Emission) -> list[Value]:
    """The function is an argument."""
    bias = [] if e.p["use_bias"] else ["bias=False"]
    size = literal(e.layer.input_shapes[0][-1])
    return [e.say(call(e.module("Highway", [size, e.function(e.p["activation"]), *bias]), *e.texts))]


def heads(e: Emission) -> list[Value]:
    """Multi-head attention and its grouped kind."""
    p, sizes = e.p, [shape[-1] for shape in e.layer.input_shapes]
    grouped = e.layer.type == "GroupQueryAttention"
    key_dim, count = (p["head_dim"], p["num_query_heads"]) if grouped else (p["key_dim"], p["num_heads"])
    arguments = [str(sizes[0]), str(sizes[2] if len(sizes) > 2 else sizes[1]), str(sizes[1]), f"heads={count}",
                 f"key_dim={key_dim}", f"value_dim={key_dim if grouped else p['value_dim']}",
                 f"out={e.layer.output_shapes[0][-1]}"]  # fmt: skip
    arguments += [f"groups={p['num_key_value_heads']}"] if grouped else []
    arguments += [] if p["use_bias"] else ["bias=False"]
    return [e.say(call(e.module("MultiHeadAttention", arguments), *e.texts))]


def attention(e: Emission) -> list[Value]:
    """Scores by products."""
    names = {"scale": "scale=True", "concat_score_weight": "concat=True"}
    arguments = [text for name, text in names.items() if e.has(name)]
    if not arguments:
        return [e.say(call(e.operator("attend"), *e.texts))]
    return [e.say(call(e.module("Attention", arguments), *e.texts))]


def additive(e: Emission) -> list[Value]:
    """Scores by sums."""
    arguments = [str(e.layer.input_shapes[0][-1]), *([] if e.has("scale") else ["scale=False"])]
    return [e.say(call(e.module("AdditiveAttention", arguments), *e.texts))]


def affine(e: Emission) -> list[Value]:
    """x * scale + offset: numbers, or one for each cell of the last axis."""
    text, scale, offset = e.texts[0], e.p["scale"], e.p["offset"]
    if scale != 1:
        text = f"{text} * {_constant(e, scale)}"
    return [e.say(f"{text} + {_constant(e, offset)}" if offset else text)]


def _constant(e: Emission, value: object) -> str:
    """A number, or a tensor along the last spec axis."""
    if not isinstance(value, list | tuple):
        return literal(value)
    rank = e.inputs[0].rank
    shape = [1] * rank
    shape[e.label.index(rank - 1)] = len(value)
    numbers = ", ".join(map(literal, value))
    return f"torch.tensor([{numbers}], device={e.texts[0]}.device).reshape({literal(shape)})"


def standardized(e: Emission) -> list[Value]:
    """(x - mean) / deviation: numbers of the layer, or its variables."""
    mean, variance = e.p["mean"], e.p["variance"]
    if mean is None:
        return _by_variables(e)
    roots = [max(v**0.5, 1e-7) for v in (variance if isinstance(variance, tuple) else (variance,))]
    deviation = _constant(e, roots if isinstance(variance, tuple) else roots[0])
    if e.p["invert"]:
        return [e.say(f"{e.texts[0]} * {deviation} + {_constant(e, mean)}")]
    return [e.say(f"({e.texts[0]} - {_constant(e, mean)}) / {deviation}")]


def _by_variables(e: Emission) -> list[Value]:
    axis, rank = e.p["axis"], e.inputs[0].rank
    axes = [] if axis is None else sorted(a % rank for a in (axis if isinstance(axis, tuple) else (axis,)))
    shape = _along(e.shape_of("mean"), axes, rank)
    module = e.module("Standardize", [literal(shape), *(["invert=True"] if e.p["invert"] else [])])
    _reshaped(e, module, "Standardize", shape)
    return [e.say(call(module, *e.texts))]


def _along(sizes: tuple[int, ...], axes: list[int], rank: int) -> tuple[int, ...]:
    """A shape that broadcasts: sizes at the axes, 1 behind the first of them elsewhere."""
    shape = [1] * rank
    for size, at in zip(sizes, axes, strict=True):
        shape[at] = size
    return tuple(shape[axes[0] :]) if axes else (1,)


def _reshaped(e: Emission, module: str, op: str, shape: tuple[int, ...]) -> None:
    """The module's tensors in the shape that it declares."""
    for name, _ in e.tensors(op):
        key = f"{module.removeprefix('self.')}.{name}"
        if key in e.state.tensors:
            e.state.tensors[key] = e.state.tensors[key].reshape(shape)


def cropped(e: Emission) -> list[Value]:
    """A slice along each axis that is cut, as long as the second input's."""
    axes = axes_of(e.p["axis"], e.layer.input_shapes[0])
    offsets = e.p["offset"] * len(axes) if len(e.p["offset"]) == 1 else e.p["offset"]
    first, reference = e.texts
    slices = [":"] * e.inputs[0].rank
    for axis, offset in zip(axes, offsets, strict=True):
        at = e.label.index(axis + 1)
        size = known(e.layer.output_shapes[0][axis])
        slices[at] = f"{offset}:{offset} + {reference}.shape[{at}]" if size is None else f"{offset}:{offset + size}"
    return [e.say(f"{first}[{', '.join(slices)}]")]


def sliced(e: Emission) -> list[Value]:
    """torch.split by the sizes between the cuts."""
    axis = e.p["axis"] % e.inputs[0].rank
    sizes = [shape[axis - 1] for shape in e.layer.output_shapes]
    texts = ", ".join(e.variables)
    e.line(f"{texts} = torch.split({e.texts[0]}, [{', '.join(map(str, sizes))}], dim={e.label.index(axis)})")
    return [e.say(name, index, e.label) for index, name in enumerate(e.variables)]


AROUND: Mapping[str, Around] = {
    "add": _joined("+"), "subtract": _joined("-"), "multiply": _joined("*"), "weighted": weighted,
    "average": average, "chained": chained, "concatenated": concatenated, "nothing": nothing,
    "flattened": flattened, "reshaped": reshaped, "relabelled": relabelled, "repeated": repeated,
    "looked_up": looked_up, "shaped": shaped, "along": along, "einsum": einsum, "highway": highway,
    "heads": heads, "attention": attention, "additive": additive, "affine": affine, "standardized": standardized,
    "sliced": sliced, "cropped": cropped, "recurrent": recurrent, "bidirectional": bidirectional,
    "each_step": each_step, "wrapped": wrapped_layer,
}  # fmt: skip
"""The functions that maps name."""
