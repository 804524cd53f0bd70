"""Convolutions over sequences, pictures and volumes, whole and by channel."""

from typing import Any

from visualnn_shared.catalogue.caffe_maps import (
    CONVOLUTION,
    FILLERS,
    LINEAR,
    Filler,
    is_depthwise,
    read_depthwise,
    write_depthwise,
)
from visualnn_shared.catalogue.common import ACTIVITY, KERNEL_AND_BIAS, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import Example, Param, Weight
from visualnn_shared.catalogue.keras_maps import KERAS_PADDING, keras
from visualnn_shared.catalogue.kinds import Int
from visualnn_shared.catalogue.lenses import At, Fn, FromWeight, HasWeight, Map, Training
from visualnn_shared.catalogue.onnx_maps import take_group, write_group
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.steps import Depthwise, Perm
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_convolution, tensorflow_depthwise
from visualnn_shared.catalogue.torch_maps import torch_convolution, torch_depthwise
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPads, Pair, over
from visualnn_shared.catalogue.window_params import SUBJECT, dilation, kernel_size, padding, strides
from visualnn_shared.catalogue.windows import (
    conv_macs,
    conv_rules,
    conv_shape,
    depthwise_macs,
    depthwise_shape,
)

CAFFE_WINDOW = (
    Pair("kernel_size", "kernel_size", short="kernel"),
    Pair("strides", "stride", 1),
    CaffePads(),
    Pair("dilation_rate", "dilation", 1),
)


def _onnx_window(rank: int) -> tuple[Any, ...]:
    return (
        Ints("kernel_size", "kernel_shape"),
        Ints("strides", "strides", (1,) * rank),
        Ints("dilation_rate", "dilations", (1,) * rank),
        OnnxPads("kernel_size", "dilation_rate", rank),
    )


def _convolution(rank: int, example: Example, caffe: list[Map]) -> None:
    """``Conv1D``, ``Conv2D`` or ``Conv3D``."""
    axes = "dhw"[-rank:]
    onnx = Map("Conv", [
        *_onnx_window(rank), At("groups", "group", 1), FromWeight("filters", "kernel", -1),
        HasWeight("use_bias", "bias"), LINEAR, Training(),
    ], blobs=[("kernel", Perm(f"{axes}io", f"oi{axes}")), ("bias",)], when=over(rank))  # fmt: skip
    layer(
        f"Conv{rank}D",
        doc=f"A window of weights slides over the {SUBJECT[rank]}; each position gives one value for each filter.",
        group="vision",
        params=[
            Param("filters", Int(1), doc="Number of output channels."), kernel_size(rank), strides(rank),
            padding(rank, causal=rank == 1), dilation(rank),
            Param("groups", Int(1), 1, "Number of groups that channels and filters are split into."),
            activation(), USE_BIAS, *KERNEL_AND_BIAS,
        ],
        shape=conv_shape,
        rules=conv_rules,
        weights=[
            Weight("kernel", lambda p, ins: (*p["kernel_size"], ins[0][-1] // p["groups"], p["filters"]),
                   initializer="kernel_initializer"),
            bias("filters"),
        ],
        macs=conv_macs,
        layout="spatial",
        maps={
            "keras": [keras(f"Conv{rank}D", KERAS_PADDING)], "caffe": caffe, "onnx": [onnx],
            "torch": torch_convolution(rank),
            "tensorflow": tensorflow_convolution(rank),
        },
        example=example,
    )  # fmt: skip


_convolution(1, Example(((32, 8),), {"filters": 16, "kernel_size": 3, "padding": "causal"}), caffe=[])
_convolution(
    2,
    Example(((32, 32, 3),), {"filters": 16, "kernel_size": [3, 3], "padding": "same"}),
    caffe=[Map("Convolution", [
        At("filters", "num_output"), *CAFFE_WINDOW, At("groups", "group", 1), At("use_bias", "bias_term", True),
        LINEAR, *CONVOLUTION, *FILLERS,
    ], blobs=[("kernel", Perm("hwio", "oihw")), ("bias",)])],
)  # fmt: skip
_convolution(3, Example(((8, 8, 8, 2),), {"filters": 4, "kernel_size": [3, 3, 3]}), caffe=[])


def _depthwise(rank: int, example: Example, caffe: list[Map]) -> None:
    """``DepthwiseConv1D`` or ``DepthwiseConv2D``."""
    onnx = Map("Conv", [
        *_onnx_window(rank), FromWeight("depth_multiplier", "kernel", -1), Fn((), take_group, write_group),
        HasWeight("use_bias", "bias"), LINEAR, Training(),
    ], blobs=[("kernel", Depthwise()), ("bias",)], when=over(rank, is_depthwise))  # fmt: skip
    layer(
        f"DepthwiseConv{rank}D",
        doc="A convolution of each channel by itself.",
        group="vision",
        params=[
            kernel_size(rank), strides(rank), padding(rank), dilation(rank),
            Param("depth_multiplier", Int(1), 1, "Number of output channels for each input channel."),
            activation(), USE_BIAS, *variable("depthwise", "glorot_uniform"), *variable("bias", "zeros"), ACTIVITY,
        ],
        shape=depthwise_shape,
        rules=conv_rules,
        weights=[
            Weight("kernel", lambda p, ins: (*p["kernel_size"], ins[0][-1], p["depth_multiplier"]),
                   initializer="depthwise_initializer"),
            Weight("bias", lambda p, ins: (ins[0][-1] * p["depth_multiplier"],), when="use_bias",
                   initializer="bias_initializer"),
        ],
        macs=depthwise_macs,
        layout="spatial",
        maps={
            "keras": [keras(f"DepthwiseConv{rank}D", KERAS_PADDING)], "caffe": caffe, "onnx": [onnx],
            "torch": torch_depthwise(rank),
            "tensorflow": tensorflow_depthwise(rank),
        },
        example=example,
    )  # fmt: skip


_depthwise(1, Example(((32, 8),), {"kernel_size": 3, "padding": "same"}), caffe=[])
_depthwise(
    2,
    Example(((32, 32, 8),), {"kernel_size": 3, "padding": "same"}),
    caffe=[Map("Convolution", [
        *CAFFE_WINDOW, Fn(("depth_multiplier",), read_depthwise, write_depthwise),
        At("use_bias", "bias_term", True), LINEAR, *CONVOLUTION,
        Filler("depthwise_initializer", "weight_filler"), *FILLERS[1:],
    ], blobs=[("kernel", Depthwise()), ("bias",)], when=is_depthwise)],
)  # fmt: skip
