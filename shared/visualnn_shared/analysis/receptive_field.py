"""How much of the net's input each output cell sees, along each spatial axis.

``r`` grows by (window - 1) x jump at every window, and the jump multiplies by its stride: Araujo, Norris and Sim 2019,
Computing Receptive Fields of Convolutional Neural Networks, Distill. Where branches meet, the largest counts.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from visualnn_shared.analysis.walk import Resolved, ResolvedLayer

_MIXES = frozenset({"attention", "recurrent", "wrapper", "preprocessing", "augmentation"})
"""Groups whose layers may look anywhere."""


class _Axis(NamedTuple):
    """Along one spatial axis: cells of the input that a cell sees, and how many lie between two neighbours."""

    field: Fraction
    jump: Fraction


_Field = tuple[_Axis, ...]


def receptive_fields(resolved: Resolved) -> dict[str, tuple[int, ...]]:
    """Layer -> cells along each spatial axis, for the layers whose outputs see a window of the input."""
    known: dict[str, _Field] = {}
    for layer in resolved.layers:
        field = _field(layer, known)
        if field is not None:
            known[layer.name] = field
    return {name: tuple([-(-axis.field // 1) for axis in field]) for name, field in known.items()}


def _field(layer: ResolvedLayer, known: Mapping[str, _Field]) -> _Field | None:
    out = layer.output_shapes[0]
    if layer.type == "Input":
        return (_Axis(Fraction(1), Fraction(1)),) * (len(out) - 1) if len(out) > 1 else None
    before = [known.get(ref.layer) for ref in layer.inputs]
    fields = [one for one in before if one is not None]
    if not fields or len(fields) < len(before) or any(len(one) != len(fields[0]) for one in fields):
        return None
    field = fields[0] if len(fields) == 1 else _largest(fields)
    if len(out) - 1 != len(field) or layer.entry.group in _MIXES:
        return None
    window = _window(layer.params, len(field))
    if window is None:
        same = all(a is b or a == b for a, b in zip(out[:-1], layer.input_shapes[0][:-1], strict=True))
        return field if same or layer.type.startswith(("ZeroPadding", "Cropping")) else _scaled(layer, field)
    sizes, strides = window
    if layer.type.endswith("Transpose"):
        return tuple([_upsampled(*args) for args in zip(field, sizes, strides, strict=True)])
    return tuple(
        [
            _Axis(a.field + (size - 1) * a.jump, a.jump * stride)
            for a, size, stride in zip(field, sizes, strides, strict=True)
        ]
    )


def _largest(fields: Sequence[_Field]) -> _Field:
    return tuple([_Axis(max(a.field for a in axes), max(a.jump for a in axes)) for axes in zip(*fields, strict=True)])


def _window(p: Mapping[str, Any], rank: int) -> tuple[list[int], list[int]] | None:
    """Sizes with their holes, and strides, of a layer that slides a window; None for others."""
    size = p.get("kernel_size") or p.get("pool_size")
    if not isinstance(size, tuple) or len(size) != rank:
        return None
    dilation = p.get("dilation_rate") or (1,) * rank
    strides = p.get("strides") or (1,) * rank
    return [(n - 1) * d + 1 for n, d in zip(size, dilation, strict=True)], list(strides)


def _upsampled(axis: _Axis, size: int, stride: int) -> _Axis:
    """A cell of a transposed convolution sees ceil(size / stride) cells, and there are ``stride`` times as many."""
    return _Axis(axis.field + (-(-size // stride) - 1) * axis.jump, axis.jump / stride)


def _scaled(layer: ResolvedLayer, field: _Field) -> _Field | None:
    """UpSampling repeats or blends cells; other changes of size are no window."""
    factors = layer.params.get("size")
    if not layer.type.startswith("UpSampling") or factors is None:
        return None
    factors = factors if isinstance(factors, tuple) else (factors,)
    near = 1 if layer.params.get("interpolation", "nearest") == "nearest" else 2
    return tuple([_Axis(a.field + (near - 1) * a.jump, a.jump / n) for a, n in zip(field, factors, strict=True)])
