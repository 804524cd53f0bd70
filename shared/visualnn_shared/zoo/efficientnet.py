"""EfficientNet: inverted residual blocks whose channels are weighted by what the whole picture holds."""

from typing import Any

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "M. Tan, Q. V. Le (2019): EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"
CONV_START = {"name": "variance_scaling", "scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"}
DENSE_START = {"name": "variance_scaling", "scale": 1 / 3, "mode": "fan_out", "distribution": "uniform"}
STAGES = [
    (1, 3, 16, 1, 1), (2, 3, 24, 2, 6), (2, 5, 40, 2, 6), (3, 3, 80, 2, 6), (3, 5, 112, 1, 6), (4, 5, 192, 2, 6),
    (1, 3, 320, 1, 6),
]  # fmt: skip
"""Number of blocks, window, filters, stride of the first, expansion (the paper's table 1)."""
DROPPED = 0.2
"""The share of samples that skip the last block while training; those before it are skipped less, in even steps."""


def _conv(net: Net, name: str, filters: int, **params: Any) -> str:
    given = {"kernel_size": 1, "padding": "same", "kernel_initializer": CONV_START, **params}
    return net.add(name, "Conv2D", filters=filters, **given)


def _normalised(net: Net, name: str, activation: str | None) -> str:
    net.add(f"{name}bn", "BatchNormalization")
    return net.add(activation, "Activation", activation="silu") if activation else net.last


def _weighted(net: Net, at: str, x: str, channels: int, squeezed: int) -> str:
    """Squeeze and excitation: a factor from 0 to 1 for each channel, from the means of all."""
    net.add(f"{at}se_squeeze", "GlobalAveragePooling2D", x)
    net.add(f"{at}se_reshape", "Reshape", target_shape=[1, 1, channels])
    _conv(net, f"{at}se_reduce", squeezed, activation="silu")
    factors = _conv(net, f"{at}se_expand", channels, activation="sigmoid")
    return net.add(f"{at}se_excite", "Multiply", x, factors)


def _block(net: Net, at: str, channels: int, filters: int, size: int, stride: int, expansion: int, drop: float) -> str:
    x, inner = net.last, channels * expansion
    if expansion > 1:
        _conv(net, f"{at}expand_conv", inner, use_bias=False)
        _normalised(net, f"{at}expand_", f"{at}expand_activation")
    if stride > 1:  # what a strided window needs on an even size
        net.add(f"{at}dwconv_pad", "ZeroPadding2D", padding=[[size // 2 - 1, size // 2]] * 2)
    padding = "valid" if stride > 1 else "same"
    net.add(
        f"{at}dwconv", "DepthwiseConv2D", kernel_size=size, strides=stride, padding=padding, use_bias=False,
        depthwise_initializer=CONV_START,
    )  # fmt: skip
    _weighted(net, at, _normalised(net, at, f"{at}activation"), inner, channels // 4)
    _conv(net, f"{at}project_conv", filters, use_bias=False)
    _normalised(net, f"{at}project_", None)
    if stride > 1 or channels != filters:
        return net.last
    if drop:
        net.add(f"{at}drop", "Dropout", rate=drop, noise_shape=[None, 1, 1, 1])
    return net.add(f"{at}add", "Add", net.last, x)


def efficientnet_b0() -> Spec:
    """The smallest of the family: sixteen blocks on pictures of 224 x 224 with values from 0 to 255; as in Keras."""
    net = Net("efficientnet_b0")
    net.input("input", 224, 224, 3)
    net.auto("Rescaling", scale=1 / 255)
    net.auto("Normalization")
    net.add("stem_conv_pad", "ZeroPadding2D", padding=[[0, 1], [0, 1]])
    _conv(net, "stem_conv", 32, kernel_size=3, strides=2, padding="valid", use_bias=False)
    _normalised(net, "stem_", "stem_activation")
    channels, number, total = 32, 0, sum(stage[0] for stage in STAGES)
    for stage, (count, size, filters, first, expansion) in enumerate(STAGES, start=1):
        for i in range(count):
            at, drop = f"block{stage}{'abcd'[i]}_", DROPPED * number / total
            _block(net, at, channels, filters, size, 1 if i else first, expansion, drop)
            channels, number = filters, number + 1
    _conv(net, "top_conv", 1280, use_bias=False)
    _normalised(net, "top_", "top_activation")
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("top_dropout", "Dropout", rate=0.2)
    net.add("predictions", "Dense", units=1000, activation="softmax", kernel_initializer=DENSE_START)
    return net.spec()


NETWORKS = {"efficientnet_b0": Network("EfficientNet B0", "pictures", efficientnet_b0, 1000, PAPER)}
