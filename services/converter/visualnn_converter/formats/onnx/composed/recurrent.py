"""LSTM, GRU and RNN with the nodes around them: time comes first, and each output has an axis of directions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.inner import Applied
from visualnn_shared.catalogue.mapping import Written, write_node
from visualnn_shared.catalogue.maps import Context, Label
from visualnn_shared.catalogue.steps import Array, write_blob

from visualnn_converter.formats.onnx.emission import Emission
from visualnn_converter.formats.onnx.graph import Value
from visualnn_converter.layout import identity

TIME_MAJOR: Label = (1, 0, 2)
STATES = {"LSTM": 2, "GRU": 1, "RNN": 1, "SimpleRNN": 1}
_END = np.iinfo(np.int64).min
"""Slice: up to and including the first element, walking back."""


def recurrent(e: Emission) -> list[Value]:
    """Time first, one direction: Y (steps, 1, batch, units), Y_h and Y_c (1, batch, units).

    Keras' ``go_backwards`` gives the sequence in walked order, ONNX' reverse direction in the original one.
    """
    p, op, attributes = e.p, e.written.op, dict(e.written.attributes)
    sequence = e.graph.moved(e.inputs[0], TIME_MAJOR).name
    if p["go_backwards"] and p["return_sequences"]:
        sequence = turned(e, sequence, 0)
    elif p["go_backwards"]:
        attributes["direction"] = "reverse"
    states = [e.op("Unsqueeze", e.plain(index), [0]) for index in range(1, len(e.inputs))]
    wanted = [p["return_sequences"], p["return_state"] or not p["return_sequences"], p["return_state"]]
    raw = _node(e, op, [sequence], e.blobs(), states, wanted[: 1 + STATES[op]], attributes)
    first = _without(e, raw[0], 1, 0, TIME_MAJOR) if p["return_sequences"] else _without(e, raw[1], 0, 0, (0, 1))
    if not p["return_state"]:
        return [first]
    return [first, *(_without(e, raw[1 + n], 0, 1 + n, (0, 1)) for n in range(STATES[op]))]


def turned(e: Emission, name: str, axis: int) -> str:
    """The tensor with an axis the other way round."""
    return str(e.op("Slice", name, [-1], [_END], [axis], [-1]))


def _node(
    e: Emission, op: str, sequence: Sequence[str], blobs: Sequence[str], states: Sequence[str], wanted: Sequence[bool],
    attributes: dict[str, Any],
) -> list[str]:  # fmt: skip
    """The operator; the names of Y, Y_h and Y_c, empty where not wanted."""
    padded = [*blobs, *[""] * (3 - len(blobs) if states else 0)]
    raw = [e.hidden(f"Y{suffix}") if use else "" for suffix, use in zip(("", "_h", "_c"), wanted, strict=False)]
    last = max(number for number, name in enumerate(raw) if name)
    inputs = [*sequence, *padded, *(["", *states] if states else [])]
    e.graph.node(op, inputs, raw[: last + 1], e.layer.name, **attributes)
    return raw


def _without(e: Emission, raw: str, axis: int, index: int, label: Label) -> Value:
    """An output without the axis of directions."""
    out = Value(e.name(index, label), label, e.layer.output_shapes[index])
    e.node("Squeeze", [raw, e.graph.constant("int64", [axis])], out.name)
    return out


def both_directions(e: Emission, forward: Applied, backward: Applied) -> list[Value] | None:
    """The outputs of both directions by one node, forward's first and then backward's; None where one cannot say it.

    Sequences are in the order of the input, as ONNX has them and as Keras turns them before it merges.
    """
    written = [_operator(found) for found in (forward, backward)]
    one, other = written
    same = forward.entry is backward.entry and _alike(forward) == _alike(backward)
    if one is None or other is None or not same or forward.params["go_backwards"]:
        return None
    p, op = forward.params, one.op
    count = STATES[op]
    functions = {key: value * 2 for key, value in one.attributes.items() if isinstance(value, list)}
    attributes = {**one.attributes, **functions, "direction": "bidirectional"}
    blobs = [
        _stacked(e, one, weight, steps, p) for weight, *steps in one.map.blobs if weight != "bias" or p["use_bias"]
    ]
    states = [_paired(e, 1 + n, 1 + count + n) for n in range(count)] if len(e.inputs) > 1 else []
    ends = p["return_state"] or not p["return_sequences"]
    wanted = [p["return_sequences"], ends, p["return_state"]][: 1 + count]
    raw = _node(e, op, [e.graph.moved(e.inputs[0], TIME_MAJOR).name], blobs, states, wanted, attributes)
    features = forward.shapes()[0]
    if p["return_sequences"]:
        pair = e.op("Split", raw[0], [1, 1], outputs=2, axis=1)
        firsts = [Value(e.op("Squeeze", one, [1]), TIME_MAJOR, features) for one in pair]
    else:
        firsts = _ends(e, raw[1], features)
    if not p["return_state"]:
        return firsts
    found = [_ends(e, raw[1 + n], (p["units"],)) for n in range(count)]
    return [*firsts, *(pair[side] for side in (0, 1) for pair in found)]


def _operator(found: Applied) -> Written | None:
    """The recurrent operator that says a layer, if one does."""
    candidates = [one for one in found.entry.maps.get("onnx", ()) if one.around == "recurrent"]
    written = write_node("onnx", found.entry, found.params, Context(), None, candidates) if candidates else None
    return written if isinstance(written, Written) else None


_SAID = ("units", "activation", "recurrent_activation", "use_bias", "reset_after", "return_sequences", "return_state")


def _alike(found: Applied) -> list[Any]:
    """What must be equal in both directions of one node."""
    return [found.params.get(name) for name in _SAID]


def _stacked(e: Emission, written: Written, weight: str, steps: Sequence[Any], p: Any) -> str:
    """The blobs of both directions along the leading axis."""

    def both(forward: Array) -> Array:
        return np.concatenate([write_blob(x, steps, p) for x in (forward, e.weight(f"backward_layer/{weight}"))])

    return e.tensor(f"forward_layer/{weight}", both, written.op)


def _paired(e: Emission, first: int, second: int) -> str:
    """The initial states of both directions, (batch, units) each, as (2, batch, units)."""
    pair = [e.op("Unsqueeze", e.plain(index), [0]) for index in (first, second)]
    return str(e.op("Concat", *pair, axis=0))


def _ends(e: Emission, raw: str, shape: Any) -> list[Value]:
    """(2, batch, units) as the values of each direction."""
    pair = e.op("Split", raw, [1, 1], outputs=2, axis=0)
    return [Value(e.op("Squeeze", one, [0]), identity(2), shape) for one in pair]


FUNCTIONS: tuple[Callable[[Emission], list[Value]], ...] = (recurrent,)
