"""Each likely mistake is told with its layer, and a good net is told nothing."""

from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.analysis.advice import advice
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.zoo.builder import Net

SOFTMAX = ("Dense", {"units": 10, "activation": "softmax"})


def told(
    *layers: tuple[str, dict[str, Any]], shape: tuple[int, ...] = (8,), **more: Any
) -> list[tuple[str | None, str]]:
    net = Net("net")
    net.input("in", *shape)
    for i, (type, params) in enumerate(layers):
        net.add(f"l{i}", type, **params)
    resolved = resolve(net.spec())
    assert resolved.problems == []
    return [(found.where.layer, found.rule) for found in advice(resolved, **more)]


@pytest.mark.parametrize(
    ("layers", "more", "where", "rule"),
    [
        ([SOFTMAX, ("Dropout", {"rate": 0.5})], {}, "l1", "Dropout should not be the last layer"),
        ([SOFTMAX], {"loss": {"name": "x", "from_logits": True}}, "l0", "a loss from logits should follow no softmax"),
        ([("Dense", {"units": 1, "activation": "softmax"})], {}, "l0", "a softmax should be over several values"),
        (
            [("Dense", {"units": 1000, "activation": "softmax"})],
            {"classes": 10},
            "l0",
            "the head should have one output",
        ),
        ([SOFTMAX, ("Softmax", {})], {}, "l1", "a softmax should not follow a softmax"),
        ([("Dense", {"units": 4}), SOFTMAX], {}, "l0", "a hidden dense layer should have an activation"),
        (
            [("Dense", {"units": 4}), ("BatchNormalization", {}), ("ReLU", {}), SOFTMAX],
            {},
            "l0",
            "a layer before batch",
        ),
    ],
)
def test_a_likely_mistake_is_told(layers: Any, more: dict[str, Any], where: str, rule: str) -> None:
    ((layer, text),) = told(*layers, **more)
    assert layer == where
    assert text.startswith(rule)


def test_cells_that_no_window_sees_are_told_but_not_subsampling_by_one_cell() -> None:
    (found,) = told(("Conv2D", {"filters": 2, "kernel_size": 2, "strides": 3}), shape=(9, 9, 1))
    assert found == ("l0", "strides should not be larger than the window")
    assert told(("Conv2D", {"filters": 2, "kernel_size": 1, "strides": 2}), shape=(9, 9, 1)) == []


def test_the_loss_and_the_classes_that_suit_are_not_told() -> None:
    assert told(SOFTMAX, loss="sparse_categorical_crossentropy", classes=10) == []
    assert told(SOFTMAX, loss={"name": "categorical_crossentropy"}, classes=None) == []


@pytest.mark.parametrize("name", ["linear", "mnist-dnn", "mnist-cnn", "imdb-lstm", "two-input", "cifar-fnn"])
def test_the_networks_of_the_zoo_are_good_nets(name: str) -> None:
    assert advice(resolve(zoo.load(name))) == []
