"""GoogLeNet, the first Inception network, as Caffe has it."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.alexnet import LRN
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "C. Szegedy, W. Liu, Y. Jia and others (2014): Going Deeper with Convolutions"

MODULES = {
    "3a": (64, (96, 128), (16, 32), 32), "3b": (128, (128, 192), (32, 96), 64),
    "4a": (192, (96, 208), (16, 48), 64), "4b": (160, (112, 224), (24, 64), 64), "4c": (128, (128, 256), (24, 64), 64),
    "4d": (112, (144, 288), (32, 64), 64), "4e": (256, (160, 320), (32, 128), 128),
    "5a": (256, (160, 320), (32, 128), 128), "5b": (384, (192, 384), (48, 128), 128),
}  # fmt: skip
"""Filters: 1 x 1; reduction and 3 x 3; reduction and 5 x 5; projection of the pooled input (the paper's table 1)."""


def _conv(net: Net, name: str, x: str, filters: int, size: int, stride: int = 1) -> str:
    side = [size // 2, size // 2]
    return net.add(
        name, "Conv2D", x, filters=filters, kernel_size=size, strides=stride, padding=[side, side] if size > 1 else
        "valid", activation="relu",
    )  # fmt: skip


def _pool(net: Net, name: str) -> str:
    return net.add(name, "MaxPooling2D", pool_size=3, strides=2, ceil_mode=True)


def _inception(net: Net, name: str, x: str) -> str:
    alone, three, five, projection = MODULES[name]
    at = f"inception_{name}"
    branches = [_conv(net, f"{at}_1x1", x, alone, 1)]
    for size, (reduced, filters) in ((3, three), (5, five)):
        _conv(net, f"{at}_{size}x{size}_reduce", x, reduced, 1)
        branches.append(_conv(net, f"{at}_{size}x{size}", net.last, filters, size))
    net.add(f"{at}_pool", "MaxPooling2D", x, pool_size=3, strides=1, padding=[[1, 1], [1, 1]], ceil_mode=True)
    branches.append(_conv(net, f"{at}_pool_proj", net.last, projection, 1))
    return net.add(f"{at}_output", "Concatenate", *branches)


def googlenet() -> Spec:
    """Nine modules with windows of 1, 3 and 5 cells side by side; without the two auxiliary classifiers of training."""
    net = Net("googlenet")
    net.input("data", 224, 224, 3)
    _conv(net, "conv1_7x7_s2", net.last, 64, 7, 2)
    _pool(net, "pool1_3x3_s2")
    net.add("pool1_norm1", "LRN", **LRN)
    _conv(net, "conv2_3x3_reduce", net.last, 64, 1)
    _conv(net, "conv2_3x3", net.last, 192, 3)
    net.add("conv2_norm2", "LRN", **LRN)
    _pool(net, "pool2_3x3_s2")
    for name in MODULES:
        _inception(net, name, net.last)
        if name in ("3b", "4e"):
            _pool(net, f"pool{name[0]}_3x3_s2")
    net.add("pool5_7x7_s1", "AveragePooling2D", pool_size=7, strides=1, ceil_mode=True)
    net.add("pool5_drop_7x7_s1", "Dropout", rate=0.4)
    net.add("flatten", "Flatten")
    net.add("loss3_classifier", "Dense", units=1000)
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


NETWORKS = {"googlenet": Network("GoogLeNet (Inception v1)", "pictures", googlenet, 1000, PAPER)}
