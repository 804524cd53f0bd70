"""The first deep networks for ImageNet, with local response normalisation and Caffe's pooling, which rounds up."""

from typing import Any

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

ALEXNET = "A. Krizhevsky, I. Sutskever, G. E. Hinton (2012): ImageNet Classification with Deep Convolutional Networks"
ZFNET = "M. D. Zeiler, R. Fergus (2013): Visualizing and Understanding Convolutional Networks"
LRN: dict[str, Any] = {"local_size": 5, "alpha": 1e-4, "beta": 0.75, "k": 1.0}
"""Caffe's parameters for AlexNet and GoogLeNet; the paper has k = 2."""


def _conv(net: Net, name: str, filters: int, size: int, padding: int, **params: Any) -> str:
    sides = [[padding, padding], [padding, padding]] if padding else "valid"
    return net.add(name, "Conv2D", filters=filters, kernel_size=size, padding=sides, activation="relu", **params)


def _pool(net: Net, name: str) -> str:
    return net.add(name, "MaxPooling2D", pool_size=3, strides=2, ceil_mode=True)


def _classifier(net: Net) -> Spec:
    net.add("flatten", "Flatten")
    for i in (6, 7):
        net.add(f"fc{i}", "Dense", units=4096, activation="relu")
        net.add(f"drop{i}", "Dropout", rate=0.5)
    net.add("fc8", "Dense", units=1000)
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


def alexnet() -> Spec:
    """Five convolutions, three of them in two groups, and three dense layers; sizes and order as Caffe's version."""
    net = Net("alexnet")
    net.input("data", 227, 227, 3)
    _conv(net, "conv1", 96, 11, 0, strides=4)
    net.add("norm1", "LRN", **LRN)
    _pool(net, "pool1")
    _conv(net, "conv2", 256, 5, 2, groups=2)
    net.add("norm2", "LRN", **LRN)
    _pool(net, "pool2")
    _conv(net, "conv3", 384, 3, 1)
    _conv(net, "conv4", 384, 3, 1, groups=2)
    _conv(net, "conv5", 256, 3, 1, groups=2)
    _pool(net, "pool5")
    return _classifier(net)


def zfnet() -> Spec:
    """AlexNet with a smaller first window and stride, and without groups."""
    net = Net("zfnet")
    net.input("data", 224, 224, 3)
    _conv(net, "conv1", 96, 7, 1, strides=2)
    _pool(net, "pool1")
    net.add("norm1", "LRN", **LRN)
    _conv(net, "conv2", 256, 5, 0, strides=2)
    _pool(net, "pool2")
    net.add("norm2", "LRN", **LRN)
    for i, filters in ((3, 384), (4, 384), (5, 256)):
        _conv(net, f"conv{i}", filters, 3, 1)
    _pool(net, "pool5")
    return _classifier(net)


NETWORKS = {
    "alexnet": Network("AlexNet", "pictures", alexnet, 1000, ALEXNET),
    "zfnet": Network("ZFNet", "pictures", zfnet, 1000, ZFNET),
}
