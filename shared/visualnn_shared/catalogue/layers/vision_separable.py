"""Convolutions split into one of each channel and one across channels."""

from visualnn_shared.catalogue.caffe_maps import LINEAR
from visualnn_shared.catalogue.common import ACTIVITY, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import Example, Param, Weight
from visualnn_shared.catalogue.keras_maps import KERAS_PADDING, keras
from visualnn_shared.catalogue.kinds import Int
from visualnn_shared.catalogue.lenses import Around, Fn, Map, Training
from visualnn_shared.catalogue.onnx_maps import take_group, write_group
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.torch_maps import torch_separable
from visualnn_shared.catalogue.window_lenses import Ints, OnnxPads
from visualnn_shared.catalogue.window_params import SUBJECT, dilation, kernel_size, padding, strides
from visualnn_shared.catalogue.windows import conv_rules, conv_shape, separable_macs

DEPTHWISE = Weight(
    "depthwise_kernel", lambda p, ins: (*p["kernel_size"], ins[0][-1], p["depth_multiplier"]),
    initializer="depthwise_initializer",
)  # fmt: skip
POINTWISE = Weight(
    "pointwise_kernel",
    lambda p, ins: (*(1,) * len(p["kernel_size"]), ins[0][-1] * p["depth_multiplier"], p["filters"]),
    initializer="pointwise_initializer",
)


def _separable(rank: int, example: Example) -> None:
    """``SeparableConv1D`` or ``SeparableConv2D``."""
    onnx = Map("Conv", [
        Ints("kernel_size", "kernel_shape"), Ints("strides", "strides", (1,) * rank),
        Ints("dilation_rate", "dilations", (1,) * rank), OnnxPads("kernel_size", "dilation_rate", rank),
        Fn((), take_group, write_group), Around(("filters", "depth_multiplier", "use_bias")), LINEAR,
        Training(("activity_regularizer",)),
    ], blobs=[("depthwise_kernel",), ("pointwise_kernel",), ("bias",)], around="separable", reads=False)  # fmt: skip
    layer(
        f"SeparableConv{rank}D",
        doc=f"A window slides over each channel of the {SUBJECT[rank]}; then each cell's channels are mixed.",
        group="vision",
        params=[
            Param("filters", Int(1), doc="Number of output channels."), kernel_size(rank), strides(rank),
            padding(rank), dilation(rank),
            Param("depth_multiplier", Int(1), 1, "Number of channels between the steps for each input channel."),
            activation(), USE_BIAS, *variable("depthwise", "glorot_uniform"), *variable("pointwise", "glorot_uniform"),
            *variable("bias", "zeros"), ACTIVITY,
        ],
        shape=conv_shape,
        rules=conv_rules,
        weights=[DEPTHWISE, POINTWISE, bias("filters")],
        macs=separable_macs,
        layout="spatial",
        maps={
            "keras": [keras(f"SeparableConv{rank}D", KERAS_PADDING)],
            "onnx": [onnx],
            "torch": torch_separable(rank),
        },
        example=example,
    )  # fmt: skip


_separable(1, Example(((32, 4),), {"filters": 8, "kernel_size": 3}))
_separable(2, Example(((16, 16, 4),), {"filters": 8, "kernel_size": 3, "padding": "same"}))
