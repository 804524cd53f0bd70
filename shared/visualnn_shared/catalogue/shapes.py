"""Output shapes that entries share. Shapes are channels-last and have no batch axis."""

from visualnn_shared.catalogue.entry import Broken, Params, Shapes
from visualnn_shared.catalogue.free import FREE, Dim, Shape


def same_shape(_p: Params, ins: Shapes) -> list[Shape]:
    """Element-wise: the output is as the input."""
    return [ins[0]]


def need_rank(shape: Shape, rank: int, meaning: str) -> None:
    """Raises ``Broken`` where the input has another number of axes."""
    if len(shape) != rank:
        raise Broken(f"the input must have {rank} axes ({meaning}) besides the batch", shape)


def axis_of(axis: int, shape: Shape, param: str = "axis") -> int:
    """Index into ``shape`` of an axis counted as Keras does: 0 is the batch, -1 the last. Raises ``Broken``."""
    index = axis - 1 if axis > 0 else len(shape) + axis
    if not 0 <= index < len(shape):
        limit = (
            f"one of the input's axes, 1 to {len(shape)} or -{len(shape)} to -1" if shape else "left out: there is none"
        )
        raise Broken(f"{param} must be {limit}", axis, param=param)
    return index


def axes_of(axis: int | tuple[int, ...], shape: Shape, param: str = "axis") -> list[int]:
    """The same for one axis or several, in the order given; each may occur once. Raises ``Broken``."""
    indices = [axis_of(a, shape, param) for a in (axis if isinstance(axis, tuple) else (axis,))]
    if len(set(indices)) != len(indices):
        raise Broken(f"{param} must name different axes", axis, param=param)
    return indices


def need_picture(shape: Shape) -> None:
    """Raises ``Broken`` where the input is not (height, width, channels)."""
    need_rank(shape, 3, "height, width, channels")


def broadcast(_p: Params, ins: Shapes) -> list[Shape]:
    """Aligned at the last axis; an axis of 1 stretches. A free axis stays free, as in Keras. Raises ``Broken``."""
    out = ins[0]
    for other in ins[1:]:
        if other is out or other == out:
            continue
        long, short = (out, other) if len(out) >= len(other) else (other, out)
        head = len(long) - len(short)
        out = long[:head] + tuple([_stretch(a, b, ins) for a, b in zip(long[head:], short, strict=True)])
    return [out]


def _stretch(a: Dim, b: Dim, ins: Shapes) -> Dim:
    if a is FREE or b is FREE:
        return FREE
    if a != b and 1 not in (a, b):
        raise Broken("the inputs must have the same shape, or axes of 1 that stretch", list(ins))
    return b if a == 1 else a


def along(axis: int | tuple[int, ...], shape: Shape) -> Shape:
    """The sizes of the named axes, in the order that Keras gives a weight over them."""
    axes = tuple(sorted(axis)) if isinstance(axis, tuple) else (axis,)
    return tuple(shape[i] for i in axes_of(axes, shape))


def axis_weight(p: Params, ins: Shapes) -> Shape:
    """Shape of a weight that lies along ``axis``, which the layer's shape rule has found to be there."""
    axis = p["axis"]
    if isinstance(axis, int):
        return (ins[0][axis - 1 if axis > 0 else axis],)
    return along(p["axis"], ins[0])


def axis_shape(p: Params, ins: Shapes) -> list[Shape]:
    """Element-wise, once ``axis`` is known to be an axis of the input. Raises ``Broken``."""
    axis = p["axis"]
    if isinstance(axis, int):
        axis_of(axis, ins[0])
    else:
        axes_of(axis, ins[0])
    return [ins[0]]


def noise_shape(p: Params, ins: Shapes) -> list[Shape]:
    """Element-wise, once ``noise_shape`` is known to suit the input. Raises ``Broken``."""
    noise = p["noise_shape"]
    full = (FREE, *ins[0])
    if noise is not None and (
        len(noise) != len(full) or any(n and n != 1 and n != m for n, m in zip(noise, full, strict=True))
    ):
        raise Broken(
            "noise_shape must have an entry for each axis, the batch first: null, 1, or the axis' size", noise,
            param="noise_shape", hint=f"the input is {full}",
        )  # fmt: skip
    return [ins[0]]
