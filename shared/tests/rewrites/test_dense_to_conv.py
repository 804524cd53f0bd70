"""Dense layers as convolutions: shapes and counts here; the values are compared with Keras in the worker's tests."""

from typing import Any

import pytest
from visualnn_shared.analysis.summary import summary
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid
from visualnn_shared.rewrites.dense_to_conv import dense_to_conv
from visualnn_shared.spec.model import Spec
from visualnn_shared.zoo.builder import Net


def vgg(width: int = 1, size: int = 224, head: tuple[int, ...] = (16, 16, 10)) -> Spec:
    """VGG-16's plan with few channels."""
    net = Net("vgg")
    net.input("in", size, size, 3)
    for block, (count, filters) in enumerate([(2, 1), (2, 2), (3, 4), (3, 8), (3, 8)]):
        for i in range(count):
            name = f"conv{block}_{i}"
            net.add(name, "Conv2D", filters=width * filters, kernel_size=3, padding="same", activation="relu")
        net.add(f"pool{block}", "MaxPooling2D")
    net.add("flat", "Flatten")
    for i, units in enumerate(head):
        net.add(f"fc{i}", "Dense", units=units, activation="relu" if i < len(head) - 1 else "softmax")
        if i < len(head) - 1:
            net.add(f"drop{i}", "Dropout", rate=0.5)
    return net.spec()


def out_shape(spec: Spec) -> Any:
    return list(resolve(spec).outputs[0][1])


def test_vgg_16_over_384_pixels_says_36_vectors() -> None:
    spec = vgg(64, head=(4096, 4096, 1000))
    found = dense_to_conv(spec, (384, 384))
    assert out_shape(found.spec) == [6, 6, 1000]
    assert summary(found.spec).params == summary(spec).params == 138_357_544
    assert found.changed == {
        "flat": "removed", "fc0": "Conv2D 7 x 7", "fc1": "Conv2D 1 x 1", "fc2": "Conv2D 1 x 1",
    }  # fmt: skip


def test_at_its_own_size_the_net_says_one_vector_and_without_a_size_it_takes_any() -> None:
    assert out_shape(dense_to_conv(vgg(), (224, 224)).spec) == [1, 1, 10]
    free = dense_to_conv(vgg()).spec
    assert free.layers[0].params["shape"] == [None, None, 3]


def test_global_pooling_becomes_a_window_of_its_size() -> None:
    net = Net("pooled")
    net.input("in", 8, 8, 3)
    net.add("conv", "Conv2D", filters=4, kernel_size=3, padding="same")
    net.add("pool", "GlobalAveragePooling2D")
    net.add("norm", "BatchNormalization", axis=1)
    net.add("fc", "Dense", units=5)
    net.add("prob", "Softmax")
    found = dense_to_conv(net.spec(), (10, 12))
    assert out_shape(found.spec) == [3, 5, 5]
    assert summary(found.spec).params == summary(net.spec()).params


FLAT, FC = ("flat", "Flatten", {}), ("fc", "Dense", {"units": 2})


@pytest.mark.parametrize(
    ("layers", "rule"),
    [
        ([FLAT, ("norm", "BatchNormalization", {}), FC], "every layer behind"),
        ([("conv", "Conv2D", {"filters": 2, "kernel_size": 3})], "the net must have a dense layer"),
        ([FLAT, ("rows", "Reshape", {"target_shape": [4, 12]}), FC], "every layer behind"),
    ],
)
def test_what_cannot_slide_is_named(layers: Any, rule: str) -> None:
    net = Net("net")
    net.input("in", 4, 4, 3)
    for name, type, params in layers:
        net.add(name, type, **params)
    with pytest.raises(Invalid) as caught:
        dense_to_conv(net.spec(), (8, 8))
    assert caught.value.problems[0].rule.startswith(rule)


def test_a_net_without_pictures_is_refused() -> None:
    net = Net("flat")
    net.input("in", 12)
    net.add("fc", "Dense", units=2)
    with pytest.raises(Invalid, match="one input of pictures"):
        dense_to_conv(net.spec(), (8, 8))


def test_a_picture_that_is_too_small_is_a_problem_of_the_new_net() -> None:
    with pytest.raises(Exception, match="must fit into the padded input"):
        dense_to_conv(vgg(), (64, 64))
