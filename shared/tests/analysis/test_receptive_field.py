"""Receptive fields against published ones, and against what a net itself shows: which inputs move an output."""

import pytest
from visualnn_shared.analysis.receptive_field import receptive_fields
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.zoo.builder import Net


def chain(*layers: tuple[str, dict[str, object]], shape: tuple[int, ...] = (224, 224, 3)) -> tuple[int, ...] | None:
    net = Net("chain")
    net.input("in", *shape)
    for i, (type, params) in enumerate(layers):
        net.add(f"l{i}", type, **params)
    resolved = resolve(net.spec())
    assert resolved.problems == []
    return receptive_fields(resolved).get(f"l{len(layers) - 1}")


CONV = ("Conv2D", {"filters": 4, "kernel_size": 3})
POOL = ("MaxPooling2D", {"pool_size": 2})


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([CONV], (3, 3)),
        ([CONV, CONV, CONV], (7, 7)),
        ([("Conv2D", {"filters": 4, "kernel_size": [3, 5], "strides": 2}), CONV], (7, 9)),
        ([("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2})], (5, 5)),
        ([CONV, ("ReLU", {}), ("BatchNormalization", {}), POOL, CONV], (8, 8)),
        ([POOL, ("UpSampling2D", {"size": 2})], (2, 2)),
        ([CONV, ("GlobalAveragePooling2D", {})], None),
        ([CONV, ("Flatten", {}), ("Dense", {"units": 3})], None),
        ([("Rescaling", {"scale": 0.5}), ("RandomFlip", {}), CONV], (3, 3)),
        ([CONV, ("Permute", {"dims": [2, 1, 3]})], None),
        ([CONV, ("ZeroPadding2D", {"padding": 1}), CONV], (5, 5)),
    ],
)
def test_a_window_grows_by_the_jump_between_its_cells(
    layers: list[tuple[str, dict[str, object]]], field: tuple[int, ...] | None
) -> None:
    assert chain(*layers) == field


def test_alexnet_and_vgg_16_have_their_published_fields() -> None:
    # Araujo, Norris and Sim 2019, table 1: AlexNet 195, VGG-16 212 (both at the last pooling layer)
    def pool(n: int) -> tuple[str, dict[str, object]]:
        return ("MaxPooling2D", {"pool_size": n, "strides": 2})

    def conv(size: int, stride: int = 1) -> tuple[str, dict[str, object]]:
        return ("Conv2D", {"filters": 2, "kernel_size": size, "strides": stride, "padding": "same"})

    alexnet = [conv(11, 4), pool(3), conv(5), pool(3), conv(3), conv(3), conv(3), pool(3)]
    assert chain(*alexnet) == (195, 195)
    vgg = [layer for count in (2, 2, 3, 3, 3) for layer in (*[conv(3)] * count, pool(2))]
    assert chain(*vgg) == (212, 212)


def test_where_branches_meet_the_largest_counts() -> None:
    net = Net("branches")
    x = net.input("in", 16, 16, 3)
    wide = net.add("wide", "Conv2D", x, filters=3, kernel_size=5, padding="same")
    net.add("sum", "Add", x, wide)
    assert receptive_fields(resolve(net.spec()))["sum"] == (5, 5)
