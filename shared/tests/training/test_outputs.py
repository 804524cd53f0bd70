"""Losses with parameters, and nets with several outputs: what a plan makes of them, and what it refuses."""

from typing import Any

import numpy as np
import pytest
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.recipe import LossChoice
from visualnn_shared.training.scores import scores
from visualnn_shared.training.serving import Cast

from shared.tests.training.test_choose import classes, dense, feature, numbers, planned, refused, schema

CROSS = "sparse_categorical_crossentropy"


def two(main: str = "softmax", aux: str = "softmax", units: int = 3) -> Spec:
    layers = [Layer(name="in", type="Input", params={"shape": [4]})]
    for name, activation, count in (("main", main, 3), ("aux", aux, units)):
        params = {"units": count, "activation": activation}
        layers.append(Layer(name=name, type="Dense", params=params, inputs=("in",)))
    return Spec(name="net", layers=tuple(layers), outputs=("main", "aux"))


def test_every_output_gets_a_loss_and_the_first_is_served_as_the_answer() -> None:
    found = planned(two(), schema(classes(3)), loss_weights={"aux": 0.3})
    assert (found.params.loss, found.params.losses) == (CROSS, {"aux": LossChoice(name=CROSS)})
    assert [(end.name, end.weight) for end in found.ends] == [("main", 1.0), ("aux", 0.3)]
    assert [spec.name for spec in found.serving.outputs] == ["main", "aux"]
    assert found.serving.meaning("aux") == found.serving.meaning("main")  # which learns from the same labels
    assert found.serving.meaning("aux").labels == (Cast(dtype="int32"),)
    assert found.params.labels_of == found.params.output_metrics == {}
    assert found.chosen["losses"]["value"] == {"aux": CROSS}


@pytest.mark.parametrize(
    ("params", "texts"),
    [
        ({"losses": {"sux": "mse"}}, ["losses must name outputs", "main, aux", "aux"]),
        ({"loss_weights": {"other": 1.0}}, ["loss_weights must name outputs", "params.loss_weights.other"]),
        ({"loss_weights": {"main": 0.0, "aux": 0.0}}, ["a weight above 0"]),
        ({"loss": CROSS, "losses": {"main": CROSS}}, ["must be given once"]),
        ({"losses": {"aux": "hinge"}}, ["linear or tanh"]),
        ({"losses": {"aux": {"name": "huber", "delta": 0}}}, ["delta must be", "params.losses.aux.delta"]),
    ],
)
def test_what_outputs_cannot_have_is_a_problem(params: dict[str, Any], texts: list[str]) -> None:
    found = "\n".join(refused(two(), schema(classes(3)), **params))
    assert all(text in found for text in texts), found


def test_an_output_that_does_not_fit_the_labels_is_named() -> None:
    assert "aux" in "\n".join(refused(two(units=2), schema(classes(3))))


def test_two_outputs_of_one_layer_are_refused() -> None:
    lstm = Layer(name="rnn", type="LSTM", params={"units": 3, "return_state": True}, inputs=("in",))
    net = Spec(name="net", layers=(Layer(name="in", type="Input", params={"shape": [5, 2]}), lstm),
               outputs=("rnn", "rnn:1"))  # fmt: skip
    data = schema(numbers(shape=(3,)), feature((5, 2)))
    assert "of different layers" in "\n".join(refused(net, data))


@pytest.mark.parametrize(
    ("net", "label", "loss", "wanted"),
    [
        (dense(3), classes(3), {"name": CROSS, "from_logits": True}, ("classification", "softmax")),
        (dense(1), classes(2), {"name": "binary_crossentropy", "from_logits": True}, ("binary", "sigmoid")),
        (dense(3), numbers(0, 1, (3,)), {"name": "binary_crossentropy", "from_logits": True},
         ("regression", "sigmoid")),
        (dense(3), classes(3), {"name": CROSS, "from_logits": False}, None),
        (dense(3), classes(3), {"name": "multiclass_hinge", "margin": 2}, ("classification", None)),
        (dense(1), classes(2), {"name": "contrastive"}, ("regression", None)),
        (dense(3, "linear", (5, 4)), classes(3, shape=(2,)), {"name": "ctc"}, ("sequence", None)),
    ],
)  # fmt: skip
def test_a_loss_decides_how_labels_and_values_are_read(net: Spec, label: Any, loss: Any, wanted: Any) -> None:
    data = schema(label, feature((5, 4))) if loss["name"] == "ctc" else schema(label)
    if wanted is None:
        assert "from_logits" in refused(net, data, loss=loss)[0]
        return
    found = planned(net, data, loss=loss)
    assert (found.serving.task, found.serving.scores_by) == wanted
    assert not found.params.metrics or found.params.metrics == ("accuracy",)


@pytest.mark.parametrize(
    ("net", "data", "params", "texts"),
    [
        (dense(1), schema(numbers()), {"loss": {"name": "huber", "delta": -1}}, ["delta must be", "params.loss.delta"]),
        (dense(1), schema(numbers()), {"loss": {"name": "huber", "detla": 1}}, ["must have a parameter", "delta"]),
        (dense(1), schema(numbers()), {"loss": {"name": "mse", "margin": 1}}, ["it has none"]),
        (dense(1), schema(numbers()), {"loss": "contrastive"}, ["1 for two that are alike"]),
        (dense(2), schema(classes(2)), {"loss": "contrastive"}, ["one value, the distance"]),
        (dense(3), schema(classes(3)), {"loss": "ctc"}, ["positions x symbols"]),
        (dense(3, "softmax", (5, 4)), schema(classes(3, shape=(2,)), feature((5, 4))), {"loss": "ctc"},
         ["softmax of its own"]),
        (dense(3, "linear", (5, 4)), schema(classes(9, shape=(2,)), feature((5, 4))), {"loss": "ctc"},
         ["symbols from 1 to 2"]),
        (dense(3, "linear", (5, 4)), schema(classes(3, shape=(7,)), feature((5, 4))), {"loss": "ctc"},
         ["no longer than the 5 positions"]),
        (dense(3), schema(classes(3)), {"loss": {"name": CROSS, "from_logits": True}, "metrics": ["mse"]},
         ["these fit: accuracy"]),
    ],
)  # fmt: skip
def test_a_loss_that_does_not_fit_is_a_problem(net: Spec, data: Any, params: dict[str, Any], texts: list[str]) -> None:
    found = "\n".join(refused(net, data, **params))
    assert all(text in found for text in texts), found


def test_a_loss_without_parameters_left_is_its_name() -> None:
    assert planned(dense(1), schema(numbers()), loss={"name": "huber"}).params.loss == "huber"
    kept = planned(dense(1), schema(numbers()), loss={"name": "huber", "delta": 2}).params.loss
    assert kept == LossChoice(name="huber", delta=2.0)


def test_scores_of_logits_are_shares() -> None:
    net, data = dense(3), schema(classes(3))
    serving = planned(net, data, loss={"name": CROSS, "from_logits": True}).serving
    values = np.array([[0.0, 1000.0, 0.0], [1.0, 1.0, 1.0]])
    np.testing.assert_allclose(scores(serving, values), [[0, 1, 0], [1 / 3] * 3])
    one = planned(dense(1), schema(classes(2)), loss={"name": "binary_crossentropy", "from_logits": True}).serving
    np.testing.assert_allclose(scores(one, np.array([0.0, -2000.0, np.log(3)])), [0.5, 0, 0.75])
