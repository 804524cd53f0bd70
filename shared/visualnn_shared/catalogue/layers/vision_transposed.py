"""Transposed convolutions over sequences, pictures and volumes."""
# ruff: noqa: ARG001  (a lens takes what every lens takes)

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from visualnn_shared.catalogue.caffe_maps import CONVOLUTION, FILLERS, LINEAR
from visualnn_shared.catalogue.common import KERNEL_AND_BIAS, USE_BIAS, activation, bias
from visualnn_shared.catalogue.entry import Broken, Example, Param, Params, Shapes, Weight
from visualnn_shared.catalogue.free import Dim, Shape
from visualnn_shared.catalogue.keras_maps import keras
from visualnn_shared.catalogue.kinds import Int, Optional, Tuple
from visualnn_shared.catalogue.lenses import At, Fn, Is, Map
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable
from visualnn_shared.catalogue.padding import WindowPadding
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.steps import Perm
from visualnn_shared.catalogue.window_lenses import Pair, read_pair, write_pair
from visualnn_shared.catalogue.window_params import SUBJECT, dilation, kernel_size, strides
from visualnn_shared.catalogue.windows import conv_rules, need_spatial


def _reaches(p: Mapping[str, Any]) -> list[int]:
    """Cells from the first to the last that one input value is spread over, along each axis."""
    return [(size - 1) * step + 1 for size, step in zip(p["kernel_size"], p["dilation_rate"], strict=True)]


def _size(n: Dim, reach: int, stride: int, padding: str, more: int | None) -> Dim:
    """Cells of the output along an axis; ``more`` is the output padding."""
    if padding == "same":
        return n * stride if more is None else (n - 1) * stride + reach % 2 + more
    return (n - 1) * stride + (max(reach, stride) if more is None else reach + more)


def _transposed_shape(p: Params, ins: Shapes) -> list[Shape]:
    """(*sizes, channels) -> (*larger sizes, ``filters``), by the rule of Keras.

    With reach = (kernel - 1) dilation + 1: ``valid`` gives (n - 1) stride + reach + output padding, which is by default
    what a stride goes beyond the reach; ``same`` gives n stride, or with output padding (n - 1) stride + reach mod 2 +
    output padding.
    """
    rank = len(p["kernel_size"])
    need_spatial(ins[0], rank)
    more = p["output_padding"] or (None,) * rank
    along = zip(ins[0][:-1], _reaches(p), p["strides"], more, strict=True)
    return [(*(_size(n, reach, stride, p["padding"], cells) for n, reach, stride, cells in along), p["filters"])]


def _transposed_rules(p: Params) -> Iterator[Broken]:
    """Strides and dilation exclude each other; output padding fills less than a stride.

    Under ``same``, no output padding over an even reach would give an output that has one window too few.
    """
    yield from conv_rules(p)
    more = p["output_padding"]
    if more is None:
        return
    if any(cells >= stride for cells, stride in zip(more, p["strides"], strict=True)):
        hint = f"strides are {list(p['strides'])}"
        yield Broken("output_padding must be smaller than strides", more, param="output_padding", hint=hint)
    elif p["padding"] == "same" and any(
        cells == 0 and reach % 2 == 0 for cells, reach in zip(more, _reaches(p), strict=True)
    ):
        rule = "output_padding must be at least 1 where padding is 'same' and the window spans an even number of cells"
        yield Broken(rule, more, param="output_padding", hint="leave output_padding out, or use padding 'valid'")


def _transposed_macs(p: Params, ins: Shapes, _outs: Shapes) -> Dim:
    """Each input value is multiplied with kernel cells x filters weights; what ``same`` cuts off counts too."""
    cells: int = prod(p["kernel_size"])
    return prod(ins[0]) * cells * p["filters"]


