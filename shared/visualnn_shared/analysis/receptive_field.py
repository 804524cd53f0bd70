"""How much of the net's input each output cell sees, along each spatial axis.

``r`` grows by (window - 1) x jump at every window, and the jump multiplies by its stride: Araujo, Norris and Sim 2019,
Computing Receptive Fields of Convolutional Neural Networks, Distill. Where branches meet, the largest counts.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer

_MIXES = frozenset({"attention", "recurrent", "wrapper"})
"""Groups whose layers may look anywhere."""


class _Axis(NamedTuple):
    """Along one spatial axis: cells of the input that a cell sees, and how many lie between two neighbours."""

    field: int | Fraction
    jump: int | Fraction
    """A fraction where there are more cells than in the input."""


class _Step(NamedTuple):
    """What a layer does along one axis: the jumps that the field grows by, and what the jump is multiplied by."""

    grows: int
    scale: int | Fraction


class _Field(NamedTuple):
    """What a layer's outputs see."""

    axes: tuple[_Axis, ...]
    cells: tuple[int, ...]
    """Whole cells along each axis: a part of one counts as one."""


_UNCHANGED: tuple[_Step, ...] = ()


def receptive_fields(resolved: Resolved) -> dict[str, tuple[int, ...]]:
    """Layer -> cells along each spatial axis, for the layers whose outputs see a window of the input."""
    known: dict[str, _Field] = {}
    steps: dict[int, tuple[_Step, ...] | None] = {}  # of layers that are alike
    for layer in resolved.layers:
        if layer.type in ("Input", "Embedding"):  # a vector for each word is where a text's axes begin
            rank = len(layer.output_shapes[0]) - 1
            if rank > 0:
                known[layer.name] = _Field((_Axis(1, 1),) * rank, (1,) * rank)
            continue
        before = known.get(layer.inputs[0].layer) if len(layer.inputs) == 1 else _meet(layer, known)
        if before is None:
            continue
        key = id(layer.params)
        step = steps[key] if key in steps else steps.setdefault(key, _steps(layer, len(before.axes)))
        if step is not None:
            known[layer.name] = _after(before, step) if step else before
    return {name: field.cells for name, field in known.items()}


def _meet(layer: ResolvedLayer, known: Mapping[str, _Field]) -> _Field | None:
    """The field of several inputs; None where one has none, or they differ in rank."""
    found = [known[ref.layer] for ref in layer.inputs if ref.layer in known]
    if not found or len(found) < len(layer.inputs) or len({len(one.axes) for one in found}) > 1:
        return None
    if all(one is found[0] for one in found):
        return found[0]
    pairs = zip(*[one.axes for one in found], strict=True)
    return _field([_Axis(max([a.field for a in axes]), max([a.jump for a in axes])) for axes in pairs])


def _after(before: _Field, steps: Sequence[_Step]) -> _Field:
    pairs = zip(before.axes, steps, strict=True)
    return _field([_Axis(axis.field + step.grows * axis.jump, axis.jump * step.scale) for axis, step in pairs])


def _field(axes: list[_Axis]) -> _Field:
    return _Field(tuple(axes), tuple([axis.field if type(axis.field) is int else ceil(axis.field) for axis in axes]))


def _steps(layer: ResolvedLayer, rank: int) -> tuple[_Step, ...] | None:
    """What the layer does along each of ``rank`` axes; None where its outputs see no window."""
    out, p = layer.output_shapes[0], layer.params
    if len(out) - 1 != rank or layer.entry.group in _MIXES or layer.type in ("Permute", "Reshape"):
        return None
    size = p.get("kernel_size") or p.get("pool_size")
    if isinstance(size, tuple) and len(size) == rank:
        return _window(layer.type, p, size)
    if layer.type.startswith("UpSampling"):
        return _upsampling(p)
    same = all(a is b or a == b for a, b in zip(out[:-1], layer.input_shapes[0][:-1], strict=True))
    return _UNCHANGED if same or layer.type.startswith(("ZeroPadding", "Cropping")) else None


def _window(type: str, p: Mapping[str, Any], size: tuple[int, ...]) -> tuple[_Step, ...]:
    """A transposed convolution's cell sees ceil(size / stride) cells, and there are ``stride`` times as many."""
    ones = (1,) * len(size)
    dilation, strides = p.get("dilation_rate") or ones, p.get("strides") or ones
    reach = [(n - 1) * d + 1 for n, d in zip(size, dilation, strict=True)]
    if type.endswith("Transpose"):
        return tuple([_Step(-(-n // s) - 1, Fraction(1, s)) for n, s in zip(reach, strides, strict=True)])
    if max(reach) == max(strides) == 1:
        return _UNCHANGED
    return tuple([_Step(n - 1, s) for n, s in zip(reach, strides, strict=True)])


def _upsampling(p: Mapping[str, Any]) -> tuple[_Step, ...]:
    """Cells are repeated, or blended from two neighbours."""
    factors = p["size"] if isinstance(p["size"], tuple) else (p["size"],)
    blends = int(p.get("interpolation", "nearest") != "nearest")
    return tuple([_Step(blends, Fraction(1, n)) for n in factors])
