"""Layers that apply another layer: at each step, in both directions, or with a bounded kernel."""

from collections.abc import Callable

from visualnn_shared.catalogue.entry import Params
from visualnn_shared.catalogue.inner import applied
from visualnn_shared.catalogue.layers.wrappers import directions

from visualnn_converter.formats.onnx.composed.recurrent import both_directions, turned
from visualnn_converter.formats.onnx.emission import Emission, Size
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity


def each_step(e: Emission) -> list[Value]:
    """The steps become samples, (batch x steps, ...), go through the layer, and become steps again."""
    value, shape = e.plain(), e.inputs[0].shape
    found = applied(e.p["layer"], [shape[1:]])
    samples = e.reshaped(value, [-1, *_sizes(value, shape[1:], 2)])
    inner = e.within("layer", found, [e.value(samples, shape[1:], value.dtype)])[0]
    plain = e.graph.moved(inner, identity(inner.rank))
    out = e.layer.output_shapes[0]
    back = e.reshaped(plain, [-1, *_sizes(value, shape[:1], 1), *_sizes(plain, out[1:], 1)])
    return [e.made(back, label=identity(len(out) + 1), dtype=plain.dtype)]


def _sizes(value: Value, shape: tuple[object, ...], first: int) -> list[Size]:
    """Known sizes, or where to find them in ``value``, whose axes from ``first`` on are meant."""
    return [n if isinstance(n, int) else (value, first + i) for i, n in enumerate(shape)]


def two_directions(e: Emission) -> list[Value]:
    """One bidirectional node where both layers are of one form, else a layer for each direction; then the merge."""
    forward, backward = directions(e.p, [value.shape for value in e.inputs])
    sequences = forward.params["return_sequences"]
    mask = e.masks[0] if e.masks and len(e.inputs) == 1 else None  # Keras gives none where there is an initial state
    outputs = both_directions(e, forward, backward) if mask is None else None
    if outputs is None:
        half = (len(e.inputs) - 1) // 2
        one = e.within("forward_layer", forward, [e.inputs[0], *e.inputs[1 : 1 + half]], [mask])
        other = e.within("backward_layer", backward, [e.inputs[0], *e.inputs[1 + half :]], [mask])
        last = other[0]
        if sequences:
            last = Value(turned(e, last.name, last.label.index(1)), last.label, last.shape)
        outputs = [one[0], last, *one[1:], *other[1:]]
    firsts = _merged(e, outputs[0], outputs[1], e.p)
    states = outputs[2:]
    return [*firsts, *(e.made(e.graph.moved(v, identity(v.rank)).name, n, identity(v.rank))
                       for n, v in enumerate(states, start=len(firsts)))]  # fmt: skip


def _merged(e: Emission, one: Value, other: Value, p: Params) -> list[Value]:
    """The outputs of both directions as ``merge_mode`` has it."""
    mode = p["merge_mode"]
    other = e.graph.moved(other, one.label)
    if mode is None:
        return [e.made(value.name, n, value.label) for n, value in enumerate((one, other))]
    if mode == "concat":
        merged = e.op("Concat", one, other, axis=one.rank - 1)
    else:
        merged = e.op("Mul" if mode == "mul" else "Add", one, other)
        merged = e.op("Div", merged, 2.0) if mode == "ave" else merged
    return [e.made(merged, label=one.label)]


def as_it_is(e: Emission) -> list[Value]:
    """A layer whose kernel training has bounded: outside training it is the layer itself."""
    found = applied(e.p["layer"], [value.shape for value in e.inputs])
    return e.within("layer", found, e.inputs)


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (each_step, two_directions, as_it_is)
