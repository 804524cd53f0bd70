"""Maps to PyTorch that several entries share. ``op`` is a module (``nn.Conv2d``), a function (``F.relu``), or a
function or class of the converter's own (``formats/pytorch/helpers.txt``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualnn_shared.catalogue.axis_lenses import Axis as FileAxis
from visualnn_shared.catalogue.axis_lenses import ChannelAxis, LastAxis
from visualnn_shared.catalogue.lenses import Around, At, Is, Sets, Training
from visualnn_shared.catalogue.maps import Bag, Context, Lens, Map, Unmappable
from visualnn_shared.catalogue.steps import Absent, Depthwise, Perm, Without
from visualnn_shared.catalogue.torch_lenses import (
    CROP,
    Borders,
    Complement,
    ConvPads,
    Dims,
    InSize,
    PoolPads,
    Put,
    Sizes,
    SpatialDims,
    last_first,
    spread,
)

FUSED = Around(("activation",))
"""The writer applies the function to the module's output."""
BIAS = At("use_bias", "bias", True)
WINDOW = (Sizes("kernel_size", "kernel_size"), Sizes("strides", "stride", 1), Sizes("dilation_rate", "dilation", 1))
RECURRENT_TRAINING = Training(
    ("dropout", "recurrent_dropout", "unroll", "stateful", "unit_forget_bias", "activity_regularizer", "seed")
)
FUNCTIONS: Mapping[str, tuple[str, tuple[Lens, ...]]] = {
    "linear": ("identity", ()),
    "relu": ("F.relu", ()),
    "relu6": ("F.relu6", ()),
    "leaky_relu": ("F.leaky_relu", (Is("negative_slope", 0.2),)),
    "elu": ("F.elu", ()),
    "selu": ("F.selu", ()),
    "celu": ("F.celu", ()),
    "gelu": ("F.gelu", ()),
    "silu": ("F.silu", ()),
    "mish": ("F.mish", ()),
    "sigmoid": ("torch.sigmoid", ()),
    "hard_sigmoid": ("F.hardsigmoid", ()),
    "log_sigmoid": ("F.logsigmoid", ()),
    "hard_silu": ("F.hardswish", ()),
    "tanh": ("torch.tanh", ()),
    "hard_tanh": ("F.hardtanh", ()),
    "tanh_shrink": ("F.tanhshrink", ()),
    "softmax": ("F.softmax", (LastAxis("dim", -2),)),
    "log_softmax": ("F.log_softmax", (LastAxis("dim", -2),)),
    "sparsemax": ("sparsemax", (LastAxis("dim", -2),)),
    "softplus": ("F.softplus", ()),
    "softsign": ("F.softsign", ()),
    "exponential": ("torch.exp", ()),
    "squareplus": ("squareplus", ()),
    "soft_shrink": ("F.softshrink", ()),
    "hard_shrink": ("F.hardshrink", ()),
    "sparse_plus": ("sparse_plus", ()),
    "sparse_sigmoid": ("sparse_sigmoid", ()),
}
"""Activation -> function, and the arguments it needs; the definitions are Keras'."""


def torch_activations() -> list[Map]:
    """One map for each function of ``Activation``."""
    return [
        Map(op, (Sets("activation", name), *lenses), around="nothing" if name == "linear" else "")
        for name, (op, lenses) in FUNCTIONS.items()
    ]


def _axes(rank: int) -> str:
    return "dhw"[-rank:]


def torch_convolution(rank: int) -> list[Map]:
    """``nn.Conv1d`` to ``nn.Conv3d``."""
    return [Map(f"nn.Conv{rank}d", [
        InSize("in_channels"), At("filters", "out_channels"), *WINDOW, ConvPads(), At("groups", "groups", 1),
        BIAS, FUSED, Training(),
    ], blobs=[("kernel", Perm(f"{_axes(rank)}io", f"oi{_axes(rank)}")), ("bias",)])]  # fmt: skip


def torch_depthwise(rank: int) -> list[Map]:
    """A convolution with a group for each channel."""
    return [Map(f"nn.Conv{rank}d", [
        InSize("in_channels"), InSize("out_channels", times="depth_multiplier"), *WINDOW, ConvPads(),
        InSize("groups"), BIAS, FUSED, Training(),
    ], blobs=[("kernel", Depthwise()), ("bias",)])]  # fmt: skip