# Caffe Deconvolution: out = (n - 1) stride + reach - 2 pad; pad is cut off on both sides.
# Keras 'same':        out = (n - 1) stride + reach mod 2 + output_padding; (reach - reach mod 2 - output_padding) / 2 is.
def _read_pad(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """pad: 1 -> padding "same", and output_padding where Keras would choose another; no pad -> "valid"."""
    pads = read_pair(bag, "pad", "pad", "padding") or [0, 0]
    size, stride, step = p.get("kernel_size"), p["strides"], p["dilation_rate"]
    if size is None:
        return
    reaches = [(k - 1) * d + 1 for k, d in zip(size, step, strict=True)]
    if pads == [0, 0]:
        p["padding"], p["output_padding"] = "valid", None if _longer(reaches, stride) else [0, 0]
        return
    more = [reach - reach % 2 - 2 * pad for reach, pad in zip(reaches, pads, strict=True)]
    whole = all(reach - 2 * pad == s for reach, pad, s in zip(reaches, pads, stride, strict=True))
    if not whole and any(cells < 0 or cells >= s for cells, s in zip(more, stride, strict=True)):
        rule = "pad must leave as many cells as padding 'same' does: from (kernel - stride) / 2 to kernel / 2"
        raise Unmappable(rule, pads, "padding", bag.line("pad"))
    p["padding"], p["output_padding"] = "same", None if whole else more


def _longer(reaches: list[int], strides: Any) -> bool:
    return all(reach >= stride for reach, stride in zip(reaches, strides, strict=True))


def _write_pad(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The reverse: what is cut off must be the same on both sides, and nothing may be added."""
    more = p["output_padding"] or (None, None)
    cut = [
        reach - _size(1, reach, stride, p["padding"], cells)
        for reach, stride, cells in zip(_reaches(p), p["strides"], more, strict=True)
    ]
    if any(cells < 0 or cells % 2 for cells in cut):
        rule = "padding must cut off the same number of cells on both sides of an axis in this format, and add none"
        raise Unmappable(rule, p["padding"], "padding", hint="choose kernel_size - strides even and not below 0")
    write_pair(bag, "pad", "pad", [cells // 2 for cells in cut], 0)


CAFFE = Map("Deconvolution", [
    At("filters", "num_output"), Pair("kernel_size", "kernel_size", short="kernel"), Pair("strides", "stride", 1),
    Pair("dilation_rate", "dilation", 1), Fn(("padding", "output_padding"), _read_pad, _write_pad),
    Is("group", 1, 1), At("use_bias", "bias_term", True), LINEAR, *CONVOLUTION, *FILLERS,
], blobs=[("kernel", Perm("hwoi", "iohw")), ("bias",)])  # fmt: skip


def _transposed(rank: int, example: Example) -> None:
    """``Conv1DTranspose``, ``Conv2DTranspose`` or ``Conv3DTranspose``."""
    layer(
        f"Conv{rank}DTranspose",
        doc=f"Each cell of the {SUBJECT[rank]} is spread over a window of the output, and what meets there is summed.",
        group="vision",
        params=[
            Param("filters", Int(1), doc="Number of output channels."), kernel_size(rank), strides(rank),
            Param("padding", WindowPadding(rank, cells=False), "valid",
                  "valid: the whole output; same: cut to size x strides cells."),
            dilation(rank),
            Param("output_padding", Optional(Tuple(rank, Int(0))), None,
                  "Cells that the output has beyond the smallest of its size along each axis; null follows padding."),
            activation(), USE_BIAS, *KERNEL_AND_BIAS,
        ],
        shape=_transposed_shape,
        rules=_transposed_rules,
        weights=[
            Weight("kernel", lambda p, ins: (*p["kernel_size"], p["filters"], ins[0][-1]),
                   initializer="kernel_initializer"),
            bias("filters"),
        ],
        macs=_transposed_macs,
        layout="spatial",
        maps={"keras": [keras(f"Conv{rank}DTranspose")], "caffe": [CAFFE] if rank == 2 else []},
        example=example,
    )  # fmt: skip


_transposed(1, Example(((16, 8),), {"filters": 4, "kernel_size": 3, "strides": 2}))
_transposed(2, Example(((8, 8, 16),), {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same"}))
_transposed(3, Example(((4, 4, 4, 3),), {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1}))
