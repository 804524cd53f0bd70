"""Recurrent layers as a Scan over the steps: functions that ONNX' operators lack, masks, and convolutions."""

from collections.abc import Callable, Sequence
from typing import Any

from visualnn_shared.catalogue.free import known

from visualnn_converter.formats.onnx.emission import Emission, Size, fixed
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

Step = Callable[[str, list[str]], list[str]]
"""(what the inputs bring at a step, old states) -> new states, the first of which is the output."""


def stepped(e: Emission) -> list[Value]:
    """SimpleRNN, GRU and LSTM: the product of all steps with the kernel first, then one step after the other."""
    units = e.p["units"]
    brought = e.op("MatMul", e.plain(), e.tensor("kernel"))
    split_bias = e.layer.type == "GRU" and e.p["reset_after"]
    if e.has("bias"):
        brought = e.op("Add", brought, e.tensor("bias", lambda x: x[0] if split_bias else x, "inputs"))
    step = {"SimpleRNN": _simple, "GRU": _gru, "LSTM": _lstm}[e.layer.type](e)
    count = 2 if e.layer.type == "LSTM" else 1
    return walked(e, brought, step, count, (units,))


def walked(e: Emission, brought: str, step: Step, count: int, state: tuple[Any, ...]) -> list[Value]:
    """The outputs of a layer whose ``count`` states, of this shape, change from step to step."""
    initial = [e.plain(index).name for index in range(1, len(e.inputs))] or [zeros(e, state)] * count
    output, states, sequence = walk(e, brought, step, initial, state)
    first = e.made(sequence or output, label=identity((2 if sequence else 1) + len(state)))
    if not e.p["return_state"]:
        return [first]
    return [first, *(e.made(name, 1 + n, identity(1 + len(state))) for n, name in enumerate(states))]


def walk(
    e: Emission, brought: str, step: Step, initial: list[str], state: Sequence[Any]
) -> tuple[str, list[str], str | None]:
    """The last output, the last states, and the outputs of all steps where these are wanted.

    A step that does not count leaves the states as they are and repeats the output before it, or puts out 0 in a
    Bidirectional that gives sequences; that of the first steps is 0 too.
    """
    mask = e.masks[0] if e.masks and len(e.inputs) == 1 else None  # Keras gives none to a layer with an initial state
    zero = not e.layer.inputs and e.layer.name.endswith(("/forward_layer", "/backward_layer"))
    sequences = [(brought, "float32")]
    if mask is not None:
        sequences.append((e.op("Unsqueeze", mask.name, list(range(2, 2 + len(state)))), "bool"))
        initial = [*initial, zeros(e, state)]

    def body(old: list[str], steps: list[str]) -> tuple[list[str], list[str]]:
        if mask is None:
            new = step(steps[0], old)
        else:
            *before, output = old
            found = step(steps[0], before)
            silent = 0.0 if zero and e.p["return_sequences"] else output
            new = [e.op("Where", steps[1], one, other) for one, other in zip(found, before, strict=True)]
            new.append(e.op("Where", steps[1], found[0], silent))
        return new, [new[0 if mask is None else -1]] if e.p["return_sequences"] else []

    last, walked = e.graph.loop(e.layer.name, initial, sequences, body, backwards=e.p["go_backwards"])
    if mask is None:
        return last[0], last, walked[0] if walked else None
    return last[-1], last[:-1], walked[0] if walked else None


def zeros(e: Emission, shape: Sequence[Any]) -> str:
    """Zeros of this shape for each sample."""
    return str(e.op("Expand", 0.0, e.sizes([(e.plain(), 0), *shape])))


def _simple(e: Emission) -> Step:
    def step(x: str, old: list[str]) -> list[str]:
        return [_function(e, "activation", e.op("Add", x, e.op("MatMul", old[0], e.tensor("recurrent_kernel"))))]

    return step


def _function(e: Emission, param: str, name: str) -> str:
    """One of the layer's functions of (batch, units)."""
    return e.activated(e.p[param], e.value(name, (e.p["units"],)), param).name


def _gates(e: Emission, name: str, count: int, axis: int = -1) -> list[str]:
    size = e.p.get("units") or e.p["filters"]
    found: list[str] = e.op("Split", name, [size] * count, outputs=count, axis=axis)
    return found


def _gru(e: Emission) -> Step:
    after, units = e.p["reset_after"], e.p["units"]

    def step(x: str, old: list[str]) -> list[str]:
        (h,) = old
        xz, xr, xh = _gates(e, x, 3)
        if after:
            inner = e.op("MatMul", h, e.tensor("recurrent_kernel"))
            if e.has("bias"):
                inner = e.op("Add", inner, e.tensor("bias", lambda b: b[1], "state"))
            hz, hr, hh = _gates(e, inner, 3)
        else:
            kernel = e.tensor("recurrent_kernel", lambda k: k[:, : 2 * units], "gates")
            hz, hr = _gates(e, e.op("MatMul", h, kernel), 2)
        z = _function(e, "recurrent_activation", e.op("Add", xz, hz))
        r = _function(e, "recurrent_activation", e.op("Add", xr, hr))
        if after:
            inner = e.op("Mul", r, hh)
        else:
            kernel = e.tensor("recurrent_kernel", lambda k: k[:, 2 * units :], "content")
            inner = e.op("MatMul", e.op("Mul", r, h), kernel)
        content = _function(e, "activation", e.op("Add", xh, inner))
        return [e.op("Add", e.op("Mul", z, h), e.op("Mul", e.op("Sub", 1.0, z), content))]

    return step


