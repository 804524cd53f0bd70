"""SqueezeNet: few channels in, windows of 1 and 3 cells out; AlexNet's accuracy with a fiftieth of its parameters."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = (
    "F. N. Iandola, S. Han, M. W. Moskewicz and others (2016): "
    "SqueezeNet: AlexNet-level Accuracy with 50x Fewer Parameters and <0.5MB Model Size"
)
SQUEEZED = {2: 16, 3: 16, 4: 32, 5: 32, 6: 48, 7: 48, 8: 64, 9: 64}
"""Filters of a fire module's squeezing layer, by the module's number; each expanding layer has four times as many."""


def _fire(net: Net, number: int) -> str:
    squeezed, at = SQUEEZED[number], f"fire{number}"
    x = net.add(f"{at}_squeeze1x1", "Conv2D", filters=squeezed, kernel_size=1, activation="relu")
    one = net.add(f"{at}_expand1x1", "Conv2D", x, filters=4 * squeezed, kernel_size=1, activation="relu")
    three = net.add(
        f"{at}_expand3x3", "Conv2D", x, filters=4 * squeezed, kernel_size=3, padding="same", activation="relu"
    )
    return net.add(f"{at}_concat", "Concatenate", one, three)


def _squeezenet(name: str, filters: int, size: int, pools: tuple[int, ...]) -> Spec:
    """``pools`` are the numbers of the layers that pooling follows; the first convolution is layer 1."""
    net = Net(name)
    net.input("data", 227, 227, 3)
    net.add("conv1", "Conv2D", filters=filters, kernel_size=size, strides=2, activation="relu")
    for number in range(1, 10):
        if number > 1:
            _fire(net, number)
        if number in pools:
            net.add(f"pool{number}", "MaxPooling2D", pool_size=3, strides=2, ceil_mode=True)
    net.add("drop9", "Dropout", rate=0.5)
    net.add("conv10", "Conv2D", filters=1000, kernel_size=1, activation="relu")
    net.add("pool10", "GlobalAveragePooling2D")
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


def squeezenet_1_0() -> Spec:
    """Eight fire modules between two convolutions, without dense layers; pooling as in the paper."""
    return _squeezenet("squeezenet_1_0", 96, 7, (1, 4, 8))


def squeezenet_1_1() -> Spec:
    """The authors' second version: a smaller first layer and earlier pooling, for 2.4 times less arithmetic."""
    return _squeezenet("squeezenet_1_1", 64, 3, (1, 3, 5))


NETWORKS = {
    "squeezenet_1_0": Network("SqueezeNet 1.0", "pictures", squeezenet_1_0, 1000, PAPER),
    "squeezenet_1_1": Network("SqueezeNet 1.1", "pictures", squeezenet_1_1, 1000, PAPER),
}
