"""ResNet: blocks that add what they compute to their input."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "K. He, X. Zhang, S. Ren, J. Sun (2015): Deep Residual Learning for Image Recognition"
EPSILON = 1.001e-5


def _conv(net: Net, name: str, x: str, filters: int, size: int, stride: int, bias: bool, relu: bool = True) -> str:
    """Convolution, batch normalisation and, but for the end of a branch, ReLU; stages are named as in Keras.

    A strided window of 3 x 3 is padded by one cell on each side, as in the paper, where "same" would take one side.
    """
    padding = "valid" if size == 1 else "same" if stride == 1 else [[1, 1], [1, 1]]
    net.add(
        f"{name}_conv", "Conv2D", x, filters=filters, kernel_size=size, strides=stride, padding=padding, use_bias=bias
    )
    net.add(f"{name}_bn", "BatchNormalization", epsilon=EPSILON)
    return net.add(f"{name}_relu", "Activation", activation="relu") if relu else net.last


def _bottleneck(net: Net, name: str, x: str, filters: int, stride: int, project: bool) -> str:
    """1 x 1, 3 x 3 and 1 x 1 with four times the filters; where the shape changes, the shortcut is projected."""
    shortcut = _conv(net, f"{name}_0", x, 4 * filters, 1, stride, True, relu=False) if project else x
    _conv(net, f"{name}_1", x, filters, 1, stride, True)
    _conv(net, f"{name}_2", net.last, filters, 3, 1, True)
    branch = _conv(net, f"{name}_3", net.last, 4 * filters, 1, 1, True, relu=False)
    net.add(f"{name}_add", "Add", shortcut, branch)
    return net.add(f"{name}_out", "Activation", activation="relu")


def _basic(net: Net, name: str, x: str, filters: int, stride: int, project: bool) -> str:
    """Two windows of 3 x 3. Convolutions have no bias, because batch normalisation follows."""
    shortcut = _conv(net, f"{name}_0", x, filters, 1, stride, False, relu=False) if project and stride > 1 else x
    _conv(net, f"{name}_1", x, filters, 3, stride, False)
    branch = _conv(net, f"{name}_2", net.last, filters, 3, 1, False, relu=False)
    net.add(f"{name}_add", "Add", shortcut, branch)
    return net.add(f"{name}_out", "Activation", activation="relu")


def _resnet(name: str, blocks: tuple[int, int, int, int], bottleneck: bool) -> Spec:
    net = Net(name)
    net.input("input", 224, 224, 3)
    net.add("conv1_pad", "ZeroPadding2D", padding=3)
    net.add("conv1_conv", "Conv2D", filters=64, kernel_size=7, strides=2, use_bias=bottleneck)
    net.add("conv1_bn", "BatchNormalization", epsilon=EPSILON)
    net.add("conv1_relu", "Activation", activation="relu")
    net.add("pool1_pad", "ZeroPadding2D", padding=1)
    x = net.add("pool1_pool", "MaxPooling2D", pool_size=3, strides=2)
    block = _bottleneck if bottleneck else _basic
    for stage, count in enumerate(blocks, start=2):
        for i in range(1, count + 1):
            stride = 2 if i == 1 and stage > 2 else 1
            x = block(net, f"conv{stage}_block{i}", x, 64 * 2 ** (stage - 2), stride, i == 1)
    net.add("avg_pool", "GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


def resnet18() -> Spec:
    """Eight residual blocks of two convolutions of 3 x 3."""
    return _resnet("resnet18", (2, 2, 2, 2), bottleneck=False)


def resnet34() -> Spec:
    """Sixteen residual blocks of two convolutions of 3 x 3."""
    return _resnet("resnet34", (3, 4, 6, 3), bottleneck=False)


def resnet50() -> Spec:
    """Sixteen residual blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions; layers as in Keras."""
    return _resnet("resnet50", (3, 4, 6, 3), bottleneck=True)


def resnet101() -> Spec:
    """Thirty-three residual blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions; layers as in Keras."""
    return _resnet("resnet101", (3, 4, 23, 3), bottleneck=True)


def resnet152() -> Spec:
    """Fifty residual blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions; layers as in Keras."""
    return _resnet("resnet152", (3, 8, 36, 3), bottleneck=True)


NETWORKS = {
    "resnet18": Network("ResNet-18", "pictures", resnet18, 1000, PAPER),
    "resnet34": Network("ResNet-34", "pictures", resnet34, 1000, PAPER),
    "resnet50": Network("ResNet-50", "pictures", resnet50, 1000, PAPER),
    "resnet101": Network("ResNet-101", "pictures", resnet101, 1000, PAPER),
    "resnet152": Network("ResNet-152", "pictures", resnet152, 1000, PAPER),
}
