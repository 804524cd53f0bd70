"""LSTM, GRU and RNN: time comes first in the file, each output has an axis of directions, two directions are a wrapper.

Y (steps, directions, batch, units) and the states (directions, batch, units) are said by Reshape layers that give
the axis of directions a place in the spec; what takes it away in the file takes the Reshape away again.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Label, Unmappable
from visualnn_shared.catalogue.steps import Gates, HalfZero, Perm, Step, read_blob

from visualnn_converter.formats.onnx.gates import read_functions
from visualnn_converter.formats.onnx.reading import Reading
from visualnn_converter.graphreading import Array, Node, Value
from visualnn_converter.layout import identity

LAYERS = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN"}
_STATES = {"LSTM": 2, "GRU": 1, "RNN": 1}
_GATES: dict[str, tuple[Step, ...]] = {"LSTM": (Gates("ifco", "iofc", -1),), "GRU": (), "RNN": ()}
"""GRU has z, r, h in both."""
_DIRECTIONS = ("forward", "reverse", "bidirectional")
Params = dict[str, Any]


def recurrent(r: Reading, node: Node, name: str) -> list[Value | None]:
    """X, W, R, B, lengths, initial states -> Y, Y_h, Y_c. Raises ``Unmappable``."""
    given = dict(node.attributes)
    both = _direction(given) == "bidirectional"
    first = bool(given.pop("layout", 0))
    value = r.value(node.inputs[0])
    if value.rank != 3:
        raise Unmappable("the input must have the axes of steps, batch and features", value.rank)
    value = r.laid(value, identity(3) if first else (1, 0, 2), name)
    _refuse_lengths(r, node, value)
    functions = read_functions(node.op, given, 2 if both else 1)
    params, weights = _layers(r, node, given, functions)
    used = [bool(out) and (out in r.source.users or out in r.source.outputs) for out in [*node.outputs, "", ""][:3]]
    wants = {"return_sequences": used[0], "return_state": used[2] or (used[1] and (used[0] or both))}
    if node.op != "LSTM" and used[2]:
        raise Unmappable(f"{node.op} must have at most two outputs", len(node.outputs))
    for one in params:
        one.update(wants)
    states = _states(r, node, name, 2 if both else 1, batch_first=first)
    inputs, key = [value, *states], (node.inputs[1:4], repr(params))
    if both:
        made = _bidirectional(r, node, name, params, weights, inputs, key)
    else:
        made = _one(r, node, name, params[0], weights[0], inputs, key)
    return _outputs(r, node, name, made, used, both, first)


def _direction(given: Params) -> str:
    direction = given.get("direction", "forward")
    if direction not in _DIRECTIONS:
        raise Unmappable(f"direction must be one of {', '.join(_DIRECTIONS)}", direction)
    return str(direction)


def _refuse_lengths(r: Reading, node: Node, value: Value) -> None:
    """Lengths must say nothing: every sequence is whole."""
    if len(node.inputs) > 4 and node.inputs[4]:
        lengths = r.constant(node.inputs[4], "sequence_lens")
        if known(value.shape[0]) is None or (lengths != known(value.shape[0])).any():
            raise Unmappable("sequence_lens must be left out, or be the number of steps", lengths.ravel()[:8].tolist())
    if len(node.inputs) > 7 and node.inputs[7] and r.constant(node.inputs[7], "P").any():
        raise Unmappable("P (peepholes) must be left out, or be zeros", node.inputs[7])


def _layers(
    r: Reading, node: Node, given: Params, functions: list[Params]
) -> tuple[list[Params], list[dict[str, Any]]]:
    """Parameters and weights of the layer of each direction."""
    units = given.pop("hidden_size", None)
    resets = bool(given.pop("linear_before_reset", 0)) if node.op == "GRU" else None
    direction = given.pop("direction", "forward")
    if given.get("input_forget") == 0:
        del given["input_forget"]
    given.pop("output_sequence", None)
    if given:
        key = next(iter(given))
        raise Unmappable(f"{key} must be left out: VisualNN has no word for it", given[key])
    kernel, again = (r.weight(one, what) for one, what in zip(node.inputs[1:3], ("W", "R"), strict=True))
    bias = r.weight(node.inputs[3], "B") if len(node.inputs) > 3 and node.inputs[3] else None
    for array, rank in ((kernel, 3), (again, 3), (bias, 2)):
        if array is not None and (array.ndim != rank or array.shape[0] != len(functions)):
            rule = f"the weights must have {len(functions)} directions and {rank} axes"
            raise Unmappable(rule, list(array.shape))
    params, weights = [], []
    for number, chosen in enumerate(functions):
        backwards = (direction == "reverse" or number == 1) != (node.inputs[0] in r.turned)
        params.append({
            "units": units or again.shape[-1], **chosen, **({"use_bias": False} if bias is None else {}),
            **({"reset_after": resets} if resets is False else {}), **({"go_backwards": True} if backwards else {}),
        })  # fmt: skip
        weights.append(_weights(node.op, kernel[number], again[number], None if bias is None else bias[number], resets))
    return params, weights


def _weights(op: str, kernel: Array, again: Array, bias: Array | None, resets: bool | None) -> dict[str, Array]:
    """In Keras' layout: (features, gates * units), (units, gates * units); the biases added up, or both."""
    steps = (*_GATES[op], Perm("io", "oi"))
    try:
        found = {"kernel": read_blob(kernel, steps, {}), "recurrent_kernel": read_blob(again, steps, {})}
        if bias is not None and resets:
            found["bias"] = bias.reshape(2, -1)
        elif bias is not None:
            found["bias"] = read_blob(bias, (*_GATES[op], HalfZero()), {})
    except ValueError:
        shapes = [list(one.shape) for one in (kernel, again, bias) if one is not None]
        raise Unmappable(f"the weights must have shapes that {op} takes", shapes) from None
    return found


