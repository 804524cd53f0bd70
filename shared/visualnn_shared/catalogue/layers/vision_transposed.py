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
from visualnn_shared.catalogue.lenses import At, Fn, FromWeight, HasWeight, Is, Map, Training
from visualnn_shared.catalogue.maps import Bag, Context, Unmappable
from visualnn_shared.catalogue.padding import WindowPadding
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.steps import Perm
from visualnn_shared.catalogue.tensorflow_maps import BIASED, BLOBS, TensorFlowPads
from visualnn_shared.catalogue.torch_maps import torch_transposed
from visualnn_shared.catalogue.window_lenses import Ints, Pair, over, read_pair, write_pair
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
    for_each: int = prod(p["kernel_size"]) * p["filters"]
    return prod(ins[0]) * for_each


def _cut(p: Mapping[str, Any]) -> list[Any]:
    """Cells that Keras cuts off the whole span of the windows along each axis, or adds where below 0.

    What is cut is shared between both sides, the odd cell at the end; what is added lies at the end.
    """
    more = p["output_padding"] or (None,) * len(p["strides"])
    along = zip(_reaches(p), p["strides"], more, strict=True)
    return [reach - _size(1, reach, stride, p["padding"], cells) for reach, stride, cells in along]


def _read_cut(p: dict[str, Any], begins: list[int], ends: list[int]) -> bool:
    """The reverse: puts the ``padding`` and ``output_padding`` that cut so; False where Keras has none that do."""
    reaches = _reaches(p)
    cut = [begin + end for begin, end in zip(begins, ends, strict=True)]
    if not any(begins) and max(ends) <= 0:
        found: dict[str, Any] = {"padding": "valid", "output_padding": [-end for end in ends]}
    elif all(begin == max(cells, 0) // 2 for begin, cells in zip(begins, cut, strict=True)):
        more = [reach - reach % 2 - cells for reach, cells in zip(reaches, cut, strict=True)]
        found = {"padding": "same", "output_padding": more}
    else:
        return False
    if _cut({**p, **found, "output_padding": None}) == cut:
        found["output_padding"] = None
    elif min(found["output_padding"]) < 0 or any(
        broken.param == "output_padding" for broken in _transposed_rules({**p, **found})
    ):
        return False
    p.update(found)
    return True


def _has_window(p: Mapping[str, Any], rank: int) -> bool:
    """Whether what the cut depends on could be read; where not, that is told elsewhere."""
    return all(len(p.get(name, ())) == rank for name in ("kernel_size", "strides", "dilation_rate"))


# Caffe Deconvolution: (n - 1) stride + reach - 2 pad cells; a pad is cut off on both sides.
def _read_pad(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """kernel_size: 4 stride: 2 pad: 1 -> padding "same"; no pad -> "valid"."""
    pads = read_pair(bag, "pad", "pad", "padding") or [0, 0]
    if _has_window(p, 2) and not _read_cut(p, pads, pads):
        raise Unmappable("pad must leave what padding 'valid' or 'same' leaves", pads, "padding", bag.line("pad"))


def _write_pad(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """padding "same" of kernel_size 4 and strides 2 -> pad: 1."""
    cut = _cut(p)
    if any(cells < 0 or cells % 2 for cells in cut):
        rule = "padding must cut off the same number of cells on both sides of an axis in this format, and add none"
        raise Unmappable(rule, p["padding"], "padding", hint="choose kernel_size - strides even and not below 0")
    write_pair(bag, "pad", "pad", [cells // 2 for cells in cut], 0)


# ONNX ConvTranspose: (n - 1) stride + reach - begin - end + output_padding cells.
def _read_pads(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """pads [begins, ends] and output_padding -> padding and output_padding, which in Keras counts from another size."""
    rank = len(p.get("strides", ()))
    pads = bag.many("pads") or [0] * 2 * rank
    added = bag.many("output_padding") or [0] * rank
    if not _has_window(p, rank):
        return
    if len(pads) != 2 * rank or len(added) != rank:
        raise Unmappable(f"pads must be {2 * rank} integers, output_padding {rank}", pads, "padding", bag.line("pads"))
    ends = [end - more for end, more in zip(pads[rank:], added, strict=True)]
    if not _read_cut(p, pads[:rank], ends):
        rule = "pads and output_padding must leave what padding 'valid' or 'same' leaves"
        raise Unmappable(rule, [pads, added], "padding", bag.line("pads"))


def _write_pads(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """What is cut off as pads, what is added as output_padding."""
    cut = _cut(p)
    pads = [max(cells, 0) // 2 for cells in cut] + [-(-max(cells, 0) // 2) for cells in cut]
    added = [max(-cells, 0) for cells in cut]
    if any(pads):
        bag.put("pads", pads)
    if any(added):
        bag.put("output_padding", added)


CAFFE = Map("Deconvolution", [
    At("filters", "num_output"), Pair("kernel_size", "kernel_size", short="kernel"), Pair("strides", "stride", 1),
    Pair("dilation_rate", "dilation", 1), Fn(("padding", "output_padding"), _read_pad, _write_pad),
    Is("group", 1, 1), At("use_bias", "bias_term", True), LINEAR, *CONVOLUTION, *FILLERS,
], blobs=[("kernel", Perm("hwoi", "iohw")), ("bias",)])  # fmt: skip


def _onnx(rank: int) -> Map:
    axes = "dhw"[-rank:]
    return Map("ConvTranspose", [
        Ints("kernel_size", "kernel_shape"), Ints("strides", "strides", (1,) * rank),
        Ints("dilation_rate", "dilations", (1,) * rank), Is("auto_pad", "NOTSET", "NOTSET"), Is("group", 1, 1),
        Fn(("padding", "output_padding"), _read_pads, _write_pads), FromWeight("filters", "kernel", -2),
        HasWeight("use_bias", "bias"), LINEAR, Training(),
    ], blobs=[("kernel", Perm(f"{axes}oi", f"io{axes}")), ("bias",)], when=over(rank))  # fmt: skip


# TensorFlow Conv2DBackpropInput: the size of the output is an input, and padding says how the forward windows lay.
def _read_sizes(bag: Bag, p: dict[str, Any], ctx: Context) -> None:
    """output_sizes [8, 8] over 4 x 4 cells, strides 2 -> output_padding None, or what is beyond the smallest size."""
    TensorFlowPads().read(bag, p, ctx)
    rank, found, sizes = len(p.get("strides", ())), bag.many("output_sizes"), ctx.input_shapes[0][:-1]
    p["kernel_size"] = list(ctx.tensors.get("kernel", ())[:-2])
    if not _has_window(p, rank) or len(found) != rank:
        return
    along = list(zip(sizes, found, _reaches(p), p["strides"], strict=True))
    if all(_size(n, reach, stride, p["padding"], None) == size for n, size, reach, stride in along):
        p["output_padding"] = None
        return
    more = [size - _size(n, reach, stride, p["padding"], 0) for n, size, reach, stride in along]
    if not all(isinstance(cells, int) and cells >= 0 for cells in more):
        raise Unmappable("the output must have a size that strides and padding give", found, "output_padding")
    p["output_padding"] = more


def _write_sizes(p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:
    """The padding; the size is written around the operator."""
    TensorFlowPads().write(p, bag, ctx)


def _tensorflow(rank: int) -> Map:
    op = "Conv3DBackpropInputV2" if rank == 3 else "Conv2DBackpropInput"
    return Map(op, [
        Ints("strides", "strides", (1,) * rank), Ints("dilation_rate", "dilations", (1,) * rank),
        Fn(("kernel_size", "padding", "output_padding"), _read_sizes, _write_sizes),
        FromWeight("filters", "kernel", -2), *BIASED,
    ], blobs=BLOBS, when=over(rank), around="transposed")  # fmt: skip


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
        maps={
            "keras": [keras(f"Conv{rank}DTranspose")],
            "caffe": [CAFFE] if rank == 2 else [],
            "onnx": [_onnx(rank)],
            "torch": torch_transposed(rank, _cut),
            "tensorflow": [_tensorflow(rank)],
        },
        example=example,
    )  # fmt: skip


_transposed(1, Example(((16, 8),), {"filters": 4, "kernel_size": 3, "strides": 2}))
_transposed(2, Example(((8, 8, 16),), {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same"}))
_transposed(3, Example(((4, 4, 4, 3),), {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1}))
