"""Well-known nets in the style of their authors' prototxts, written from the papers' tables; no file is copied.

Each is a text of ``layer`` messages as the authors' generators wrote them: in-place layers, BatchNorm with Scale,
``group``, Axpy, coefficients.
"""

from collections.abc import Callable, Sequence
from typing import Any


class Prototxt:
    """Appends layers; knows the last top."""

    def __init__(self, name: str, size: int = 224) -> None:
        self.parts = [f'name: "{name}"\ninput: "data"\ninput_dim: 1 input_dim: 3 input_dim: {size} input_dim: {size}\n']
        self.last = "data"

    def add(self, name: str, type: str, bottoms: Sequence[str] | None = None, top: str = "", more: str = "") -> str:
        """One layer; without ``bottoms`` behind the last, without ``top`` on a blob of its own."""
        read = "".join(f'  bottom: "{one}"\n' for one in (bottoms or [self.last]))
        self.last = top or name
        self.parts.append(f'layer {{\n  name: "{name}"\n  type: "{type}"\n{read}  top: "{self.last}"\n{more}}}\n')
        return self.last

    def inplace(self, name: str, type: str, more: str = "") -> str:
        """A layer over its input."""
        return self.add(name, type, top=self.last, more=more)

    def conv(
        self,
        name: str,
        filters: int,
        kernel: int,
        bottom: str = "",
        *,
        type: str = "Convolution",
        bias: bool = False,
        **more: Any,
    ) -> str:
        """A convolution; ``stride``, ``pad``, ``group`` by name."""
        given = {"num_output": filters, "kernel_size": kernel, **more, "bias_term": str(bias).lower()}
        fields = "".join(f"    {key}: {value}\n" for key, value in given.items())
        param = f"  convolution_param {{\n{fields}  }}\n"
        return self.add(name, type, [bottom] if bottom else None, more=param)

    def norm(self, name: str, *, relu: bool = True) -> str:
        """BatchNorm, Scale and perhaps ReLU, in place."""
        self.inplace(f"{name}/bn", "BatchNorm", "  batch_norm_param { use_global_stats: true }\n")
        self.inplace(f"{name}/scale", "Scale", "  scale_param { bias_term: true }\n")
        return self.inplace(f"{name}/relu", "ReLU") if relu else self.last

    def pool(self, name: str, kind: str, kernel: int, stride: int, bottom: str = "", pad: int = 0) -> str:
        """A pool that rounds up."""
        more = f"  pooling_param {{ pool: {kind} kernel_size: {kernel} stride: {stride} pad: {pad} }}\n"
        return self.add(name, "Pooling", [bottom] if bottom else None, more=more)

    def mean(self, name: str, bottom: str = "") -> str:
        """The mean of each channel."""
        more = "  pooling_param { pool: AVE global_pooling: true }\n"
        return self.add(name, "Pooling", [bottom] if bottom else None, more=more)

    def dense(self, name: str, units: int) -> str:
        """An InnerProduct."""
        return self.add(name, "InnerProduct", more=f"  inner_product_param {{ num_output: {units} }}\n")

    def text(self) -> str:
        """The whole."""
        return "".join(self.parts)


def resnet(depths: Sequence[int] = (3, 4, 6, 3), groups: int = 1, width: int = 64, *, squeeze: bool = False) -> str:
    """He et al. 2015, Table 1; with groups ResNeXt (Xie et al. 2016), with ``squeeze`` SENet (Hu et al. 2017)."""
    net = Prototxt("ResNet")
    net.conv("conv1", 64, 7, stride=2, pad=3)
    net.norm("conv1")
    short = net.pool("pool1", "MAX", 3, 2)
    for stage, depth in enumerate(depths):
        for block in range(depth):
            short = _bottleneck(net, short, stage, block, groups, width, squeeze=squeeze)
    net.mean("pool5")
    net.dense("fc1000", 1000)
    net.add("prob", "Softmax")
    return net.text()


