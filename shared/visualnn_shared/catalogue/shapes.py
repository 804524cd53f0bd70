"""Rules that entries share: output shapes and multiply-accumulates. Shapes are channels-last and have no batch axis."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

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


def window(n: Dim, size: int, stride: int, padding: Any, *, dilation: int = 1, ceil: bool = False) -> Dim:
    """Number of windows along an axis of ``n`` cells. ``padding`` is ``"valid"``, ``"same"`` or (before, after).

    ``same`` gives ceil(n / stride), as in TensorFlow. ``ceil`` rounds up, then drops a last window that would start
    beyond the input and the padding before it, as in Caffe's pooling and in PyTorch.
    """
    if padding == "same":
        return (n - 1) // stride + 1
    before, after = (0, 0) if padding == "valid" else padding
    span = n + before + after - (dilation * (size - 1) + 1)
    if not ceil:
        return span // stride + 1
    count = (span + stride - 1) // stride + 1
    return count - 1 if (count - 1) * stride >= n + before else count


def windows(p: Params, shape: Shape, size: Sequence[int], size_param: str) -> Shape:
    """Height and width of the output, by ``strides``, ``padding`` and, where there are, dilation and rounding."""
    padding = p["padding"]
    sides = (padding, padding) if isinstance(padding, str) else padding
    dilation = p.get("dilation_rate", (1, 1))
    ceil = p.get("ceil_mode", False)
    out: Shape = tuple(
        window(shape[i], size[i], p["strides"][i], sides[i], dilation=dilation[i], ceil=ceil) for i in range(2)
    )
    if any(n < 1 for n in out):
        raise Broken(
            f"{size_param} must fit into the padded input", tuple(size), param=size_param,
            hint=f"the input is {shape[0]} x {shape[1]}; use a smaller window or padding 'same'",
        )  # fmt: skip
    return out


def need_picture(shape: Shape) -> None:
    """Raises ``Broken`` where the input is not (height, width, channels)."""
    need_rank(shape, 3, "height, width, channels")


def conv_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(height, width, channels) -> (rows, columns, ``filters``)."""
    need_picture(ins[0])
    channels = ins[0][-1]
    if channels % p["groups"]:
        hint = f"the input has {channels}"
        raise Broken("groups must divide the input's channels", p["groups"], param="groups", hint=hint)
    return [(*windows(p, ins[0], p["kernel_size"], "kernel_size"), p["filters"])]


def depthwise_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(height, width, channels) -> (rows, columns, channels x ``depth_multiplier``)."""
    need_picture(ins[0])
    return [(*windows(p, ins[0], p["kernel_size"], "kernel_size"), ins[0][-1] * p["depth_multiplier"])]


def conv_rules(p: Params) -> Iterator[Broken]:
    """TensorFlow runs no convolution that is both strided and dilated; groups must share out the filters."""
    if max(p["strides"]) > 1 and max(p["dilation_rate"]) > 1:
        rule = "dilation_rate must be 1 where strides are above 1"
        yield Broken(rule, p["dilation_rate"], param="dilation_rate", hint=f"strides are {list(p['strides'])}")
    if "groups" in p and p["filters"] % p["groups"]:
        yield Broken("groups must divide filters", p["groups"], param="groups", hint=f"filters is {p['filters']}")


def conv_macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """Each output value sums kernel height x width x input channels / groups products; the bias is not counted."""
    window_size: int = prod(p["kernel_size"])
    groups: int = p["groups"]
    return prod(outs[0]) * window_size * (ins[0][-1] // groups)


def depthwise_macs(p: Params, _ins: Shapes, outs: Shapes) -> Dim:
    """Each output value sums kernel height x width products."""
    window_size: int = prod(p["kernel_size"])
    return prod(outs[0]) * window_size


def pool_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(height, width, channels) -> (rows, columns, channels)."""
    need_picture(ins[0])
    return [(*windows(p, ins[0], p["pool_size"], "pool_size"), ins[0][-1])]


def pool_rules(p: Params) -> Iterator[Broken]:
    """A window must see at least one real cell; rounding up has no meaning where the padding follows the size."""
    if not isinstance(p["padding"], str):
        for size, sides in zip(p["pool_size"], p["padding"], strict=True):
            if max(sides) >= size:
                hint = f"pool_size is {list(p['pool_size'])}"
                yield Broken("padding must be smaller than pool_size", p["padding"], param="padding", hint=hint)
                return
    elif p["padding"] == "same" and p["ceil_mode"]:
        yield Broken("ceil_mode must be false where padding is 'same'", True, param="ceil_mode")


def global_pool_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(height, width, channels) -> (channels,), or (1, 1, channels) with ``keepdims``."""
    need_picture(ins[0])
    return [(1, 1, ins[0][-1]) if p["keepdims"] else (ins[0][-1],)]


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