def _states(r: Reading, node: Node, name: str, directions: int, *, batch_first: bool) -> list[Value]:
    """Initial states, those of one direction after the other; those that are zeros are as none."""
    names = [one for one in node.inputs[5 : 5 + _STATES[node.op]] if one]
    widths = {r.constants[one].shape[-1] for one in names if one in r.constants and r.constants[one].ndim}
    units = r.constants[node.inputs[2]].shape[-1]
    if widths - {units}:
        raise Unmappable(f"initial states must have the {units} units of the layer", sorted(widths))
    computed = [one for one in names if one not in r.constants]
    for one in names:
        if one in r.constants and r.constants[one].any():
            raise Unmappable("initial states must be computed by the net, or be zeros", one)
    if not computed:
        return []
    if len(computed) < _STATES[node.op]:
        raise Unmappable("initial states must be all computed by the net, or all zeros", names)
    found = []
    for one in computed:
        state = r.value(one)
        if state.rank != 3:
            raise Unmappable("an initial state must have the axes of directions, batch and units", state.rank)
        found.append(_per_direction(r, node, name, r.laid(state, (0, 1, 2) if batch_first else (1, 0, 2), name)))
    return [each[direction] for direction in range(directions) for each in found if direction < len(each)]


def _per_direction(r: Reading, node: Node, name: str, state: Value) -> list[Value]:
    """(directions, units) as rows of units."""
    parts = [state]
    if state.shape[0] == 2:
        cut = r.name(f"{name}/states")
        shapes = r.place(cut, node.op, "Slice", {"slice_points": [1], "axis": 1}, [state])
        parts = [Value(f"{cut}:{i}" if i else cut, shape, identity(3)) for i, shape in enumerate(shapes)]
    flat = [r.name(f"{name}/state") for _ in parts]
    return [
        Value(own, r.place(own, node.op, "Flatten", {}, [part])[0], (0, 1))
        for own, part in zip(flat, parts, strict=True)
    ]


def _one(
    r: Reading, node: Node, name: str, params: Params, weights: Any, inputs: Sequence[Value], key: Any
) -> list[list[Value]]:
    """The layer's first output, then its states: each the list of its directions."""
    if params["return_sequences"] and node.attributes.get("direction") == "reverse":
        raise Unmappable("direction must be forward or bidirectional where the whole sequence is read", "reverse")
    shapes = r.place(name, node.op, LAYERS[node.op], params, inputs, weights, key)
    values = [Value(f"{name}:{i}" if i else name, shape, identity(len(shape) + 1)) for i, shape in enumerate(shapes)]
    return [[value] for value in values]


def _bidirectional(
    r: Reading, node: Node, name: str, params: list[Params], weights: Any, inputs: Sequence[Value], key: Any
) -> list[list[Value]]:
    """The joined output, then for each state both directions."""
    if params[0].get("go_backwards"):
        raise Unmappable("the sequence must not be turned around before both directions", node.inputs[0])
    kind = LAYERS[node.op]
    wrapper: Params = {"layer": {"type": kind, "params": params[0]}}
    if params[1] != {**params[0], "go_backwards": True}:
        wrapper["backward_layer"] = {"type": kind, "params": params[1]}
    tensors = {
        f"{which}/{variable}": array
        for which, own in zip(("forward_layer", "backward_layer"), weights, strict=True)
        for variable, array in own.items()
    }
    shapes = r.place(name, node.op, "Bidirectional", wrapper, inputs, tensors, key)
    values = [Value(f"{name}:{i}" if i else name, shape, identity(len(shape) + 1)) for i, shape in enumerate(shapes)]
    half = len(values[1:]) // 2
    return [[values[0]], *([values[1 + i], values[1 + half + i]] for i in range(half))]


def _outputs(
    r: Reading, node: Node, name: str, made: list[list[Value]], used: list[bool], both: bool, batch_first: bool
) -> list[Value | None]:
    """Y, Y_h and Y_c as the file has them."""
    if not used[0] and len(made) == 1:
        made = [made[0], made[0]]  # the first output is the last state
    directions = 2 if both else 1
    found: list[Value | None] = []
    for number, wanted in enumerate(used[: len(node.outputs)]):
        if not wanted or number >= len(made):
            found.append(None)
            continue
        suffix = ("sequence", "state", "cell")[number]
        label: Label = ((0, 1, 2, 3) if batch_first else (1, 2, 0, 3)) if not number else (
            (0, 1, 2) if batch_first else (1, 0, 2)
        )  # fmt: skip
        found.append(_with_directions(r, node, f"{name}/{suffix}", made[number], directions, label))
    return found


def _with_directions(r: Reading, node: Node, wanted: str, parts: list[Value], directions: int, label: Label) -> Value:
    """The values with an axis of directions in front of the units."""
    whole = parts[0]
    if len(parts) > 1:
        joined = r.name(f"{wanted}/joined")
        whole = Value(joined, r.place(joined, node.op, "Concatenate", {}, parts)[0], identity(2))
    *steps, units = whole.shape
    target = [*(known(n) or -1 for n in steps), directions, int(np.floor_divide(known(units) or 0, directions))]
    own = r.name(wanted)
    shape = r.place(own, node.op, "Reshape", {"target_shape": target}, [whole])[0]
    value = Value(own, shape, label)
    if len(parts) > 1:
        r.stacks[own] = [Value(part.ref, part.shape, part.label) for part in parts]
    return value
