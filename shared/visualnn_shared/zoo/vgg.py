"""VGG: only windows of 3 x 3, two or three in a row before each pooling."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "K. Simonyan, A. Zisserman (2014): Very Deep Convolutional Networks for Large-Scale Image Recognition"


def _vgg(name: str, *blocks: int) -> Spec:
    net = Net(name)
    net.input("input", 224, 224, 3)
    for block, (convolutions, filters) in enumerate(zip(blocks, (64, 128, 256, 512, 512), strict=True), start=1):
        for i in range(1, convolutions + 1):
            net.add(
                f"block{block}_conv{i}", "Conv2D", filters=filters, kernel_size=3, padding="same", activation="relu"
            )
        net.add(f"block{block}_pool", "MaxPooling2D", pool_size=2, strides=2)
    net.add("flatten", "Flatten")
    net.add("fc1", "Dense", units=4096, activation="relu")
    net.add("fc2", "Dense", units=4096, activation="relu")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


def vgg16() -> Spec:
    """Configuration D: thirteen convolutions of 3 x 3 in five blocks, then three dense layers; layers as in Keras."""
    return _vgg("vgg16", 2, 2, 3, 3, 3)


def vgg19() -> Spec:
    """Configuration E: sixteen convolutions of 3 x 3 in five blocks, then three dense layers; layers as in Keras."""
    return _vgg("vgg19", 2, 2, 4, 4, 4)


NETWORKS = {
    "vgg16": Network("VGG-16", "pictures", vgg16, 1000, PAPER),
    "vgg19": Network("VGG-19", "pictures", vgg19, 1000, PAPER),
}
