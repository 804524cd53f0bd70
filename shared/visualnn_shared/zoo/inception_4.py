"""Inception v4, and Inception-ResNet v2, whose modules add a share of what they compute to their input."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.inception import Step, averaged, branch, conv, largest, reduction, stem
from visualnn_shared.zoo.network import Network

PAPER = (
    "C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi (2016): "
    "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning"
)


def _stem_4(net: Net) -> str:
    """299 x 299 to 35 x 35 with 384 channels (the paper's figure 3)."""
    x = conv(net, net.input("input", 299, 299, 3), (32, 3, 3), 2, "valid")
    x = branch(net, conv(net, x, (32, 3, 3), padding="valid"), (64, 3, 3))
    x = net.add("mixed_3a", "Concatenate", largest(net, x), reduction(net, x, (96, 3, 3)))
    short = conv(net, branch(net, x, (64, 1, 1)), (96, 3, 3), padding="valid")
    long = conv(net, branch(net, x, (64, 1, 1), (64, 1, 7), (64, 7, 1)), (96, 3, 3), padding="valid")
    x = net.add("mixed_4a", "Concatenate", short, long)
    return net.add("mixed_5a", "Concatenate", reduction(net, x, (192, 3, 3)), largest(net, x))


def _a(net: Net, name: str, x: str) -> str:
    branches = [
        branch(net, x, (96, 1, 1)),
        branch(net, x, (64, 1, 1), (96, 3, 3)),
        branch(net, x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        averaged(net, x, 96),
    ]
    return net.add(name, "Concatenate", *branches)


def _b(net: Net, name: str, x: str) -> str:
    branches = [
        branch(net, x, (384, 1, 1)),
        branch(net, x, (192, 1, 1), (224, 1, 7), (256, 7, 1)),
        branch(net, x, (192, 1, 1), (192, 7, 1), (224, 1, 7), (224, 7, 1), (256, 1, 7)),
        averaged(net, x, 128),
    ]
    return net.add(name, "Concatenate", *branches)


def _c(net: Net, name: str, x: str) -> str:
    alone = branch(net, x, (256, 1, 1))
    three = branch(net, x, (384, 1, 1))
    double = branch(net, x, (384, 1, 1), (448, 3, 1), (512, 1, 3))
    forks = [branch(net, at, (256, *window)) for at in (three, double) for window in ((1, 3), (3, 1))]
    return net.add(name, "Concatenate", alone, *forks, averaged(net, x, 256))


def inception_v4() -> Spec:
    """Fourteen modules of parallel branches on pictures of 299 x 299, in three sizes."""
    net = Net("inception_v4")
    x = _stem_4(net)
    for letter in "bcde":
        x = _a(net, f"mixed_5{letter}", x)
    smaller = [
        reduction(net, x, (384, 3, 3)),
        reduction(net, x, (192, 1, 1), (224, 3, 3), (256, 3, 3)),
        largest(net, x),
    ]
    x = net.add("mixed_6a", "Concatenate", *smaller)
    for letter in "bcdefgh":
        x = _b(net, f"mixed_6{letter}", x)
    smaller = [
        reduction(net, x, (192, 1, 1), (192, 3, 3)),
        reduction(net, x, (256, 1, 1), (256, 1, 7), (320, 7, 1), (320, 3, 3)),
        largest(net, x),
    ]
    x = net.add("mixed_7a", "Concatenate", *smaller)
    for letter in "bcd":
        x = _c(net, f"mixed_7{letter}", x)
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("dropout", "Dropout", rate=0.2)
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


RESIDUAL: dict[str, tuple[list[list[Step]], int]] = {
    "block35": ([[(32, 1, 1)], [(32, 1, 1), (32, 3, 3)], [(32, 1, 1), (48, 3, 3), (64, 3, 3)]], 320),
    "block17": ([[(192, 1, 1)], [(128, 1, 1), (160, 1, 7), (192, 7, 1)]], 1088),
    "block8": ([[(192, 1, 1)], [(192, 1, 1), (224, 1, 3), (256, 3, 1)]], 2080),
}
"""Branches and input channels of the residual modules, by the size of the picture that they see."""


def _residual(net: Net, kind: str, number: int, x: str, scale: float, relu: bool = True) -> str:
    """The input plus ``scale`` times the joined branches, which a convolution brings to the input's channels."""
    branches, channels = RESIDUAL[kind]
    at = f"{kind}_{number}"
    net.add(f"{at}_mixed", "Concatenate", *[branch(net, x, *steps) for steps in branches])
    up = net.add(f"{at}_conv", "Conv2D", filters=channels, kernel_size=1, padding="same")
    net.add(f"{at}_add", "Add", x, up, coefficients=[1.0, scale])
    return net.add(f"{at}_ac", "Activation", activation="relu") if relu else net.last


def inception_resnet_v2() -> Spec:
    """Forty residual Inception modules, each scaled by 0.1 to 1, on pictures of 299 x 299; layers as in Keras."""
    net = Net("inception_resnet_v2")
    x = stem(net)
    branches = [
        branch(net, x, (96, 1, 1)),
        branch(net, x, (48, 1, 1), (64, 5, 5)),
        branch(net, x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        averaged(net, x, 64),
    ]
    x = net.add("mixed_5b", "Concatenate", *branches)
    for i in range(1, 11):
        x = _residual(net, "block35", i, x, 0.17)
    branches = [
        reduction(net, x, (384, 3, 3)), reduction(net, x, (256, 1, 1), (256, 3, 3), (384, 3, 3)), largest(net, x)
    ]  # fmt: skip
    x = net.add("mixed_6a", "Concatenate", *branches)
    for i in range(1, 21):
        x = _residual(net, "block17", i, x, 0.1)
    branches = [
        reduction(net, x, (256, 1, 1), (384, 3, 3)),
        reduction(net, x, (256, 1, 1), (288, 3, 3)),
        reduction(net, x, (256, 1, 1), (288, 3, 3), (320, 3, 3)),
        largest(net, x),
    ]
    x = net.add("mixed_7a", "Concatenate", *branches)
    for i in range(1, 10):
        x = _residual(net, "block8", i, x, 0.2)
    _residual(net, "block8", 10, x, 1.0, relu=False)
    net.add("conv_7b", "Conv2D", filters=1536, kernel_size=1, padding="same", use_bias=False)
    net.add("conv_7b_bn", "BatchNormalization", scale=False)
    net.add("conv_7b_ac", "Activation", activation="relu")
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


NETWORKS = {
    "inception_v4": Network("Inception v4", "pictures", inception_v4, 1000, PAPER),
    "inception_resnet_v2": Network("Inception-ResNet v2", "pictures", inception_resnet_v2, 1000, PAPER),
}
