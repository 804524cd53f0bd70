"""DenseNet: each layer sees the outputs of all layers before it."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger (2016): Densely Connected Convolutional Networks"
EPSILON = 1.001e-5
GROWTH = 32


def _activated(net: Net, name: str, x: str) -> str:
    net.add(f"{name}bn", "BatchNormalization", x, epsilon=EPSILON)
    return net.add(f"{name}relu", "Activation", activation="relu")


def _block(net: Net, name: str, x: str) -> str:
    """32 new channels from all the channels so far."""
    _activated(net, f"{name}_0_", x)
    net.add(f"{name}_1_conv", "Conv2D", filters=4 * GROWTH, kernel_size=1, use_bias=False)
    _activated(net, f"{name}_1_", net.last)
    net.add(f"{name}_2_conv", "Conv2D", filters=GROWTH, kernel_size=3, padding="same", use_bias=False)
    return net.add(f"{name}_concat", "Concatenate", x, net.last)


def _densenet(name: str, *blocks: int) -> Spec:
    net = Net(name)
    net.input("input", 224, 224, 3)
    net.auto("ZeroPadding2D", padding=3)
    net.add("conv1_conv", "Conv2D", filters=64, kernel_size=7, strides=2, use_bias=False)
    _activated(net, "conv1_", net.last)
    net.auto("ZeroPadding2D", padding=1)
    net.add("pool1", "MaxPooling2D", pool_size=3, strides=2)
    channels = 64
    for stage, count in enumerate(blocks, start=2):
        for i in range(1, count + 1):
            _block(net, f"conv{stage}_block{i}", net.last)
        channels += GROWTH * count
        if stage < 5:
            channels //= 2
            _activated(net, f"pool{stage}_", net.last)
            net.add(f"pool{stage}_conv", "Conv2D", filters=channels, kernel_size=1, use_bias=False)
            net.add(f"pool{stage}_pool", "AveragePooling2D", pool_size=2, strides=2)
    _activated(net, "", net.last)
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


def densenet121() -> Spec:
    """Dense blocks of 6, 12, 24 and 16 pairs of convolutions; layers as in Keras."""
    return _densenet("densenet121", 6, 12, 24, 16)


def densenet169() -> Spec:
    """Dense blocks of 6, 12, 32 and 32 pairs of convolutions; layers as in Keras."""
    return _densenet("densenet169", 6, 12, 32, 32)


def densenet201() -> Spec:
    """Dense blocks of 6, 12, 48 and 32 pairs of convolutions; layers as in Keras."""
    return _densenet("densenet201", 6, 12, 48, 32)


NETWORKS = {
    "densenet121": Network("DenseNet-121", "pictures", densenet121, 1000, PAPER),
    "densenet169": Network("DenseNet-169", "pictures", densenet169, 1000, PAPER),
    "densenet201": Network("DenseNet-201", "pictures", densenet201, 1000, PAPER),
}