def torch_separable(rank: int) -> list[Map]:
    """A helper that holds both convolutions."""
    axes = _axes(rank)
    return [Map(f"SeparableConv{rank}d", [
        InSize("in_channels"), At("filters", "out_channels"), *WINDOW, ConvPads(),
        At("depth_multiplier", "depth_multiplier", 1), BIAS, FUSED, Training(),
    ], blobs=[("depthwise_kernel", Depthwise()), ("pointwise_kernel", Perm(f"{axes}io", f"oi{axes}")),
              ("bias",)])]  # fmt: skip


def torch_transposed(rank: int, cut: Any) -> list[Map]:
    """``nn.ConvTranspose2d``: what is cut off unalike is cropped behind it. ``cut``: cells that Keras cuts, or adds."""

    def padding(p: Mapping[str, Any], _ctx: Context) -> Any:
        return spread([max(cells, 0) // 2 for cells in cut(p)])

    def added(p: Mapping[str, Any], _ctx: Context) -> Any:
        return spread([max(-cells, 0) for cells in cut(p)])

    def cropped(p: Mapping[str, Any], _ctx: Context) -> Any:
        return last_first([(0, max(cells, 0) % 2) for cells in cut(p)], -1)

    axes = _axes(rank)
    return [Map(f"nn.ConvTranspose{rank}d", [
        InSize("in_channels"), At("filters", "out_channels"), *WINDOW, Put("padding", padding, ("padding",)),
        Put("output_padding", added, ("output_padding",)), Put(CROP, cropped), BIAS, FUSED, Training(),
    ], blobs=[("kernel", Perm(f"{axes}oi", f"io{axes}")), ("bias",)])]  # fmt: skip


def torch_pool(how: str, rank: int) -> list[Map]:
    """``nn.MaxPool2d``, ``nn.AvgPool2d`` and their like."""
    window = (Sizes("pool_size", "kernel_size"), Sizes("strides", "stride"))
    return [Map(f"nn.{how}Pool{rank}d", [*window, PoolPads(counts=how == "Avg")])]


def torch_global_pool(how: str, rank: int) -> list[Map]:
    """The mean, or the largest value, over all axes but batch and channels."""
    op = {"Average": "torch.mean", "Max": "torch.amax"}[how]
    return [Map(op, [SpatialDims(rank), At("keepdims", "keepdim", False)])]


def torch_adaptive_pool(how: str, rank: int) -> list[Map]:
    """``nn.AdaptiveAvgPool2d`` and its like."""
    name = {"Average": "Avg", "Max": "Max"}[how]
    return [Map(f"nn.Adaptive{name}Pool{rank}d", [Sizes("output_size", "output_size")])]


def torch_borders(param: str, sign: int = 1) -> list[Map]:
    """Zeros around, or cells cut off."""
    return [Map("F.pad", [Borders(param, sign)])]


def torch_nearest() -> Map:
    """Cells repeated."""
    return Map("F.interpolate", [At("size", "scale_factor"), Is("mode", "nearest")])


def torch_batch_norm() -> list[Map]:
    """``nn.BatchNorm1d`` to ``nn.BatchNorm3d``, by the rank of the input; the axis lies at 1."""
    return [
        Map(op, [
            ChannelAxis(), Put("num_features", lambda p, ctx: size_along(p["axis"], ctx)), At("epsilon", "eps", 1e-5),
            At("momentum", "momentum", 0.1, Complement()),
            Put("affine", lambda p, _: p["scale"] or p["center"], ("scale", "center")), Training(),
        ], blobs=[("gamma", Absent(1.0)), ("beta", Absent(0.0)), ("moving_mean",), ("moving_variance",)],
            rank=rank, layout="channel")
        for rank, op in ((2, "nn.BatchNorm1d"), (3, "nn.BatchNorm1d"), (4, "nn.BatchNorm2d"), (5, "nn.BatchNorm3d"))
    ]  # fmt: skip


def size_along(axis: Any, ctx: Context) -> Any:
    """Cells of the first input along a spec axis, which counts the batch."""
    at = axis[0] if isinstance(axis, tuple) else axis
    shape = ctx.input_shapes[0]
    return shape[at - 1 if at > 0 else at]


def _is_trailing(p: Mapping[str, Any], ctx: Context) -> bool:
    axes = p["axis"] if isinstance(p["axis"], tuple) else (p["axis"],)
    rank = ctx.rank or 0
    return sorted(axis % rank for axis in axes) == list(range(rank - len(axes), rank))


def _sizes_along(p: Mapping[str, Any], ctx: Context) -> tuple[Any, ...]:
    axes = p["axis"] if isinstance(p["axis"], tuple) else (p["axis"],)
    rank = ctx.rank or 0
    return tuple(ctx.input_shapes[0][axis - 1] for axis in sorted(axis % rank for axis in axes))


def torch_layer_norm() -> list[Map]:
    """``nn.LayerNorm`` along the last axes; a helper along others."""
    affine = Put("elementwise_affine", lambda p, _: p["scale"] or p["center"], ("scale", "center"))
    blobs = [("gamma", Absent(1.0)), ("beta", Absent(0.0))]
    sizes = Put("normalized_shape", _sizes_along)
    return [
        Map("nn.LayerNorm", [sizes, Trailing(), At("epsilon", "eps", 1e-5), affine, Training()], blobs=blobs,
            layout="plain"),
        Map("LayerNormAlong", [sizes, Dims("axis", "dims"), At("epsilon", "eps"), affine, Training()], blobs=blobs,
            layout="plain"),
    ]  # fmt: skip


def torch_rms_norm() -> list[Map]:
    """``nn.RMSNorm`` along the last axes."""
    return [Map("nn.RMSNorm", [Put("normalized_shape", _sizes_along), Trailing(), At("epsilon", "eps"), Training()],
                blobs=[("scale",)], layout="plain")]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trailing(Lens):
    """The axes must be the last ones."""

    def owns(self) -> tuple[str, ...]:
        return ("axis",)

    def write(self, p: Mapping[str, Any], bag: Bag, ctx: Context) -> None:  # noqa: ARG002
        """Nothing is written. Raises ``Unmappable``."""
        if not _is_trailing(p, ctx):
            raise Unmappable("axis must be the last axis or axes in this format", p["axis"], "axis")


def torch_group_norm() -> list[Map]:
    """``nn.GroupNorm``; the axis lies at 1."""

    def groups(p: Mapping[str, Any], ctx: Context) -> Any:
        return size_along(p["axis"], ctx) if p["groups"] == -1 else p["groups"]

    return [Map("nn.GroupNorm", [
        ChannelAxis(), Put("num_groups", groups, ("groups",)),
        Put("num_channels", lambda p, ctx: size_along(p["axis"], ctx)), At("epsilon", "eps", 1e-5),
        Put("affine", lambda p, _: p["scale"] or p["center"], ("scale", "center")), Training(),
    ], blobs=[("gamma", Absent(1.0)), ("beta", Absent(0.0))], layout="channel")]  # fmt: skip


def torch_prelu() -> list[Map]:
    """``nn.PReLU`` with a slope for each channel or one for all; a helper for other slopes."""

    def is_channels(p: Mapping[str, Any], ctx: Context) -> Any:
        rank, shared = ctx.rank or 0, sorted(p["shared_axes"] or ())
        if shared == list(range(1, rank - 1)):
            return ctx.input_shapes[0][-1]
        raise Unmappable("shared_axes must be all axes but the channels in this format", shared, "shared_axes")

    return [
        Map("nn.PReLU", [Put("num_parameters", is_channels, ("shared_axes",)), Training()],
            blobs=[("alpha", Without("shared_axes"))]),
        Map("PReLU", [Around(("shared_axes",)), Training()], blobs=[("alpha",)], layout="plain", around="shaped"),
    ]  # fmt: skip


def torch_along(op: str, *lenses: Lens) -> Map:
    """A function with a ``dim`` that goes through the label."""
    return Map(op, [FileAxis("axis", "dim"), *lenses])