def _bottleneck(net: Prototxt, short: str, stage: int, block: int, groups: int, width: int, *, squeeze: bool) -> str:
    name, filters = f"res{stage + 2}_{block}", width * 2**stage
    stride, out = (2 if block == 0 and stage else 1), 256 * 2**stage
    first, second = (stride, 1) if groups == 1 else (1, stride)
    source = short
    if block == 0:
        net.conv(f"{name}_branch1", out, 1, source, stride=stride)
        short = net.norm(f"{name}_branch1", relu=False)
    net.conv(f"{name}_a", filters, 1, source, stride=first)
    net.norm(f"{name}_a")
    net.conv(f"{name}_b", filters, 3, pad=1, stride=second, group=groups)
    net.norm(f"{name}_b")
    net.conv(f"{name}_c", out, 1)
    x = net.norm(f"{name}_c", relu=False)
    if squeeze:
        net.mean(f"{name}_squeeze")
        net.conv(f"{name}_down", out // 16, 1, bias=True)
        net.inplace(f"{name}_down/relu", "ReLU")
        net.conv(f"{name}_up", out, 1, bias=True)
        scale = net.inplace(f"{name}_up/sigmoid", "Sigmoid")
        net.add(name, "Axpy", [scale, x, short])
    else:
        net.add(name, "Eltwise", [short, x], more="  eltwise_param { operation: SUM coeff: 1 coeff: 1 }\n")
    return net.inplace(f"{name}/relu", "ReLU")


def densenet(depths: Sequence[int] = (6, 12, 24, 16), growth: int = 32) -> str:
    """Huang et al. 2016, Table 1: DenseNet-121."""
    net = Prototxt("DenseNet")
    net.conv("conv1", 2 * growth, 7, stride=2, pad=3)
    net.norm("conv1")
    x, channels = net.pool("pool1", "MAX", 3, 2, pad=1), 2 * growth
    for stage, depth in enumerate(depths, start=2):
        for block in range(1, depth + 1):
            name = f"conv{stage}_{block}"
            net.add(f"{name}/x1/bn", "BatchNorm", [x])
            net.inplace(f"{name}/x1/scale", "Scale", "  scale_param { bias_term: true }\n")
            net.inplace(f"{name}/x1/relu", "ReLU")
            net.conv(f"{name}/x1", 4 * growth, 1)
            net.norm(f"{name}/x2")
            made = net.conv(f"{name}/x2", growth, 3, pad=1)
            x, channels = net.add(f"concat_{stage}_{block}", "Concat", [x, made]), channels + growth
        net.add(f"conv{stage}_blk/bn", "BatchNorm", [x])
        net.inplace(f"conv{stage}_blk/scale", "Scale", "  scale_param { bias_term: true }\n")
        net.inplace(f"conv{stage}_blk/relu", "ReLU")
        if stage - 1 < len(depths):
            channels //= 2
            net.conv(f"conv{stage}_blk", channels, 1)
            x = net.pool(f"pool{stage}", "AVE", 2, 2)
    net.mean("pool5")
    net.conv("fc6", 1000, 1, bias=True)
    return net.text()


def squeezenet() -> str:
    """Iandola et al. 2016, Table 1, as version 1.1."""
    net = Prototxt("SqueezeNet", 227)
    net.conv("conv1", 64, 3, stride=2, bias=True)
    net.inplace("relu_conv1", "ReLU")
    net.pool("pool1", "MAX", 3, 2)
    for number, (small, wide) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)], start=2
    ):
        name = f"fire{number}"
        net.conv(f"{name}/squeeze1x1", small, 1, bias=True)
        source = net.inplace(f"{name}/relu_squeeze1x1", "ReLU")
        net.conv(f"{name}/expand1x1", wide, 1, source, bias=True)
        one = net.inplace(f"{name}/relu_expand1x1", "ReLU")
        net.conv(f"{name}/expand3x3", wide, 3, source, bias=True, pad=1)
        three = net.inplace(f"{name}/relu_expand3x3", "ReLU")
        net.add(f"{name}/concat", "Concat", [one, three])
        if number in (3, 5):
            net.pool(f"pool{number}", "MAX", 3, 2)
    net.inplace("drop9", "Dropout", "  dropout_param { dropout_ratio: 0.5 }\n")
    net.conv("conv10", 1000, 1, bias=True)
    net.inplace("relu_conv10", "ReLU")
    net.mean("pool10")
    net.add("prob", "Softmax")
    return net.text()


def mobilenet(depthwise: str = "Convolution") -> str:
    """Howard et al. 2017, Table 1; ``depthwise`` is the type that a fork gives its depthwise convolutions."""
    net = Prototxt("MobileNet")
    net.conv("conv1", 32, 3, stride=2, pad=1)
    net.norm("conv1")
    channels = 32
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    for number, (filters, stride) in enumerate(plan, start=2):
        group: dict[str, Any] = {"group": channels} if depthwise == "Convolution" else {}
        net.conv(f"conv{number}/dw", channels, 3, type=depthwise, pad=1, stride=stride, **group)
        net.norm(f"conv{number}/dw")
        net.conv(f"conv{number}/sep", filters, 1)
        net.norm(f"conv{number}/sep")
        channels = filters
    net.mean("pool6")
    net.conv("fc7", 1000, 1, bias=True)
    return net.text()


def resnet_50() -> str:
    """ResNet-50."""
    return resnet()


def resnet_152() -> str:
    """ResNet-152."""
    return resnet((3, 8, 36, 3))


def resnext_50() -> str:
    """ResNeXt-50, 32 x 4d."""
    return resnet(groups=32, width=128)


def se_resnet_50() -> str:
    """SE-ResNet-50, with Axpy."""
    return resnet(squeeze=True)


def mobilenet_of_a_fork() -> str:
    """MobileNet with a layer type for depthwise convolutions."""
    return mobilenet("ConvolutionDepthwise")


NETS: dict[str, tuple[Callable[[], str], int]] = {
    "ResNet-50": (resnet_50, 25_557_032),  # torchvision's count; conv1 has no bias
    "ResNet-152": (resnet_152, 60_192_808),
    "ResNeXt-50": (resnext_50, 25_028_904),
    "SE-ResNet-50": (se_resnet_50, 28_088_024),
    "DenseNet-121": (densenet, 7_978_856),
    "SqueezeNet 1.1": (squeezenet, 1_235_496),
    "MobileNet": (mobilenet, 4_231_976),
    "MobileNet of a fork": (mobilenet_of_a_fork, 4_231_976),
}
"""Name -> text and published number of trained parameters."""
