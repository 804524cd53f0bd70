"""Convolutions over pictures."""

from visualnn_shared.catalogue.caffe_maps import (
    CONVOLUTION,
    FILLERS,
    LINEAR,
    Filler,
    is_depthwise,
    read_depthwise,
    write_depthwise,
)
from visualnn_shared.catalogue.common import ACTIVITY, KERNEL_AND_BIAS, PADDING, USE_BIAS, activation, bias, variable
from visualnn_shared.catalogue.entry import Example, Param, Params, Shapes, Weight
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.keras_maps import KERAS_PADDING, keras
from visualnn_shared.catalogue.kinds import Choice, Int, Tuple
from visualnn_shared.catalogue.lenses import At, AtInput, Fn, FromWeight, HasWeight, Is, Map, Sets, Training
from visualnn_shared.catalogue.onnx_maps import BorderPads, Scales, take_group, write_group
from visualnn_shared.catalogue.padding import ZeroPadding
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import (
    conv_macs,
    conv_rules,
    conv_shape,
    depthwise_macs,
    depthwise_shape,
    need_picture,
)
from visualnn_shared.catalogue.steps import Depthwise, Perm
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPads, Pair

CAFFE_WINDOW = (
    Pair("kernel_size", "kernel_size", short="kernel"),
    Pair("strides", "stride", 1),
    CaffePads(),
    Pair("dilation_rate", "dilation", 1),
)
ONNX_WINDOW = (
    Ints("kernel_size", "kernel_shape"),
    Ints("strides", "strides", (1, 1)),
    Ints("dilation_rate", "dilations", (1, 1)),
    OnnxPads("kernel_size", "dilation_rate"),
)
SCALES = AtInput("size", "scales", 2, "float32", Scales())
KERNEL_SIZE = Param("kernel_size", Tuple(2), doc="Height and width of the window.")
STRIDES = Param("strides", Tuple(2), (1, 1), "Steps of the window down and right.")
DILATION = Param("dilation_rate", Tuple(2), (1, 1), "Distance between the cells of the window.")

layer(
    "Conv2D",
    doc="A window of weights slides over the picture; each position gives one value for each filter.",
    group="vision",
    params=[
        Param("filters", Int(1), doc="Number of output channels."), KERNEL_SIZE, STRIDES, PADDING, DILATION,
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
        "keras": [keras("Conv2D", KERAS_PADDING)],
        "caffe": [Map("Convolution", [
            At("filters", "num_output"), *CAFFE_WINDOW, At("groups", "group", 1), At("use_bias", "bias_term", True),
            LINEAR, *CONVOLUTION, *FILLERS,
        ], blobs=[("kernel", Perm("hwio", "oihw")), ("bias",)])],
        "onnx": [Map("Conv", [
            *ONNX_WINDOW, At("groups", "group", 1), FromWeight("filters", "kernel", -1), HasWeight("use_bias", "bias"),
            LINEAR, Training(),
        ], blobs=[("kernel", Perm("hwio", "oihw")), ("bias",)])],
    },
    example=Example(((32, 32, 3),), {"filters": 16, "kernel_size": [3, 3], "padding": "same"}),
)  # fmt: skip

layer(
    "DepthwiseConv2D",
    doc="A convolution of each channel by itself.",
    group="vision",
    params=[
        KERNEL_SIZE, STRIDES, PADDING, DILATION,
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
        "keras": [keras("DepthwiseConv2D", KERAS_PADDING)],
        "caffe": [Map("Convolution", [
            *CAFFE_WINDOW, Fn(("depth_multiplier",), read_depthwise, write_depthwise),
            At("use_bias", "bias_term", True), LINEAR, *CONVOLUTION,
            Filler("depthwise_initializer", "weight_filler"), *FILLERS[1:],
        ], blobs=[("kernel", Depthwise()), ("bias",)], when=is_depthwise)],
        "onnx": [Map("Conv", [
            *ONNX_WINDOW, FromWeight("depth_multiplier", "kernel", -1), Fn((), take_group, write_group),
            HasWeight("use_bias", "bias"),
            LINEAR, Training(),
        ], blobs=[("kernel", Depthwise()), ("bias",)], when=is_depthwise)],
    },
    example=Example(((32, 32, 8),), {"kernel_size": 3, "padding": "same"}),
)  # fmt: skip


def _padded(p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    (top, bottom), (left, right) = p["padding"]
    return [(ins[0][0] + top + bottom, ins[0][1] + left + right, ins[0][2])]


layer(
    "ZeroPadding2D",
    doc="Zeros around the picture.",
    group="vision",
    params=[
        Param(
            "padding", ZeroPadding(), ((1, 1), (1, 1)), "Cells: n, [height, width] or [[top, bottom], [left, right]]."
        )
    ],
    shape=_padded,
    layout="spatial",
    maps={
        "keras": [keras("ZeroPadding2D")],
        "onnx": [Map("Pad", [AtInput("padding", "pads", 1, "int64", BorderPads())])],
    },
    example=Example(((7, 7, 2),), {"padding": [[1, 0], [2, 3]]}),
)


def _upsampled(p: Params, ins: Shapes) -> list[Shape]:
    need_picture(ins[0])
    return [(ins[0][0] * p["size"][0], ins[0][1] * p["size"][1], ins[0][2])]


layer(
    "UpSampling2D",
    doc="A picture made larger by whole factors.",
    group="vision",
    params=[
        Param("size", Tuple(2), (2, 2), "Factors down and right."),
        Param("interpolation", Choice(("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")), "nearest",
              "How values between cells are made."),
    ],
    shape=_upsampled,
    layout="spatial",
    maps={
        "keras": [keras("UpSampling2D")],
        "onnx": [
            Map("Resize", [
                Sets("interpolation", "nearest"), SCALES, Is("mode", "nearest", "nearest"),
                Is("coordinate_transformation_mode", "asymmetric", "half_pixel"),
                Is("nearest_mode", "floor", "round_prefer_floor"),
            ]),
            Map("Resize", [
                Sets("interpolation", "bilinear"), SCALES, Is("mode", "linear", "nearest"),
                Is("coordinate_transformation_mode", "half_pixel", "half_pixel"),
            ]),
        ],
    },
    example=Example(((8, 8, 4),), {"size": [2, 3]}),
)  # fmt: skip
