"""Outputs with labels of their own: whose labels are whose, what is chosen for each, and every mismatch at once."""

from typing import Any

import pytest
from visualnn_shared.datasets.schema import LabelSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.training.choose import plan_evaluate, plan_predict
from visualnn_shared.training.recipe import EvaluateParams, LossChoice, PredictParams
from visualnn_shared.training.serving import Cast, Serving

from shared.tests.training.test_choose import classes, numbers, planned, refused, schema

SPLITS = {"train": 10, "test": 4}


def net(*outputs: tuple[str, int, str]) -> Spec:
    layers = [Layer(name="in", type="Input", params={"shape": [4]})]
    for name, units, activation in outputs:
        params = {"units": units, "activation": activation}
        layers.append(Layer(name=name, type="Dense", params=params, inputs=("in",)))
    return Spec(name="net", layers=tuple(layers), outputs=tuple(name for name, *_rest in outputs))


DIGIT, PARITY, INK = ("digit", 10, "softmax"), ("parity", 1, "sigmoid"), ("ink", 1, "linear")
THREE = net(DIGIT, PARITY, INK)


def named(name: str, label: LabelSchema) -> LabelSchema:
    return label.model_copy(update={"name": name})


def data(**labels: LabelSchema) -> Any:
    return schema(None).with_labels(*(named(name, label) for name, label in labels.items()))


ALL = data(ink=numbers(0, 90), digit=classes(10), parity=classes(2))


def test_each_output_learns_from_the_labels_of_its_name() -> None:
    found = planned(THREE, ALL)
    assert found.labels == {"digit": "digit", "parity": "parity", "ink": "ink"} == found.params.labels_of
    assert found.params.loss == "sparse_categorical_crossentropy"
    losses = {"parity": LossChoice(name="binary_crossentropy"), "ink": LossChoice(name="mse")}
    assert found.params.losses == losses
    assert found.params.metrics == ("accuracy",)
    assert found.params.output_metrics == {"parity": ("accuracy",), "ink": ("mae",)}
    tasks = {name: found.serving.meaning(name).task for name in found.labels}
    assert tasks == {"digit": "classification", "parity": "binary", "ink": "regression"}
    assert found.serving.of("parity").classes == ("0", "1")
    assert {"labels_of", "losses", "output_metrics"} <= set(found.chosen)
    again = planned(THREE, ALL, **found.params.model_dump())
    assert again.params == found.params  # complete recipes are taken as they are


@pytest.mark.parametrize(
    ("spec", "labels", "params", "wanted"),
    [
        (net(DIGIT, PARITY), data(y=classes(2)), {}, {"digit": "y", "parity": "y"}),
        (net(DIGIT, PARITY), data(y=classes(10), parity=classes(2)), {}, {"digit": "y", "parity": "parity"}),
        (net(DIGIT), data(number=classes(10)), {}, {"digit": "number"}),
        (net(DIGIT), ALL, {"labels_of": {"digit": "digit"}}, {"digit": "digit"}),
        (net(("a/b", 1, "linear")), data(a_b=numbers(), other=numbers()), {"labels_of": {"a/b": "other"}},
         {"a/b": "other"}),
        (net(("head/one", 1, "linear"), ("two", 1, "linear")), data(two=numbers(), head_one=numbers()), {},
         {"head/one": "head_one", "two": "two"}),
    ],
)  # fmt: skip
def test_labels_of_no_name_are_shared(spec: Spec, labels: Any, params: dict[str, Any], wanted: dict[str, str]) -> None:
    assert planned(spec, labels, **params).labels == wanted


