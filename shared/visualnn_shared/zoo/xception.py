"""Xception: Inception taken to its end, each channel by itself and then a convolution of 1 x 1."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "F. Chollet (2016): Xception: Deep Learning with Depthwise Separable Convolutions"


def _relu(net: Net, name: str, x: str) -> str:
    return net.add(f"{name}_act", "Activation", x, activation="relu")


def _separable(net: Net, name: str, x: str, filters: int) -> str:
    net.add(name, "SeparableConv2D", x, filters=filters, kernel_size=3, padding="same", use_bias=False)
    return net.add(f"{name}_bn", "BatchNormalization")


def _smaller(net: Net, number: int, x: str, first: int, filters: int) -> str:
    """Two separable convolutions and pooling, beside a strided convolution of 1 x 1. The first block's input comes
    from a ReLU already.
    """
    at = f"block{number}"
    net.auto("Conv2D", x, filters=filters, kernel_size=1, strides=2, padding="same", use_bias=False)
    shortcut = net.auto("BatchNormalization")
    _separable(net, f"{at}_sepconv1", _relu(net, f"{at}_sepconv1", x) if number > 2 else x, first)
    _separable(net, f"{at}_sepconv2", _relu(net, f"{at}_sepconv2", net.last), filters)
    pooled = net.add(f"{at}_pool", "MaxPooling2D", pool_size=3, strides=2, padding="same")
    return net.auto("Add", pooled, shortcut)


def _same_size(net: Net, number: int, x: str) -> str:
    """Three separable convolutions, added to their input."""
    at = f"block{number}"
    for i in (1, 2, 3):
        _separable(net, f"{at}_sepconv{i}", _relu(net, f"{at}_sepconv{i}", net.last), 728)
    return net.auto("Add", net.last, x)


def xception() -> Spec:
    """Thirty-six convolutions, most of them depthwise separable, on pictures of 299 x 299; layers as in Keras."""
    net = Net("xception")
    net.input("input", 299, 299, 3)
    for i, (filters, stride) in enumerate(((32, 2), (64, 1)), start=1):
        net.add(f"block1_conv{i}", "Conv2D", filters=filters, kernel_size=3, strides=stride, use_bias=False)
        net.add(f"block1_conv{i}_bn", "BatchNormalization")
        _relu(net, f"block1_conv{i}", net.last)
    for number, filters in ((2, 128), (3, 256), (4, 728)):
        _smaller(net, number, net.last, filters, filters)
    for number in range(5, 13):
        _same_size(net, number, net.last)
    _smaller(net, 13, net.last, 728, 1024)
    for i, filters in ((1, 1536), (2, 2048)):
        _relu(net, f"block14_sepconv{i}", _separable(net, f"block14_sepconv{i}", net.last, filters))
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


NETWORKS = {"xception": Network("Xception", "pictures", xception, 1000, PAPER)}
