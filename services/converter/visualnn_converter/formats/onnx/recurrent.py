"""LSTM with the nodes around it: time comes first in the file, and each output has an axis of directions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from visualnn_shared.catalogue.free import FREE, known
from visualnn_shared.catalogue.mapping import Read, index, read_node
from visualnn_shared.catalogue.maps import Bag, Context, Label, Unmappable
from visualnn_shared.catalogue.registry import CATALOGUE
from visualnn_shared.catalogue.steps import read_blob

from visualnn_converter.formats.onnx import folding
from visualnn_converter.formats.onnx.checking import check
from visualnn_converter.formats.onnx.reading import Reading
from visualnn_converter.graphreading import REPORTED, Array, Node, Value
from visualnn_converter.layout import identity

_TIME_MAJOR: Label = (1, 0, 2)
_DIRECTIONS = (1, 0, 0)
"""The axis of directions in Y, Y_h and Y_c."""


def lstm(r: Reading, node: Node, name: str) -> list[Value | None]:
    """X, W, R, B -> Y (steps, 1, batch, units), Y_h and Y_c (1, batch, units), each squeezed by what reads it."""
    value = r.value(node.inputs[0])
    if value.rank != 3:
        raise Unmappable("the input must have the axes of steps, batch and features", value.rank)
    value = r.laid(value, _TIME_MAJOR, name)
    states = _states(r, node, name)
    params, weights = _read(r, node, value, name)
    used = [bool(out) and (out in r.source.users or out in r.source.outputs) for out in [*node.outputs, "", ""][:3]]
    reverse = node.attributes.get("direction", "forward") == "reverse"
    if reverse and used[0]:
        raise Unmappable("direction must be forward where the whole sequence is read", "reverse")
    backwards = reverse != (node.inputs[0] in r.turned)
    params |= {"return_sequences": used[0], "return_state": used[2] or (used[0] and used[1])}
    params |= {"go_backwards": True} if backwards else {}
    shapes = r.place(
        name, node.op, "LSTM", params, [value, *states], weights, (node.inputs[1:4], params["return_state"])
    )
    for number, output in enumerate(node.outputs[:3]):
        if not used[number]:
            continue
        ref = f"{name}:{number}" if number and params["return_state"] else name
        shape = shapes[0] if number == 0 or not params["return_state"] else shapes[number]
        label = _TIME_MAJOR if number == 0 else identity(2)
        _squeezed(r, output, _DIRECTIONS[number], Value(ref, shape, label))
    return [None] * len(node.outputs)


def _states(r: Reading, node: Node, name: str) -> list[Value]:
    """Initial states; those that start at zero are as none. Lengths and peepholes are not read."""
    states = [one for one in node.inputs[5:7] if r.values.get(one) is not None]
    if len(states) == 2:
        found = [r.laid(r.value(one), identity(2), name) for one in states if r.value(one).rank == 2]
        if len(found) < 2:
            raise Unmappable("initial states must be rows of values with an axis of directions", states)
        _refuse(r, node, ((4, "sequence_lens"), (7, "P")))
        return found
    _refuse(r, node, ((4, "sequence_lens"), (5, "initial_h"), (6, "initial_c"), (7, "P")))
    return []


def _refuse(r: Reading, node: Node, slots: Sequence[tuple[int, str]]) -> None:
    for slot, what in slots:
        found = node.inputs[slot] if slot < len(node.inputs) else ""
        zeros = found in r.constants and slot in (5, 6, 7) and not r.constants[found].any()
        if found and not zeros:
            raise Unmappable(f"{what} must be left out, or be zeros", found)


def _read(r: Reading, node: Node, value: Value, name: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Parameters and weights by the entry's map."""
    (found,) = CATALOGUE["LSTM"].maps["onnx"]
    weights = {}
    for blob, (weight, steps) in zip(node.inputs[1:4], found.weight_steps(), strict=False):
        array = r.weight(blob, weight) if blob else None
        if array is None:
            continue
        if array.ndim < 1 or array.shape[0] != 1:
            raise Unmappable(f"{weight} must be that of one direction", list(array.shape))
        try:
            weights[weight] = read_blob(array, steps, {})
        except (ValueError, IndexError):
            raise Unmappable(f"{weight} must have a shape that LSTM takes", list(array.shape)) from None
    given = {key: one for key, one in node.attributes.items() if key != "direction"}
    for key in ("layout", "input_forget"):
        if given.get(key) == 0:
            del given[key]
    if node.attributes.get("direction", "forward") not in ("forward", "reverse"):
        raise Unmappable("direction must be forward or reverse", node.attributes["direction"])
    bag = Bag(given)
    context = Context(
        input_shapes=[tuple(known(n) for n in value.shape)], tensors={k: a.shape for k, a in weights.items()}
    )
    layer = read_node(index("onnx"), "LSTM", bag, context, name)
    if not isinstance(layer, Read) or layer.problems:
        r.problems += layer.problems if isinstance(layer, Read) else layer
        raise REPORTED
    left = [key for key, _ in bag.left()]
    if left:
        raise Unmappable(f"{left[0]} must be left out: VisualNN has no word for it", bag.peek(left[0]))
    return dict(layer.params), weights


def _squeezed(r: Reading, output: str, axis: int, value: Value) -> None:
    """What reads the output takes the axis of directions away; that gives the layer's own output."""
    users = r.source.users.get(output, [])
    if output in r.source.outputs or not users:
        raise Unmappable("each output must be squeezed along its axis of directions", output)
    for user in users:
        check(user, r.source.opset)
        constants = [r.constants[one] for one in user.inputs[1:2] if one in r.constants]
        axes = folding.axes(user, [np.zeros(0), *constants]) if user.op == "Squeeze" else None
        if user.op == "Gather" and constants and constants[0].ndim == 0 and constants[0] in (0, -1):
            axes = [user.attributes.get("axis", 0)]
        if axes is None or [a % (value.rank + 1) for a in axes] != [axis] or FREE in value.shape[-1:]:
            raise Unmappable("each output must be squeezed along its axis of directions", user.op)
        r.values[user.outputs[0]] = value
        r.done.add(user.outputs[0])
