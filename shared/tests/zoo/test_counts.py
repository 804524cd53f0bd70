"""Parameters and sizes of the built-in networks against what their papers, Keras and Caffe say, or arithmetic."""

from itertools import pairwise
from math import prod

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.summary import Summary, summary

KERAS = {
    "vgg16": 138_357_544, "vgg19": 143_667_240, "resnet50": 25_636_712, "resnet101": 44_707_176,
    "resnet152": 60_419_944, "inception_v3": 23_851_784, "inception_resnet_v2": 55_873_736, "mobilenet": 4_253_864,
    "mobilenet_v2": 3_538_984, "densenet121": 8_062_504, "densenet169": 14_307_880, "densenet201": 20_242_984,
    "xception": 22_910_480, "efficientnet_b0": 5_330_571, "convnext_tiny": 28_589_128,
}  # fmt: skip
"""What Keras' documentation says of its own; ``test_keras_applications`` compares layer by layer."""

CAFFE = {
    "alexnet": 60_965_224, "googlenet": 6_998_552, "squeezenet_1_1": 1_235_496, "squeezenet_1_0": 1_248_424,
    "lenet": 431_080,
}  # fmt: skip
"""What the networks that Caffe distributes have."""


def conv(size: int, *channels: int, bias: bool = True) -> int:
    """Parameters of square convolutions one after the other."""
    return sum(size * size * a * b + bias * b for a, b in pairwise(channels))


def dense(*units: int) -> int:
    return conv(1, *units)


def lstm(features: int, units: int) -> int:
    """Four gates, each with weights for input and state, and a bias."""
    return 4 * (features + units + 1) * units


def attention(width: int) -> int:
    """Projections of query, key, value and output, all heads together."""
    return 4 * dense(width, width)


VGG16_BODY = (
    conv(3, 3, 64, 64) + conv(3, 64, 128, 128) + conv(3, 128, 256, 256, 256) + conv(3, 256, 512, 512, 512)
    + conv(3, 512, 512, 512, 512)
)  # fmt: skip
LENET_BODY = conv(5, 1, 20, 50) + dense(4 * 4 * 50, 500)
WORDS = 20_000 * 128
BY_HAND = {
    "linear": 1 + 1,
    "neurons-4-2": (3 * 4 + 4) + (4 * 2 + 2),
    "neurons-4-4-1": (3 * 4 + 4) + (4 * 4 + 4) + (4 * 1 + 1),
    "two-input": dense(8, 16) + dense(4, 16) + dense(32, 16, 3),
    "mnist-dnn": dense(784, 512, 512, 10),
    "digits-dnn": dense(64, 512, 512, 10),
    "digits-heads": dense(64, 128, 64) + dense(64, 10) + 2 * dense(64, 1),
    "cifar-fnn": dense(3072, 200, 150, 10),
    "lenet": LENET_BODY + dense(500, 10),
    "siamese": LENET_BODY + dense(500, 10, 1),
    "zfnet": conv(7, 3, 96) + conv(5, 96, 256) + conv(3, 256, 384, 384, 256) + dense(6 * 6 * 256, 4096, 4096, 1000),
    "alexnet": conv(11, 3, 96) + conv(5, 48, 256) + conv(3, 256, 384) + conv(3, 192, 384) + conv(3, 192, 256)
    + dense(6 * 6 * 256, 4096, 4096, 1000),
    "all-cnn": conv(3, 3, 96, 96, 96, 192, 192, 192, 192) + conv(1, 192, 192, 10),
    "highway": dense(784, 50) + 10 * 2 * dense(50, 50) + dense(50, 10),
    "snn-8": dense(784, *[256] * 8, 10),
    "snn-16": dense(784, *[256] * 16, 10),
    "snn-32": dense(784, *[256] * 32, 10),
    "fcn-32s": VGG16_BODY + conv(7, 512, 4096) + dense(4096, 4096, 21) + conv(64, 21, 21, bias=False),
    "unet": conv(3, 1, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024) + conv(2, 1024, 512, 256, 128, 64)
    + conv(3, 1024, 512, 512) + conv(3, 512, 256, 256) + conv(3, 256, 128, 128) + conv(3, 128, 64, 64) + dense(64, 2),
    "imdb-rnn": WORDS + (128 + 128 + 1) * 128 + dense(128, 1),
    "imdb-gru": WORDS + 3 * (128 + 128 + 2) * 128 + dense(128, 1),
    "imdb-bidirectional": WORDS + 2 * lstm(128, 64) + dense(128, 1),
    "imdb-cnn-lstm": WORDS + (5 * 128 * 64 + 64) + lstm(64, 70) + dense(70, 1),
    "transformer-encoder": 20_000 * 32 + (32 * 32 + 200 * 32) + attention(32) + dense(32, 32, 32) + 2 * 2 * 32
    + dense(32, 20, 1),
    "imdb-lstm": WORDS + lstm(128, 128) + dense(128, 1),
    "char-rnn": lstm(65, 128) + lstm(128, 128) + dense(128, 65),
    "seq2seq": lstm(71, 256) + lstm(93, 256) + dense(256, 93),
    "denoising-autoencoder": conv(3, 1, 32, 32, 32, 32, 1),
    "vqa": 10_000 * 300 + lstm(300, 512) + lstm(512, 512) + dense(4 * 512, 1024) + dense(4096, 1024)
    + dense(1024, 1000, 1000, 1000),
    "dqn": conv(8, 4, 32) + conv(4, 32, 64) + conv(3, 64, 64) + dense(7 * 7 * 64, 512, 18),
}  # fmt: skip


