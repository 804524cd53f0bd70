"""Pooling by windows over sequences, pictures and volumes."""

from typing import Any

from visualnn_shared.catalogue.caffe_maps import ENGINE, read_count, write_count
from visualnn_shared.catalogue.entry import Example, Param
from visualnn_shared.catalogue.keras_maps import KERAS_COUNT, KERAS_FLOOR, KERAS_PADDING, keras
from visualnn_shared.catalogue.kinds import Bool
from visualnn_shared.catalogue.lenses import At, Enum, Fn, Is, Map
from visualnn_shared.catalogue.onnx_maps import Flag
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.tensorflow_maps import tensorflow_pool
from visualnn_shared.catalogue.torch_maps import torch_pool
from visualnn_shared.catalogue.window_lenses import CaffePads, Ints, OnnxPool, Pair, over
from visualnn_shared.catalogue.window_params import padding, pool_size, pool_strides
from visualnn_shared.catalogue.windows import pool_rules, pool_shape

CAFFE_COUNT = Fn(("count_include_pad",), read_count, write_count)
CAFFE_WINDOW = (
    Is("global_pooling", False, False),
    Pair("pool_size", "kernel_size", short="kernel"),
    Pair("strides", "stride", 1),
    CaffePads(),
    Enum("ceil_mode", "round_mode", {"CEIL": True, "FLOOR": False}, "CEIL"),
    ENGINE,
)
CEIL_MODE = Param(
    "ceil_mode", Bool(), False,
    "Whether a last window that reaches over the border counts; it must start in the input or the padding before it.",
)  # fmt: skip
EXAMPLES = {
    1: Example(((32, 8),), {"pool_size": 2}),
    2: Example(((32, 32, 8),), {"pool_size": 2}),
    3: Example(((8, 8, 8, 4),), {"pool_size": 2}),
}


def _onnx(op: str, rank: int, *lenses: Any) -> Map:
    window = (
        Ints("pool_size", "kernel_shape"),
        Ints("strides", "strides", (1,) * rank),
        OnnxPool("pool_size", rank=rank),
    )
    return Map(op, [*window, *lenses], when=over(rank))


def _max_pooling(rank: int) -> None:
    layer(
        f"MaxPooling{rank}D",
        doc="The largest value of each window.",
        group="vision",
        params=[pool_size(rank, (2,) * rank), pool_strides(rank), padding(rank), CEIL_MODE],
        shape=pool_shape,
        rules=pool_rules,
        layout="spatial",
        maps={
            "keras": [keras(f"MaxPooling{rank}D", KERAS_PADDING, KERAS_FLOOR)],
            "caffe": [Map("Pooling", [Is("pool", "MAX", "MAX"), *CAFFE_WINDOW])] if rank == 2 else [],
            "onnx": [_onnx("MaxPool", rank, Is("storage_order", 0, 0))],
            "torch": torch_pool("Max", rank),
            "tensorflow": tensorflow_pool("Max", rank),
        },
        example=EXAMPLES[rank],
    )


def _average_pooling(rank: int) -> None:
    layer(
        f"AveragePooling{rank}D",
        doc="The mean of each window.",
        group="vision",
        params=[
            pool_size(rank), pool_strides(rank), padding(rank), CEIL_MODE,
            Param("count_include_pad", Bool(), False, "Whether padding counts as zeros in the mean."),
        ],
        shape=pool_shape,
        rules=pool_rules,
        layout="spatial",
        maps={
            "keras": [keras(f"AveragePooling{rank}D", KERAS_PADDING, KERAS_FLOOR, KERAS_COUNT)],
            "caffe": [Map("Pooling", [Is("pool", "AVE", "MAX"), *CAFFE_WINDOW, CAFFE_COUNT])] if rank == 2 else [],
            "onnx": [_onnx("AveragePool", rank, At("count_include_pad", "count_include_pad", 0, Flag()))],
            "torch": torch_pool("Avg", rank),
            "tensorflow": tensorflow_pool("Avg", rank),
        },
        example=EXAMPLES[rank],
    )  # fmt: skip


for _rank in (1, 2, 3):
    _max_pooling(_rank)
    _average_pooling(_rank)
