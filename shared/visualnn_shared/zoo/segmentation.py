"""Networks that give every cell of a picture a class."""

from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net
from visualnn_shared.zoo.network import Network

UNET = "O. Ronneberger, P. Fischer, T. Brox (2015): U-Net: Convolutional Networks for Biomedical Image Segmentation"
FCN = "J. Long, E. Shelhamer, T. Darrell (2014): Fully Convolutional Networks for Semantic Segmentation"
DEPTH = 4


def _twice(net: Net, at: str, filters: int) -> str:
    for i in (1, 2):
        net.add(f"{at}_conv{i}", "Conv2D", filters=filters, kernel_size=3, activation="relu")
    return net.last


def unet() -> Spec:
    """572 x 572 in grey to 388 x 388 in two classes: down to 28 x 28 and up again, where the way up sees the middle of
    what the way down saw at that size.
    """
    net = Net("unet")
    net.input("picture", 572, 572, 1)
    seen, size = [], 572
    for level in range(DEPTH):
        seen.append((_twice(net, f"down{level + 1}", 64 * 2**level), size - 4))
        size = (size - 4) // 2
        net.add(f"pool{level + 1}", "MaxPooling2D", pool_size=2)
    _twice(net, "bottom", 64 * 2**DEPTH)
    net.add("drop", "Dropout", rate=0.5)
    size -= 4
    for level in reversed(range(DEPTH)):
        filters, (x, width) = 64 * 2**level, seen[level]
        up = net.add(f"up{level + 1}", "Conv2DTranspose", filters=filters, kernel_size=2, strides=2, activation="relu")
        size *= 2
        middle = net.add(f"crop{level + 1}", "Cropping2D", x, cropping=(width - size) // 2)
        net.add(f"both{level + 1}", "Concatenate", middle, up)
        _twice(net, f"up{level + 1}", filters)
        size -= 4
    net.add("prob", "Conv2D", filters=2, kernel_size=1, activation="softmax")
    return net.spec()


def fcn_32s() -> Spec:
    """VGG-16 with its dense layers as convolutions, whose scores for 21 classes are made 32 times as large; sizes as in
    the authors' version: 100 cells of padding at first, the surplus cut away at the end.
    """
    net = Net("fcn-32s")
    net.input("data", 500, 500, 3)
    for block, (count, filters) in enumerate(zip((2, 2, 3, 3, 3), (64, 128, 256, 512, 512), strict=True), start=1):
        for i in range(1, count + 1):
            side = 100 if (block, i) == (1, 1) else 1
            net.add(
                f"conv{block}_{i}", "Conv2D", filters=filters, kernel_size=3, padding=[[side, side]] * 2,
                activation="relu",
            )  # fmt: skip
        net.add(f"pool{block}", "MaxPooling2D", pool_size=2, strides=2, ceil_mode=True)
    for i, size in ((6, 7), (7, 1)):
        net.add(f"fc{i}", "Conv2D", filters=4096, kernel_size=size, activation="relu")
        net.add(f"drop{i}", "Dropout", rate=0.5)
    net.add("score_fr", "Conv2D", filters=21, kernel_size=1)
    net.add("upscore", "Conv2DTranspose", filters=21, kernel_size=64, strides=32, use_bias=False)
    net.add("score", "Cropping2D", cropping=[[19, 25], [19, 25]])
    net.add("prob", "Activation", activation="softmax")
    return net.spec()


NETWORKS = {
    "unet": Network("U-Net", "segmentation", unet, 2, UNET),
    "fcn-32s": Network("FCN-32s", "segmentation", fcn_32s, 21, FCN),
}
