"""Locally connected layers, which Keras 2 had: convolutions whose every position has weights of its own."""

from math import prod

from visualnn_shared.catalogue.common import KERNEL_AND_BIAS, USE_BIAS, activation
from visualnn_shared.catalogue.entry import Example, Param, Params, Shapes, Weight
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.kinds import Int
from visualnn_shared.catalogue.onnx_maps import composed
from visualnn_shared.catalogue.registry import layer
from visualnn_shared.catalogue.window_params import SUBJECT, kernel_size, strides
from visualnn_shared.catalogue.windows import conv_macs, conv_shape, windows


def _kernel(p: Params, ins: Shapes) -> Shape:
    """(positions, window cells x channels, ``filters``): positions and cells in row-major order, channels last."""
    size = p["kernel_size"]
    positions = windows(p, ins[0], size, "kernel_size")
    return (prod(positions), prod(size) * ins[0][-1], p["filters"])


def _bias(p: Params, ins: Shapes) -> Shape:
    """(*positions, ``filters``)."""
    return (*windows(p, ins[0], p["kernel_size"], "kernel_size"), p["filters"])


def _locally_connected(rank: int, example: Example) -> None:
    """``LocallyConnected1D`` or ``LocallyConnected2D``."""
    layer(
        f"LocallyConnected{rank}D",
        doc=f"A window slides over the {SUBJECT[rank]} and has other weights at each position.",
        group="vision",
        params=[
            Param("filters", Int(1), doc="Number of output channels."), kernel_size(rank), strides(rank),
            activation(), USE_BIAS, *KERNEL_AND_BIAS,
        ],
        shape=conv_shape,
        weights=[
            Weight("kernel", _kernel, initializer="kernel_initializer"),
            Weight("bias", _bias, when="use_bias", initializer="bias_initializer"),
        ],
        macs=conv_macs,
        layout="spatial",
        keras_class=f"visualnn_worker.keras_layers.local:LocallyConnected{rank}D",
        maps={
            "keras": [],
            "onnx": [
                composed(
                    "Einsum", "local", "filters", "kernel_size", "strides", "use_bias", "activation",
                    training=("activity_regularizer",), weights=("kernel", "bias"), layout="plain",
                )
            ],
        },
        example=example,
    )  # fmt: skip


_locally_connected(1, Example(((10, 4),), {"filters": 3, "kernel_size": 3}))
_locally_connected(2, Example(((6, 5, 2),), {"filters": 3, "kernel_size": [3, 2], "strides": [1, 2]}))