@pytest.mark.parametrize(
    ("spec", "labels", "params", "texts"),
    [
        (THREE, data(digit=classes(10), parity=classes(2), odd=classes(2)), {},
         ["output ink", "y_train_ink", "labels odd", "all labels must be of an output"]),
        (net(DIGIT, PARITY), data(parity=classes(2)), {}, ["output digit", "the data set has labels parity"]),
        (net(DIGIT, INK), ALL, {}, ["labels parity; outputs are digit, ink"]),
        (THREE, ALL, {"labels_of": {"dogit": "digit", "ink": "inc"}},
         ["labels_of must name outputs", "did you mean 'digit'", "labels_of must name labels", "did you mean 'ink'"]),
        (THREE, ALL, {"losses": {"parity": "sparse_categorical_crossentropy", "ink": "hinge"}},
         ["params.losses.parity", "0 and 1, or -1 and 1", "field ink"]),
        (THREE, ALL, {"output_metrics": {"ink": ["accuracy"], "pority": []}},
         ["params.output_metrics.ink.0", "output_metrics must name outputs"]),
        (THREE, ALL, {"metrics": ["accuracy"], "output_metrics": {"digit": []}}, ["must be given once"]),
        (THREE, data(digit=classes(11), parity=classes(3), ink=classes(2)), {},
         ["because digit has 10 units", "because parity is one sigmoid unit"]),
        (THREE, ALL, {"class_weight": [1.0, 2.0]}, ["one weight for each of 10 classes"]),
        (net(INK, ("level", 1, "linear")), data(ink=numbers(), level=numbers()), {"class_weight": "balanced"},
         ["class_weight must come with labels that are class numbers"]),
        (THREE, ALL, {"early_stopping": {"monitor": "val_parity_auc"}, "validation_split": 0.2},
         ["val_parity_accuracy", "val_ink_mae"]),
    ],
)  # fmt: skip
def test_every_mismatch_is_told_at_once(spec: Spec, labels: Any, params: dict[str, Any], texts: list[str]) -> None:
    found = "\n".join(refused(spec, labels, **params))
    assert [text for text in texts if text not in found] == [], found


EVALUATE, PREDICT = EvaluateParams(job="j"), PredictParams(job="j")


@pytest.mark.parametrize(
    ("trained", "labels", "wanted", "lacks"),
    [
        (ALL, ALL, {"digit": "digit", "parity": "parity", "ink": "ink"}, []),
        (ALL, data(digit=classes(10), ink=numbers()), {"digit": "digit", "ink": "ink"}, ["output parity"]),
        (ALL, data(y=classes(2)), {}, ["output digit", "output parity", "output ink"]),
        (ALL, data(digit=classes(12), parity=classes(2), ink=numbers()), {"parity": "parity", "ink": "ink"},
         ["from 0 to 9"]),
        (data(y=classes(2)), data(target=classes(2)), dict.fromkeys(("digit", "parity", "ink"), "target"), []),
        (data(y=classes(2)), data(other=classes(2), target=classes(2)),
         dict.fromkeys(("digit", "parity", "ink"), "target"), []),
    ],
)  # fmt: skip
def test_a_trained_net_is_measured_by_the_labels_that_it_learnt(
    trained: Any, labels: Any, wanted: dict[str, str], lacks: list[str]
) -> None:
    serving = planned(THREE, trained).serving
    assert plan_predict(serving, labels, SPLITS, PREDICT).labels == wanted
    if not lacks:
        assert plan_evaluate(serving, labels, SPLITS, EVALUATE).labels == wanted
        return
    with pytest.raises(Invalid) as caught:
        plan_evaluate(serving, labels, SPLITS, EVALUATE)
    assert len(caught.value.problems) == len(lacks)
    assert all(text in str(wrong) for text, wrong in zip(lacks, caught.value.problems, strict=True))


def test_older_files_have_only_steps_for_further_outputs() -> None:
    now = planned(net(DIGIT, PARITY), data(y=classes(2))).serving
    stored = now.model_dump(mode="json", exclude={"others", "label"})
    stored["more_labels"] = {"parity": [{"step": "cast", "dtype": "int32"}]}
    found = Serving.model_validate(stored)
    assert found.meaning("parity").labels == (Cast(dtype="int32"),)
    assert found.of("parity").task == "regression"  # its values are answered as they are
