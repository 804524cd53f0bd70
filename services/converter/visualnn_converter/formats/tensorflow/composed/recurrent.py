"""LSTM, GRU and SimpleRNN, in one direction or both: the steps are laid out one after the other.

So any TensorFlow runs them, and other programs that know no loops; the number of steps must be known.
"""

from collections.abc import Callable, Sequence
from typing import Any

from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.layers.wrappers import directions
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.tensorflow.composed.making import Making

MOST_STEPS = 1_000
"""Each is about 12 nodes."""
Step = Callable[[str, list[str]], list[str]]
"""(what the inputs bring at a step, old states) -> new states, the first of which is the output."""
_TYPES = ("LSTM", "GRU", "SimpleRNN")


def recurrent(m: Making) -> list[str]:
    """One direction: the last output or all, then the states."""
    outputs, states = _walked(m, m.e.layer.type, m.p, "", m.inputs[1:])
    return [_first(m, m.p, outputs), *(states if m.p["return_state"] else [])]


def two_directions(m: Making) -> list[str]:
    """Both directions, and their merge; the backward one is turned where it is a sequence."""
    forward, backward = directions(m.p, m.e.layer.input_shapes)
    for one in (forward, backward):
        if one.entry.type not in _TYPES:
            raise Unmappable(f"the layer must be one of {', '.join(_TYPES)} in this format", one.entry.type, one.param)
    half = (len(m.inputs) - 1) // 2
    p = forward.params
    ahead, first = _walked(m, forward.entry.type, p, "forward_layer/", m.inputs[1 : 1 + half])
    behind, last = _walked(m, backward.entry.type, backward.params, "backward_layer/", m.inputs[1 + half :])
    ends = _first(m, p, ahead), _first(m, p, behind[::-1] if p["return_sequences"] else behind)
    states = [*first, *last] if p["return_state"] else []
    return [*_merged(m, *ends), *states]


def _merged(m: Making, one: str, other: str) -> list[str]:
    mode = m.p["merge_mode"]
    if mode is None:
        return [one, other]
    if mode == "concat":
        return [m.op("ConcatV2", one, other, len(m.e.layer.output_shapes[0]))]
    merged = m.op("Mul" if mode == "mul" else "Add", one, other)
    return [m.op("Mul", merged, 0.5) if mode == "ave" else merged]


def _first(m: Making, p: Any, outputs: list[str]) -> str:
    return m.op("Pack", *outputs, axis=1) if p["return_sequences"] else outputs[-1]


def _walked(m: Making, kind: str, p: Any, prefix: str, given: Sequence[str]) -> tuple[list[str], list[str]]:
    """Outputs of all steps in the order in which they are walked, and the last states."""
    count = known(m.e.shape[0])
    if count is None or count > MOST_STEPS:
        rule = f"the number of steps must be known in this format, and at most {MOST_STEPS:,}"
        raise Unmappable(rule, count, hint="give the Input layer a fixed length: steps are laid out one by one")
    brought = m.op("BatchMatMulV2", m.inputs[0], m.weight(f"{prefix}kernel"))
    bias, state_bias = _biases(m, kind, p, prefix)
    brought = m.op("Add", brought, bias) if bias else brought
    steps = m.several("Unpack", count, brought, num=count, axis=1)
    states = list(given) or [_zeros(m, p["units"])] * (2 if kind == "LSTM" else 1)
    step = {"LSTM": _lstm, "GRU": _gru, "SimpleRNN": _simple}[kind](m, p, prefix, state_bias)
    outputs = []
    for one in steps[::-1] if p["go_backwards"] else steps:
        states = step(one, states)
        outputs.append(states[0])
    return outputs, states


def _biases(m: Making, kind: str, p: Any, prefix: str) -> tuple[str | None, str | None]:
    """The inputs' bias and, of a GRU whose reset gate comes late, the state's."""
    if not m.has(f"{prefix}bias"):
        return None, None
    bias = m.weight(f"{prefix}bias")
    if kind == "GRU" and p["reset_after"]:
        first, second = m.several("Unpack", 2, bias, num=2, axis=0)
        return first, second
    return bias, None


def _zeros(m: Making, units: int) -> str:
    return m.op("Fill", m.op("Pack", m.size(m.inputs[0], 0), units, axis=0), 0.0)


def _split(m: Making, value: str, count: int) -> list[str]:
    return m.several("Split", count, 1, value, num_split=count)


def _simple(m: Making, p: Any, prefix: str, _bias: str | None) -> Step:
    kernel = m.weight(f"{prefix}recurrent_kernel")

    def step(x: str, old: list[str]) -> list[str]:
        return [m.function(p["activation"], m.op("Add", x, m.op("MatMul", old[0], kernel)))]

    return step


def _lstm(m: Making, p: Any, prefix: str, _bias: str | None) -> Step:
    kernel = m.weight(f"{prefix}recurrent_kernel")

    def step(x: str, old: list[str]) -> list[str]:
        h, c = old
        gates = _split(m, m.op("Add", x, m.op("MatMul", h, kernel)), 4)
        i, f, o = (m.function(p["recurrent_activation"], gates[place]) for place in (0, 1, 3))
        content = m.op("Mul", i, m.function(p["activation"], gates[2]))
        new = m.op("Add", m.op("Mul", f, c), content)
        return [m.op("Mul", o, m.function(p["activation"], new)), new]

    return step


def _gru(m: Making, p: Any, prefix: str, bias: str | None) -> Step:
    kernel, after = m.weight(f"{prefix}recurrent_kernel"), p["reset_after"]
    kernels = [] if after else _split(m, kernel, 3)

    def step(x: str, old: list[str]) -> list[str]:
        (h,) = old
        xz, xr, xh = _split(m, x, 3)
        if after:
            inner = m.op("MatMul", h, kernel)
            hz, hr, hh = _split(m, m.op("Add", inner, bias) if bias else inner, 3)
        else:
            hz, hr = (m.op("MatMul", h, one) for one in kernels[:2])
        z = m.function(p["recurrent_activation"], m.op("Add", xz, hz))
        r = m.function(p["recurrent_activation"], m.op("Add", xr, hr))
        late = m.op("Mul", r, hh) if after else m.op("MatMul", m.op("Mul", r, h), kernels[2])
        content = m.function(p["activation"], m.op("Add", xh, late))
        return [m.op("Add", m.op("Mul", z, h), m.op("Mul", m.op("Sub", 1.0, z), content))]

    return step


FUNCTIONS: tuple[Callable[[Making], list[str]], ...] = (recurrent, two_directions)
