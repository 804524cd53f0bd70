"""Rules of what slides over one, two or three spatial axes. Shapes are (*sizes, channels), without a batch axis."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from visualnn_shared.catalogue.entry import Broken, Params, ShapeRule, Shapes
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.padding import AXES
from visualnn_shared.catalogue.shapes import need_rank


def need_spatial(shape: Shape, rank: int) -> None:
    """Raises ``Broken`` where the input has not ``rank`` spatial axes and channels."""
    need_rank(shape, rank + 1, f"{', '.join(AXES[rank])}, channels")


def spatial_same(rank: int) -> ShapeRule:
    """The rule of a layer that leaves (*sizes, channels) as it is."""

    def shape(_p: Params, ins: Shapes) -> list[Shape]:
        need_spatial(ins[0], rank)
        return [ins[0]]

    return shape


def window(n: Dim, size: int, stride: int, padding: Any, *, dilation: int = 1, ceil: bool = False) -> Dim:
    """Number of windows along an axis of ``n`` cells. ``padding`` is a word or (before, after).

    ``same`` gives ceil(n / stride), as in TensorFlow, and so does ``causal``, which adds as many cells as the window
    reaches back. ``ceil`` rounds up, then drops a last window that would start beyond the input and the padding before
    it, as in Caffe's pooling and in PyTorch.
    """
    if padding in ("same", "causal"):
        return (n - 1) // stride + 1
    before, after = (0, 0) if padding == "valid" else padding
    span = n + before + after - (dilation * (size - 1) + 1)
    if not ceil:
        return span // stride + 1
    count = (span + stride - 1) // stride + 1
    return count - 1 if (count - 1) * stride >= n + before else count


def windows(p: Params, shape: Shape, size: Sequence[int], size_param: str) -> Shape:
    """Spatial sizes of the output, by ``strides`` and, where there are, padding, dilation and rounding."""
    rank = len(size)
    padding = p.get("padding", "valid")
    sides = (padding,) * rank if isinstance(padding, str) else padding
    dilation = p.get("dilation_rate", (1,) * rank)
    ceil = p.get("ceil_mode", False)
    out: Shape = tuple(
        [window(shape[i], size[i], p["strides"][i], sides[i], dilation=dilation[i], ceil=ceil) for i in range(rank)]
    )
    if any(n < 1 for n in out):
        raise Broken(
            f"{size_param} must fit into the padded input", tuple(size), param=size_param,
            hint=f"the input is {' x '.join(map(str, shape[:rank]))}; use a smaller window or padding 'same'",
        )  # fmt: skip
    return out


def conv_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(*sizes, channels) -> (*windows, ``filters``)."""
    need_spatial(ins[0], len(p["kernel_size"]))
    channels = ins[0][-1]
    groups: int = p.get("groups", 1)
    if channels % groups:
        hint = f"the input has {channels}"
        raise Broken("groups must divide the input's channels", groups, param="groups", hint=hint)
    return [(*windows(p, ins[0], p["kernel_size"], "kernel_size"), p["filters"])]


def depthwise_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(*sizes, channels) -> (*windows, channels x ``depth_multiplier``)."""
    need_spatial(ins[0], len(p["kernel_size"]))
    return [(*windows(p, ins[0], p["kernel_size"], "kernel_size"), ins[0][-1] * p["depth_multiplier"])]


def conv_rules(p: Params) -> Iterator[Broken]:
    """TensorFlow runs no convolution that is both strided and dilated; groups must share out the filters."""
    if max(p["strides"]) > 1 and max(p["dilation_rate"]) > 1:
        rule = "dilation_rate must be 1 where strides are above 1"
        yield Broken(rule, p["dilation_rate"], param="dilation_rate", hint=f"strides are {list(p['strides'])}")
    if "groups" in p and p["filters"] % p["groups"]:
        yield Broken("groups must divide filters", p["groups"], param="groups", hint=f"filters is {p['filters']}")


def conv_macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """Each output value sums kernel cells x input channels / groups products; the bias is not counted."""
    cells: int = prod(p["kernel_size"])
    groups: int = p.get("groups", 1)
    return prod(outs[0]) * cells * (ins[0][-1] // groups)


def depthwise_macs(p: Params, _ins: Shapes, outs: Shapes) -> Dim:
    """Each output value sums as many products as the kernel has cells."""
    cells: int = prod(p["kernel_size"])
    return prod(outs[0]) * cells


def separable_macs(p: Params, ins: Shapes, outs: Shapes) -> Dim:
    """At each output position a depthwise step, kernel cells x middle channels, and a dense one, middle x filters.

    The middle has input channels x ``depth_multiplier``.
    """
    for_each: int = prod(p["kernel_size"]) + p["filters"]
    return prod(outs[0][:-1]) * ins[0][-1] * for_each * int(p["depth_multiplier"])


def pool_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(*sizes, channels) -> (*windows, channels)."""
    need_spatial(ins[0], len(p["pool_size"]))
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


def global_pool_shape(rank: int) -> ShapeRule:
    """The rule (*sizes, channels) -> (channels,), or (1, ..., 1, channels) with ``keepdims``."""

    def shape(p: Params, ins: Shapes) -> list[Shape]:
        need_spatial(ins[0], rank)
        return [(*(1,) * rank, ins[0][-1]) if p["keepdims"] else (ins[0][-1],)]

    return shape
