"""Pooling over pictures."""

from visualnn_shared.catalogue.caffe_maps import ENGINE, read_count, write_count
from visualnn_shared.catalogue.common import PADDING
from visualnn_shared.catalogue.entry import Example, Param, Same
from visualnn_shared.catalogue.keras_maps import KERAS_COUNT, KERAS_FLOOR, KERAS_PADDING, keras
from visualnn_shared.catalogue.kinds import Bool, Tuple
from visualnn_shared.catalogue.lenses import At, Enum, Fn, Is, Map, Sets
from visualnn_shared.catalogue.onnx_maps import Flag
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.shapes import global_pool_shape, pool_rules, pool_shape
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPool, Pair

CAFFE_COUNT = Fn(("count_include_pad",), read_count, write_count)
CAFFE_WINDOW = (
    Is("global_pooling", False, False),
    Pair("pool_size", "kernel_size", short="kernel"),
    Pair("strides", "stride", 1),
    CaffePads(),
    Enum("ceil_mode", "round_mode", {"CEIL": True, "FLOOR": False}, "CEIL"),
    ENGINE,
)
ONNX_WINDOW = (
    Ints("pool_size", "kernel_shape"),
    Ints("strides", "strides", (1, 1)),
    OnnxPool("pool_size"),
)

STRIDES = Param(
    "strides", Tuple(2), Same("pool_size"), "Steps of the window down and right; default: the window's size."
)
CEIL_MODE = Param(
    "ceil_mode", Bool(), False,
    "Whether a last window that reaches over the border counts; it must start in the input or the padding before it.",
)  # fmt: skip
KEEPDIMS = Param("keepdims", Bool(), False, "Whether height and width stay as axes of 1.")

layer(
    "MaxPooling2D",
    doc="The largest value of each window.",
    group="vision",
    params=[Param("pool_size", Tuple(2), (2, 2), "Height and width of the window."), STRIDES, PADDING, CEIL_MODE],
    shape=pool_shape,
    rules=pool_rules,
    layout="spatial",
    maps={
        "keras": [keras("MaxPooling2D", KERAS_PADDING, KERAS_FLOOR)],
        "caffe": [Map("Pooling", [Is("pool", "MAX", "MAX"), *CAFFE_WINDOW])],
        "onnx": [Map("MaxPool", [*ONNX_WINDOW, Is("storage_order", 0, 0)])],
    },
    example=Example(((32, 32, 8),), {"pool_size": 2}),
)

layer(
    "AveragePooling2D",
    doc="The mean of each window.",
    group="vision",
    params=[
        Param("pool_size", Tuple(2), doc="Height and width of the window."), STRIDES, PADDING, CEIL_MODE,
        Param("count_include_pad", Bool(), False, "Whether padding counts as zeros in the mean."),
    ],
    shape=pool_shape,
    rules=pool_rules,
    layout="spatial",
    maps={
        "keras": [keras("AveragePooling2D", KERAS_PADDING, KERAS_FLOOR, KERAS_COUNT)],
        "caffe": [
            Map("Pooling", [Is("pool", "AVE", "MAX"), *CAFFE_WINDOW, CAFFE_COUNT]),
        ],
        "onnx": [Map("AveragePool", [*ONNX_WINDOW, At("count_include_pad", "count_include_pad", 0, Flag())])],
    },
    example=Example(((8, 8, 4),), {"pool_size": [2, 2]}),
)  # fmt: skip

layer(
    "GlobalAveragePooling2D",
    doc="The mean of each channel.",
    group="vision",
    params=[KEEPDIMS],
    shape=global_pool_shape,
    layout="spatial",
    maps={
        "keras": [keras("GlobalAveragePooling2D")],
        "caffe": [
            Map(
                "Pooling", [Is("pool", "AVE", "MAX"), Is("global_pooling", True, False), Sets("keepdims", True), ENGINE]
            )
        ],
        "onnx": [
            Map("GlobalAveragePool", [Sets("keepdims", True)]),
            Map("GlobalAveragePool", [Sets("keepdims", False)], around="flattened", reads=False),
        ],
    },
    example=Example(((7, 7, 64),)),
)

layer(
    "GlobalMaxPooling2D",
    doc="The largest value of each channel.",
    group="vision",
    params=[KEEPDIMS],
    shape=global_pool_shape,
    layout="spatial",
    maps={
        "keras": [keras("GlobalMaxPooling2D")],
        "caffe": [
            Map(
                "Pooling", [Is("pool", "MAX", "MAX"), Is("global_pooling", True, False), Sets("keepdims", True), ENGINE]
            )
        ],
        "onnx": [
            Map("GlobalMaxPool", [Sets("keepdims", True)]),
            Map("GlobalMaxPool", [Sets("keepdims", False)], around="flattened", reads=False),
        ],
    },
    example=Example(((7, 7, 64),), {"keepdims": True}),
)
