"""Inception v3: windows of different sizes side by side, the large ones as two narrow ones in a row."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = (
    "C. Szegedy, V. Vanhoucke, S. Ioffe and others (2015): Rethinking the Inception Architecture for Computer Vision"
)

Step = tuple[int, int, int]
"""Filters, height and width of a convolution's window."""


def conv(net: Net, x: str, step: Step, stride: int = 1, padding: str = "same") -> str:
    """Convolution without bias, batch normalisation without gamma, ReLU; named as Keras names them."""
    filters, height, width = step
    net.auto("Conv2D", x, filters=filters, kernel_size=[height, width], strides=stride, padding=padding, use_bias=False)
    net.auto("BatchNormalization", scale=False)
    return net.auto("Activation", activation="relu")


def branch(net: Net, x: str, *steps: Step) -> str:
    """Convolutions one after the other."""
    for step in steps:
        x = conv(net, x, step)
    return x


def reduction(net: Net, x: str, *steps: Step) -> str:
    """The same, the last with stride 2 and without padding."""
    return conv(net, branch(net, x, *steps[:-1]), steps[-1], 2, "valid")


def averaged(net: Net, x: str, filters: int) -> str:
    """The means of 3 x 3 cells, then a convolution of 1 x 1."""
    return branch(net, net.auto("AveragePooling2D", x, pool_size=3, strides=1, padding="same"), (filters, 1, 1))


def largest(net: Net, x: str) -> str:
    """The largest of 3 x 3 cells, in steps of 2."""
    return net.auto("MaxPooling2D", x, pool_size=3, strides=2)


def stem(net: Net) -> str:
    """299 x 299 to 35 x 35 with 192 channels, as in Inception v3 and Inception-ResNet v2."""
    x = conv(net, net.input("input", 299, 299, 3), (32, 3, 3), 2, "valid")
    x = conv(net, x, (32, 3, 3), padding="valid")
    x = largest(net, conv(net, x, (64, 3, 3)))
    x = conv(net, x, (80, 1, 1), padding="valid")
    return largest(net, conv(net, x, (192, 3, 3), padding="valid"))


def _a(net: Net, name: str, x: str, pooled: int) -> str:
    branches = [
        branch(net, x, (64, 1, 1)),
        branch(net, x, (48, 1, 1), (64, 5, 5)),
        branch(net, x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        averaged(net, x, pooled),
    ]
    return net.add(name, "Concatenate", *branches)


def _b(net: Net, name: str, x: str, n: int) -> str:
    branches = [
        branch(net, x, (192, 1, 1)),
        branch(net, x, (n, 1, 1), (n, 1, 7), (192, 7, 1)),
        branch(net, x, (n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
        averaged(net, x, 192),
    ]
    return net.add(name, "Concatenate", *branches)


def _fork(net: Net, x: str) -> tuple[str, str]:
    """A wide and a high window beside each other."""
    return branch(net, x, (384, 1, 3)), branch(net, x, (384, 3, 1))


def _c(net: Net, number: int, x: str) -> str:
    alone = branch(net, x, (320, 1, 1))
    three = net.add(f"mixed9_{number}", "Concatenate", *_fork(net, branch(net, x, (384, 1, 1))))
    double = net.auto("Concatenate", *_fork(net, branch(net, x, (448, 1, 1), (384, 3, 3))))
    return net.add(f"mixed{9 + number}", "Concatenate", alone, three, double, averaged(net, x, 192))


def inception_v3() -> Spec:
    """Eleven modules of parallel branches on pictures of 299 x 299; layers as in Keras."""
    net = Net("inception_v3")
    x = stem(net)
    for i, pooled in enumerate((32, 64, 64)):
        x = _a(net, f"mixed{i}", x, pooled)
    smaller = [reduction(net, x, (384, 3, 3)), reduction(net, x, (64, 1, 1), (96, 3, 3), (96, 3, 3)), largest(net, x)]
    x = net.add("mixed3", "Concatenate", *smaller)
    for i, n in enumerate((128, 160, 160, 192), start=4):
        x = _b(net, f"mixed{i}", x, n)
    smaller = [
        reduction(net, x, (192, 1, 1), (320, 3, 3)),
        reduction(net, x, (192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3)),
        largest(net, x),
    ]
    x = net.add("mixed8", "Concatenate", *smaller)
    for i in range(2):
        x = _c(net, i, x)
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


NETWORKS = {"inception_v3": Network("Inception v3", "pictures", inception_v3, 1000, PAPER)}
