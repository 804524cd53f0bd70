"""MobileNet: convolutions split into one for each channel and one of 1 x 1, for phones."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

MOBILENET = (
    "A. G. Howard, M. Zhu, B. Chen and others (2017): "
    "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications"
)
MOBILENET_V2 = (
    "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen (2018): "
    "MobileNetV2: Inverted Residuals and Linear Bottlenecks"
)
BOTTOM_RIGHT = [[0, 1], [0, 1]]
"""What a window of 3 with stride 2 needs on an even size."""


def _relu6(net: Net, name: str) -> str:
    return net.add(name, "ReLU", max_value=6.0)


def _separable(net: Net, number: int, filters: int, stride: int) -> str:
    if stride > 1:
        net.add(f"conv_pad_{number}", "ZeroPadding2D", padding=BOTTOM_RIGHT)
    net.add(
        f"conv_dw_{number}", "DepthwiseConv2D", kernel_size=3, strides=stride, padding="valid" if stride > 1 else
        "same", use_bias=False,
    )  # fmt: skip
    net.add(f"conv_dw_{number}_bn", "BatchNormalization")
    _relu6(net, f"conv_dw_{number}_relu")
    net.add(f"conv_pw_{number}", "Conv2D", filters=filters, kernel_size=1, padding="same", use_bias=False)
    net.add(f"conv_pw_{number}_bn", "BatchNormalization")
    return _relu6(net, f"conv_pw_{number}_relu")


def mobilenet() -> Spec:
    """Thirteen depthwise separable convolutions of full width on pictures of 224 x 224; layers as in Keras."""
    net = Net("mobilenet")
    net.input("input", 224, 224, 3)
    net.add("conv1", "Conv2D", filters=32, kernel_size=3, strides=2, padding="same", use_bias=False)
    net.add("conv1_bn", "BatchNormalization")
    _relu6(net, "conv1_relu")
    steps = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    for number, (filters, stride) in enumerate(steps, start=1):
        _separable(net, number, filters, stride)
    net.auto("GlobalAveragePooling2D", keepdims=True)
    net.add("dropout", "Dropout", rate=0.001)
    net.add("conv_preds", "Conv2D", filters=1000, kernel_size=1, padding="same")
    net.add("reshape_2", "Reshape", target_shape=[1000])
    net.add("predictions", "Activation", activation="softmax")
    return net.spec()


def _normalised(net: Net, name: str) -> str:
    return net.add(name, "BatchNormalization", momentum=0.999)


def _inverted(net: Net, number: int, x: str, channels: int, filters: int, stride: int) -> str:
    """Six times the channels, one window for each, back to few; added to the input where the shapes agree."""
    at, inner = (f"block_{number}_", x) if number else ("expanded_conv_", x)
    if number:
        net.add(f"{at}expand", "Conv2D", x, filters=6 * channels, kernel_size=1, padding="same", use_bias=False)
        _normalised(net, f"{at}expand_BN")
        inner = _relu6(net, f"{at}expand_relu")
    if stride > 1:
        inner = net.add(f"{at}pad", "ZeroPadding2D", inner, padding=BOTTOM_RIGHT)
    padding = "valid" if stride > 1 else "same"
    net.add(f"{at}depthwise", "DepthwiseConv2D", inner, kernel_size=3, strides=stride, padding=padding, use_bias=False)
    _normalised(net, f"{at}depthwise_BN")
    _relu6(net, f"{at}depthwise_relu")
    net.add(f"{at}project", "Conv2D", filters=filters, kernel_size=1, padding="same", use_bias=False)
    out = _normalised(net, f"{at}project_BN")
    return net.add(f"{at}add", "Add", x, out) if channels == filters and stride == 1 else out


def mobilenet_v2() -> Spec:
    """Seventeen inverted residual blocks of full width on pictures of 224 x 224; layers as in Keras."""
    net = Net("mobilenet_v2")
    net.input("input", 224, 224, 3)
    net.add("Conv1", "Conv2D", filters=32, kernel_size=3, strides=2, padding="same", use_bias=False)
    _normalised(net, "bn_Conv1")
    x, channels, number = _relu6(net, "Conv1_relu"), 32, 0
    for filters, count, first in [(16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]:
        for i in range(count):
            x = _inverted(net, number, x, channels, filters, 1 if i else first)
            channels, number = filters, number + 1
    net.add("Conv_1", "Conv2D", filters=1280, kernel_size=1, use_bias=False)
    _normalised(net, "Conv_1_bn")
    _relu6(net, "out_relu")
    net.auto("GlobalAveragePooling2D")
    net.add("predictions", "Dense", units=1000, activation="softmax")
    return net.spec()


NETWORKS = {
    "mobilenet": Network("MobileNet", "pictures", mobilenet, 1000, MOBILENET),
    "mobilenet_v2": Network("MobileNet v2", "pictures", mobilenet_v2, 1000, MOBILENET_V2),
}
