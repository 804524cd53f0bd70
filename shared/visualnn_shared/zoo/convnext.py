"""ConvNeXt: a convolutional network built as Transformers are."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

PAPER = "Z. Liu, H. Mao, C.-Y. Wu and others (2022): A ConvNet for the 2020s"
MEANS, DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, where 1 is full."""


def _normalised(net: Net, name: str) -> str:
    return net.add(name, "LayerNormalization", epsilon=1e-6)


def _block(net: Net, at: str, channels: int) -> str:
    """A window of 7 x 7 for each channel, then two dense layers at each place, added to the input."""
    x = net.last
    net.add(f"{at}_depthwise_conv", "Conv2D", filters=channels, kernel_size=7, padding="same", groups=channels)
    _normalised(net, f"{at}_layernorm")
    net.add(f"{at}_pointwise_conv_1", "Dense", units=4 * channels)
    net.add(f"{at}_gelu", "Activation", activation="gelu")
    net.add(f"{at}_pointwise_conv_2", "Dense", units=channels)
    net.add(f"{at}_layer_scale", "LayerScale", init_values=1e-6)
    net.add(f"{at}_identity", "Activation", activation="linear")
    return net.add(f"{at}_add", "Add", x, net.last)


def _convnext(name: str, depths: tuple[int, ...], widths: tuple[int, ...]) -> Spec:
    net = Net(name)
    net.input("input", 224, 224, 3)
    means, variances = [255 * mean for mean in MEANS], [(255 * one) ** 2 for one in DEVIATIONS]
    net.add(f"{name}_prestem_normalization", "Normalization", mean=means, variance=variances)
    net.add(f"{name}_stem_conv", "Conv2D", filters=widths[0], kernel_size=4, strides=4)
    _normalised(net, f"{name}_stem_layernorm")
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        if stage:
            _normalised(net, f"{name}_downsampling_layernorm_{stage - 1}")
            net.add(f"{name}_downsampling_conv_{stage - 1}", "Conv2D", filters=width, kernel_size=2, strides=2)
        for i in range(depth):
            _block(net, f"{name}_stage_{stage}_block_{i}", width)
    net.add(f"{name}_head_gap", "GlobalAveragePooling2D")
    _normalised(net, f"{name}_head_layernorm")
    net.add(f"{name}_head_dense", "Dense", units=1000, activation="softmax")
    return net.spec()


def convnext_tiny() -> Spec:
    """Eighteen blocks with windows of 7 x 7 on pictures of 224 x 224 with values from 0 to 255; layers as in Keras,
    which leaves out the paper's stochastic depth.
    """
    return _convnext("convnext_tiny", (3, 3, 9, 3), (96, 192, 384, 768))


NETWORKS = {"convnext_tiny": Network("ConvNeXt Tiny", "pictures", convnext_tiny, 1000, PAPER)}
