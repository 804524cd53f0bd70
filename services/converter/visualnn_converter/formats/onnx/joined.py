"""Tensors whose batch shares an axis with others, as PyTorch lays heads or steps beside the batch.

A spec has the batch as an axis of its own, so such a tensor is known by its parts: the tensor with every axis apart,
and how many of these axes each axis of the file joins. It lives between two Reshapes; no layer has it as output.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from visualnn_shared.catalogue.free import known
from visualnn_shared.catalogue.maps import Unmappable

from visualnn_converter.formats.onnx.folding import BATCH, mark, times_batch
from visualnn_converter.formats.onnx.reading import ELEMENTWISE, sizes_with_batch
from visualnn_converter.graphreading import Node, Value

_RULE = "the batch must be an axis of its own where values are computed with"
_BY_NUMBER = frozenset({"Mul", "Div", "Add", "Sub"})
_THROUGH = frozenset({"Reshape", "Transpose", "MatMul", "Gemm", "Shape", *_BY_NUMBER, *ELEMENTWISE})
Sizes = list[int | None]


@dataclass(frozen=True, slots=True)
class Joined(Value):
    """``parts`` has every axis apart; ``groups`` says how many of its axes, in the file's order, each axis joins."""

    parts: Any = None
    groups: tuple[int, ...] = ()


def opened(value: Value) -> tuple[Value, tuple[int, ...]]:
    """The tensor with every axis apart, and the groups that its axes are in."""
    return (value.parts, value.groups) if isinstance(value, Joined) else (value, (1,) * value.rank)


def closed(parts: Value, groups: tuple[int, ...]) -> Value:
    """The tensor with its axes joined again."""
    if all(count == 1 for count in groups):
        return parts
    return Joined("", (), tuple(range(len(groups))), parts.dtype, None, parts, groups)


def file_sizes(value: Value) -> Sizes:
    """Of each axis of the file, with the mark of the batch, or of a multiple of it; None where it is not known."""
    parts, groups = opened(value)
    sizes, found = sizes_with_batch(parts), list[int | None]()
    for count in groups:
        own, sizes = sizes[:count], sizes[count:]
        if None in own:
            found.append(None)
        else:
            n = prod(times_batch(one) for one in own if one is not None)
            found.append(mark(n) if BATCH in own else n)
    return found


def apart(target: Sizes, sizes: Sizes) -> tuple[Sizes, tuple[int, ...]]:
    """A Reshape's target with the batch as an axis of its own, and the groups that make it the target.

    ``sizes`` are those of the tensor with every axis apart. Raises ``Unmappable``.
    """
    place = next(i for i, n in enumerate(target) if n is not None and n < -1)
    count = times_batch(target[place] or 0)
    if count == 1:
        return target, (1,) * len(target)
    before, left = sizes[: sizes.index(BATCH)], target[:place]
    if None in before or None in left or -1 in left:
        raise Unmappable("axes before the batch must have known sizes where they join it", [*before])
    outer, rest = divmod(prod(n or 1 for n in before), prod(n or 1 for n in left))
    if rest or not outer or count % outer:
        raise Unmappable("shape must keep the batch, and join or part axes that lie side by side", [*left])
    own: Sizes = [*([outer] if outer > 1 else []), BATCH, *([count // outer] if count > outer else [])]
    return [*left, *own, *target[place + 1 :]], (*[1] * place, len(own), *[1] * (len(target) - place - 1))


def transposed(value: Joined, order: Sequence[int]) -> Value:
    """The axes of the file in another order."""
    starts = [sum(value.groups[:axis]) for axis in range(len(value.groups))]
    places = [starts[axis] + i for axis in order for i in range(value.groups[axis])]
    parts = value.parts
    turned = Value(parts.ref, parts.shape, tuple(parts.label[place] for place in places), parts.dtype)
    return closed(turned, tuple(value.groups[axis] for axis in order))


def heads_apart(value: Value) -> Value | None:
    """Of (batch and heads, steps, features): the tensor of four axes; None where it is none of this kind."""
    fits = isinstance(value, Joined) and value.groups == (2, 1, 1) and value.parts.label[0] == 0
    return value.parts if isinstance(value, Joined) and fits else None


def refuse_joined(node: Node, inputs: Sequence[Value | None]) -> None:
    """Raises ``Unmappable`` where the operator needs the batch apart."""
    for value in inputs:
        if isinstance(value, Joined) and node.op not in _THROUGH:
            sizes = [known(n) for n in value.parts.shape]
            raise Unmappable(f"{node.op}: {_RULE}", sizes)


def through(r: Any, node: Node, run: Callable[[], Sequence[Value | None]]) -> Sequence[Value | None]:
    """What treats each value by itself, run on the tensor with every axis apart."""
    name = next((one for one in node.inputs if isinstance(r.values.get(one), Joined)), None)
    if name is None or node.op not in _BY_NUMBER | ELEMENTWISE:
        return run()
    value = r.values[name]
    rest = [one for one in node.inputs if one and one != name]
    if node.op in _BY_NUMBER and not all(one in r.constants and r.constants[one].size == 1 for one in rest):
        raise Unmappable(f"{node.op}: {_RULE}", rest)
    r.values[name] = value.parts
    try:
        made = run()
    finally:
        r.values[name] = value
    return [None if one is None else closed(one, value.groups) for one in made]