def _lstm(e: Emission) -> Step:
    def step(x: str, old: list[str]) -> list[str]:
        h, c = old
        i, f, g, o = _gates(e, e.op("Add", x, e.op("MatMul", h, e.tensor("recurrent_kernel"))), 4)
        return _cell(e, i, f, g, o, c, lambda param, name: _function(e, param, name))

    return step


def _cell(e: Emission, i: str, f: str, g: str, o: str, c: str, function: Callable[[str, str], str]) -> list[str]:
    """h and c of a long short-term memory."""
    i, f, o = (function("recurrent_activation", gate) for gate in (i, f, o))
    new = e.op("Add", e.op("Mul", f, c), e.op("Mul", i, function("activation", g)))
    return [e.op("Mul", o, function("activation", new)), new]


def convolved(e: Emission) -> list[Value]:
    """ConvLSTM1D to 3D: the inputs of all steps go through one convolution, the states through one at each step.

    Channels come second inside: (batch, steps, channels, *cells).
    """
    p, rank = e.p, len(e.p["kernel_size"])
    steps = known(e.inputs[0].shape[0])
    *cells, channels = (fixed(n) for n in e.inputs[0].shape[1:])
    order = [0, 1, 2 + rank, *range(2, 2 + rank)]
    x = e.op("Transpose", e.plain(), perm=order)
    flat = e.reshaped(x, [-1, channels, *cells])
    state = tuple(fixed(n) for n in e.layer.output_shapes[0][-1 - rank :])
    perm = [rank + 1, rank, *range(rank)]
    kernel = e.tensor("kernel", lambda k: k.transpose(perm))
    bias = [e.tensor("bias")] if e.has("bias") else []
    pads = _pads(p["padding"], cells, p["kernel_size"], p["strides"], p["dilation_rate"])
    made = e.op(
        "Conv", flat, kernel, *bias, strides=list(p["strides"]), dilations=list(p["dilation_rate"]), pads=pads,
        kernel_shape=list(p["kernel_size"]),
    )  # fmt: skip
    time: Size = (e.plain(), 1) if steps is None else steps
    brought = e.reshaped(made, [(e.plain(), 0), time, 4 * p["filters"], *state[:-1]])
    return _channels_last(e, brought, perm, state)


def _channels_last(e: Emission, brought: str, perm: list[int], state: Any) -> list[Value]:
    """The walk, with states whose channels come second, and its outputs with channels last."""
    p, rank = e.p, len(e.p["kernel_size"])
    pads = _pads("same", state[:-1], p["kernel_size"], (1,) * rank, (1,) * rank)

    def function(param: str, name: str) -> str:
        label = (0, rank + 1, *range(1, rank + 1))
        return e.graph.moved(e.activated(p[param], Value(name, label, state), param), label).name

    def step(x: str, old: list[str]) -> list[str]:
        kernel = e.tensor("recurrent_kernel", lambda k: k.transpose(perm))
        kept = e.op("Conv", old[0], kernel, pads=pads, kernel_shape=list(p["kernel_size"]))
        i, f, g, o = _gates(e, e.op("Add", x, kept), 4, 1)
        return _cell(e, i, f, g, o, old[1], function)

    inside, back = (state[-1], *state[:-1]), [0, *range(2, rank + 2), 1]
    initial = [e.op("Transpose", e.plain(n), perm=[0, rank + 1, *range(1, rank + 1)]) for n in range(1, len(e.inputs))]
    output, states, sequence = walk(e, brought, step, initial or [zeros(e, inside)] * 2, inside)
    if sequence:
        first = e.op("Transpose", sequence, perm=[0, 1, *range(3, rank + 3), 2])
    else:
        first = e.op("Transpose", output, perm=back)
    ends = [e.op("Transpose", one, perm=back) for one in states] if p["return_state"] else []
    return [e.made(first), *(e.made(one, 1 + n) for n, one in enumerate(ends))]


def _pads(padding: str, cells: Sequence[Any], sizes: Any, strides: Any, dilations: Any) -> list[int]:
    """Begins, then ends, as Keras pads ``same``."""
    if padding == "valid":
        return [0] * 2 * len(cells)
    along = zip(cells, sizes, strides, dilations, strict=True)
    total = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in along]
    return [n // 2 for n in total] + [-(-n // 2) for n in total]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (stepped, convolved)