def totals(name: str) -> Summary:
    return summary(zoo.load(name))


@pytest.mark.parametrize(
    ("name", "params"), [(name, params) for table in (KERAS, CAFFE, BY_HAND) for name, params in table.items()]
)
def test_a_network_has_its_known_number_of_parameters(name: str, params: int) -> None:
    assert totals(name).params == params


@pytest.mark.parametrize(
    ("name", "trainable", "normalised"),
    [
        ("resnet18", 11_689_512, 64 + (4 * 64) + (5 * 128) + (5 * 256) + (5 * 512)),
        ("resnet34", 21_797_672, 64 + (6 * 64) + (9 * 128) + (13 * 256) + (7 * 512)),
    ],
)
def test_a_small_resnet_has_the_trainable_parameters_that_others_count(
    name: str, trainable: int, normalised: int
) -> None:
    """Published counts leave out the moving mean and variance of each normalised channel."""
    found = totals(name)
    assert (found.trainable_params, found.non_trainable_params) == (trainable, 2 * normalised)


def test_inception_v4_has_the_parameters_that_others_count() -> None:
    """42,679,816 with a gamma for each normalised channel, which these layers leave out."""
    found = totals("inception_v4")
    channels = found.non_trainable_params // 2
    assert found.trainable_params + channels == 42_679_816


def outputs(found: Summary, *types: str) -> int:
    """Values that the layers of these types give for one picture."""
    return sum(prod(layer.output_shape) for layer in found.layers if layer.type in types)  # type: ignore[arg-type]


def test_vgg_16_holds_15_million_values_for_a_picture() -> None:
    """The table of the course notes, row by row: convolutions, pools and dense layers, and the picture itself."""
    found = totals("vgg16")
    pictures = 2 * 224**2 * 64 + 2 * 112**2 * 128 + 3 * 56**2 * 256 + 3 * 28**2 * 512 + 3 * 14**2 * 512
    pools = 112**2 * 64 + 56**2 * 128 + 28**2 * 256 + 14**2 * 512 + 7**2 * 512
    assert outputs(found, "Conv2D") == pictures == 13_547_520
    assert outputs(found, "MaxPooling2D") == pools == 1_530_368
    assert outputs(found, "Dense") == 4096 + 4096 + 1000
    assert outputs(found, "Conv2D", "MaxPooling2D", "Dense") == 15_087_080
    assert outputs(found, "Conv2D", "MaxPooling2D", "Dense", "Input") == 15_237_608


@pytest.mark.parametrize(
    ("name", "macs"),
    [("vgg16", 15_470_264_320), ("alexnet", 724_406_816), ("resnet18", 1_814_073_344), ("mobilenet", 568_740_352)],
)
def test_a_network_costs_its_known_multiply_accumulates(name: str, macs: int) -> None:
    assert totals(name).macs == macs


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("alexnet", {"conv1": (55, 55, 96), "pool1": (27, 27, 96), "pool2": (13, 13, 256), "pool5": (6, 6, 256)}),
        ("zfnet", {"conv1": (110, 110, 96), "pool1": (55, 55, 96), "conv2": (26, 26, 256), "pool2": (13, 13, 256),
                   "pool5": (6, 6, 256)}),
        ("lenet", {"conv1": (24, 24, 20), "pool1": (12, 12, 20), "conv2": (8, 8, 50), "pool2": (4, 4, 50)}),
        ("googlenet", {"conv1_7x7_s2": (112, 112, 64), "inception_3a_output": (28, 28, 256),
                       "inception_4e_output": (14, 14, 832), "inception_5b_output": (7, 7, 1024)}),
        ("squeezenet_1_0", {"conv1": (111, 111, 96), "pool1": (55, 55, 96), "pool4": (27, 27, 256),
                            "pool8": (13, 13, 512), "conv10": (13, 13, 1000)}),
        ("inception_v4", {"mixed_5a": (35, 35, 384), "mixed_6a": (17, 17, 1024), "mixed_7a": (8, 8, 1536)}),
        ("resnet34", {"pool1_pool": (56, 56, 64), "conv3_block1_out": (28, 28, 128), "conv5_block3_out": (7, 7, 512)}),
        ("xception", {"block2_pool": (74, 74, 128), "block4_pool": (19, 19, 728), "block14_sepconv2": (10, 10, 2048)}),
        ("unet", {"down1_conv2": (568, 568, 64), "down4_conv2": (64, 64, 512), "bottom_conv2": (28, 28, 1024),
                  "crop4": (56, 56, 512), "up1": (392, 392, 64), "prob": (388, 388, 2)}),
        ("fcn-32s", {"pool5": (22, 22, 512), "fc7": (16, 16, 4096), "upscore": (544, 544, 21), "prob": (500, 500, 21)}),
        ("imdb-cnn-lstm", {"conv": (96, 64), "pool": (24, 64)}),
        ("dqn", {"conv1": (20, 20, 32), "conv2": (9, 9, 64), "conv3": (7, 7, 64)}),
        ("all-cnn", {"conv3": (16, 16, 96), "conv6": (8, 8, 192), "conv7": (6, 6, 192), "conv9": (6, 6, 10)}),
    ],
)  # fmt: skip
def test_a_network_has_the_sizes_of_its_paper(name: str, sizes: dict[str, tuple[int, ...]]) -> None:
    found = {layer.name: layer.output_shape for layer in totals(name).layers}
    assert {layer: found[layer] for layer in sizes} == sizes
