"""How much of the net's input each output cell sees, along each spatial axis.

``r`` grows by (window - 1) x jump at every window, and the jump multiplies by its stride: Araujo, Norris and Sim 2019,
Computing Receptive Fields of Convolutional Neural Networks, Distill. Where branches meet, the largest counts.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer
from visualnn_shared.catalogue.free import Shape

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


_Field = tuple[_Axis, ...]
_UNCHANGED: tuple[_Step, ...] = ()


def receptive_fields(resolved: Resolved) -> dict[str, tuple[int, ...]]:
    """Layer -> cells along each spatial axis, for the layers whose outputs see a window of the input."""
    known: dict[str, _Field] = {}
    steps: dict[tuple[int, tuple[Shape, ...]], tuple[_Step, ...] | None] = {}
    for layer in resolved.layers:
        if layer.type in ("Input", "Embedding"):  # a vector for each word is where a text's axes begin
            rank = len(layer.output_shapes[0]) - 1
            if rank > 0:
                known[layer.name] = (_Axis(1, 1),) * rank
            continue
        before = _before(layer, known)
        if before is None:
            continue
        key = (id(layer.params), layer.input_shapes)  # layers that are alike share their parameters
        if key not in steps:
            steps[key] = _steps(layer, len(before))
        step = steps[key]
        if step is not None:
            known[layer.name] = _after(before, step) if step else before
    return {name: tuple([int(-(-axis.field // 1)) for axis in field]) for name, field in known.items()}


def _before(layer: ResolvedLayer, known: Mapping[str, _Field]) -> _Field | None:
    """The field of the inputs; None where one has none, or they differ in rank."""
    if len(layer.inputs) == 1:
        return known.get(layer.inputs[0].layer)
    fields = [known.get(ref.layer) for ref in layer.inputs]
    first = fields[0] if fields else None
    if first is None or any(one is None or len(one) != len(first) for one in fields):
        return None
    found = [one for one in fields if one is not None]
    return tuple([_Axis(max(a.field for a in axes), max(a.jump for a in axes)) for axes in zip(*found, strict=True)])


def _after(before: _Field, steps: Sequence[_Step]) -> _Field:
    return tuple(
        [
            _Axis(axis.field + step.grows * axis.jump, axis.jump * step.scale)
            for axis, step in zip(before, steps, strict=True)
        ]
    )


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
    return tuple([_Step(n - 1, s) for n, s in zip(reach, strides, strict=True)])


def _upsampling(p: Mapping[str, Any]) -> tuple[_Step, ...]:
    """Cells are repeated, or blended from two neighbours."""
    factors = p["size"] if isinstance(p["size"], tuple) else (p["size"],)
    blends = int(p.get("interpolation", "nearest") != "nearest")
    return tuple([_Step(blends, Fraction(1, n)) for n in factors])
