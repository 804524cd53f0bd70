from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.datasets.reading import Inspected, inspect, load
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.choose import plan, plan_evaluate, plan_predict
from visualnn_shared.training.recipe import EvaluateParams, PredictParams, TrainParams
from visualnn_shared.training.serving import Fill, Numbers, Serving
from visualnn_shared.zoo import load as zoo

PREDICT = PredictParams(job="job-1")
EVALUATE = EvaluateParams(job="job-1", split="train")


def data(folder: Path, text: str) -> Inspected:
    (folder / "data.csv").write_text(text)
    return inspect(folder / "data.csv", "data.csv")


def net(units: int, activation: str) -> Spec:
    spec = zoo("linear")
    layers = list(spec.layers)
    layers[0] = layers[0].model_copy(update={"params": {"shape": [2]}})
    layers[1] = layers[1].model_copy(update={"params": {"units": units, "activation": activation}})
    return spec.model_copy(update={"layers": tuple(layers)})


def served(folder: Path, text: str, units: int = 3, activation: str = "softmax") -> Serving:
    found = data(folder, text)
    return plan(net(units, activation), found.schema, found.splits, TrainParams()).serving


PETS = "a,b,label\n1,2.5,cat\n3,4,dog\n5,6,fish\n"


def problems(job: Any, serving: Serving, found: Inspected, params: Any) -> str:
    with pytest.raises(Invalid) as caught:
        job(serving, found.schema, found.splits, params)
    return "\n".join(str(problem) for problem in caught.value.problems)


def test_text_labels_get_the_index_the_net_was_trained_with(tmp_path: Path) -> None:
    serving = served(tmp_path, PETS)
    found = data(tmp_path, "a,b,label\n1,2,fish\n3,4,cat\n")
    fit = plan_evaluate(serving, found.schema, found.splits, EVALUATE)
    labels = load(tmp_path / "data.csv", "csv", fit.schema).splits["train"].y
    assert labels is not None
    assert labels.tolist() == [2, 0]


def test_the_last_column_is_a_feature_where_the_net_needs_it(tmp_path: Path) -> None:
    serving = served(tmp_path, PETS)
    found = data(tmp_path, "a,b\n1,2\n3,4\n")
    fit = plan_predict(serving, found.schema, found.splits, PREDICT)
    split = load(tmp_path / "data.csv", "csv", fit.schema).splits["train"]
    assert (fit.features, split.y) == ({"x": "x"}, None)
    assert split.x["x"].tolist() == [[1, 2], [3, 4]]


def test_labels_that_fit_are_kept_beside_predictions_and_others_left_out(tmp_path: Path) -> None:
    serving = served(tmp_path, PETS)
    for text, kept in [(PETS, True), ("a,b,label\n1,2,bird\n", False)]:
        found = data(tmp_path, text)
        assert (plan_predict(serving, found.schema, found.splits, PREDICT).schema.label is not None) == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b,label\n1,2,bird\n", "among the net's classes (cat, dog, fish); received ['bird']"),
        ("a,b,label\n1,2,7\n", "whole numbers from 0 to 2; received '7 to 7'"),
        ("a,b,label\n1,2,0.5\n", "whole numbers from 0 to 2"),
        ("a,b,c,label\n1,2,3,cat\n", "as many values as input x takes (2)"),
        ("a,b\n1,2\n", "must have labels to evaluate on"),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    serving = served(tmp_path, PETS)
    assert expected in problems(plan_evaluate, serving, data(tmp_path, text), EVALUATE)


def test_a_split_that_is_not_there_is_refused(tmp_path: Path) -> None:
    serving = served(tmp_path, PETS)
    params = EvaluateParams(job="job-1", split="test")
    assert "it has train; use that, or all" in problems(plan_evaluate, serving, data(tmp_path, PETS), params)


def test_numbers_fit_a_regression_and_text_does_not(tmp_path: Path) -> None:
    serving = served(tmp_path, "a,b,y\n1,2,0.5\n3,4,7\n", 1, "linear")
    found = data(tmp_path, "a,b,y\n1,2,3\n")
    assert plan_evaluate(serving, found.schema, found.splits, EVALUATE).features == {"x": "x"}
    assert "labels must be numbers" in problems(plan_evaluate, serving, data(tmp_path, PETS), EVALUATE)


def test_a_binary_net_takes_two_classes(tmp_path: Path) -> None:
    serving = served(tmp_path, "a,b,y\n1,2,0\n3,4,1\n", 1, "sigmoid")
    found = data(tmp_path, "a,b,y\n1,2,1\n")
    assert plan_evaluate(serving, found.schema, found.splits, EVALUATE).schema.label is not None
    assert "from 0 to 1" in problems(plan_evaluate, serving, data(tmp_path, "a,b,y\n1,2,2\n"), EVALUATE)


@pytest.mark.parametrize(("trained", "fits", "odd"), [((0, 1), (1, 1), (-1, 1)), ((-1, 1), (-1, -1), (0, 1))])
def test_a_net_of_margins_takes_labels_as_it_was_trained_on(
    tmp_path: Path, trained: tuple[int, int], fits: tuple[int, int], odd: tuple[int, int]
) -> None:
    def rows(labels: tuple[int, int]) -> Inspected:
        return data(tmp_path, "a,b,label\n" + "".join(f"{n}.5,2,{label}\n" for n, label in enumerate(labels)))

    found = rows(trained)
    serving = plan(net(1, "tanh"), found.schema, found.splits, TrainParams(loss="hinge")).serving
    same = rows(fits)
    assert plan_evaluate(serving, same.schema, same.splits, EVALUATE)
    assert f"labels must be {trained[0]} and 1" in problems(plan_evaluate, serving, rows(odd), EVALUATE)


def test_8_bit_pictures_are_not_mixed_up_with_scaled_ones(tmp_path: Path) -> None:
    row = ",".join(str(value % 256) for value in range(0, 784 * 4, 4))
    mnist = data(tmp_path, f"{row},3\n{row},4\n")
    serving = plan(zoo("mnist-dnn"), mnist.schema, mnist.splits, TrainParams()).serving
    scaled = ",".join(["0.5"] * 784)
    found = data(tmp_path, f"{scaled},3\n")
    assert "whole numbers from 0 to 255" in problems(plan_predict, serving, found, PREDICT)
    assert plan_predict(serving, mnist.schema, mnist.splits, PREDICT).features == {"input": "x"}


def test_missing_values_are_refused_where_the_net_learned_no_filling(tmp_path: Path) -> None:
    serving = served(tmp_path, PETS)
    found = data(tmp_path, "a,b,label\n1,,cat\n3,4,dog\n")
    for job, params in ((plan_evaluate, EVALUATE), (plan_predict, PREDICT)):
        said = problems(job, serving, found, params)
        assert "x must not be missing" in said
        assert "1 missing in the columns b" in said
    fills = serving.model_copy(update={"preprocessing": {"x": (Fill(values=Numbers.of(np.zeros(2))),)}})
    assert plan_evaluate(fills, found.schema, found.splits, EVALUATE).features == {"x": "x"}
