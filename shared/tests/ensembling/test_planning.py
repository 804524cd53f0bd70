"""What an ensemble trains, and what is refused before anything is queued."""

from typing import Any

import pytest
from visualnn_shared import zoo
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling import planning
from visualnn_shared.ensembling.report import Member, best_of, gain_of, sentence
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import EnsembleParams
from visualnn_shared.training.schedule import CyclicCosine

from shared.tests.tuning.test_advance import SCHEMA, SPEC


def params(**given: Any) -> EnsembleParams:
    return EnsembleParams.model_validate(given)


def test_members_of_seeds_differ_in_the_seed_and_share_their_validation_samples() -> None:
    made = planning.trainings(params(members=3, recipe={"seed": 2**32 - 2, "epochs": 4}))
    assert [one.seed for one in made] == [2**32 - 2, 2**32 - 1, 0]
    assert {(one.splits_by, one.validation_split, one.epochs) for one in made} == {(2**32 - 2, 0.2, 4)}


@pytest.mark.parametrize(
    ("given", "epochs", "schedule"),
    [
        ({"method": "snapshots", "members": 4, "recipe": {"epochs": 8}}, (2, 4, 6, 8), 4),
        ({"method": "snapshots", "epochs": [7, 3]}, (3, 7), None),
        ({"method": "average", "members": 3, "recipe": {"epochs": 8}}, (6, 7, 8), None),
        ({"method": "average", "epochs": [2, 9]}, (2, 9), None),
    ],
)
def test_one_training_keeps_the_snapshots(given: Any, epochs: tuple[int, ...], schedule: int | None) -> None:
    (made,) = planning.trainings(params(**given))
    assert made.snapshots == epochs
    assert made.schedule == (None if schedule is None else CyclicCosine(name="cyclic_cosine", cycles=schedule))


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"tune": "job-1"}, ["params.tune"]),
        ({"jobs": ["a", "b"], "epochs": [1, 2]}, ["params.epochs", "params.jobs"]),
        ({"method": "top_k", "parallel": 2}, ["params.parallel", "params.tune"]),
        ({"method": "top_k", "tune": "job-1", "recipe": {"epochs": 2}}, ["params.recipe"]),
        ({"method": "jobs", "jobs": ["a"], "members": 3}, ["params.jobs", "params.members"]),
        ({"method": "jobs", "jobs": ["a", "a", "b"]}, ["params.jobs"]),
        ({"method": "snapshots", "epochs": [3]}, ["params.epochs"]),
        ({"method": "snapshots", "epochs": [3, 11]}, ["params.epochs"]),
        ({"method": "snapshots", "epochs": [3, 4], "members": 3}, ["params.members"]),
        ({"method": "snapshots", "members": 3}, ["params.recipe.epochs"]),
        ({"method": "snapshots", "recipe": {"schedule": {"name": "cosine"}}}, ["params.recipe.schedule"]),
        ({"method": "average", "members": 11}, ["params.recipe.epochs"]),
        ({"method": "average", "recipe": {"snapshots": [1]}}, ["params.recipe.snapshots"]),
    ],
    ids=str,
)  # fmt: skip
def test_fields_that_do_not_go_with_the_method_are_all_named(given: dict[str, Any], fields: list[str]) -> None:
    found = planning.form_problems(params(**given))
    assert sorted(str(one.where.field) for one in found) == fields


def planned(**given: Any) -> dict[str, Any]:
    return planning.plan_ensemble(SPEC, DatasetSchema.model_validate(SCHEMA), {"train": 100}, params(**given))


def refused(**given: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as error:
        planned(**given)
    return {str(one.where.field): one.rule for one in error.value.problems}


def test_the_plan_tells_what_it_chose() -> None:
    found = planned(method="snapshots")
    assert (found["epochs"]["value"], found["monitor"]["value"]) == ([2, 4, 6, 8, 10], "val_loss")
    assert found["validation_split"]["value"] == 0.2


def test_problems_of_the_recipe_are_told_where_it_is() -> None:
    found = refused(recipe={"optimizer": {"name": "sgd", "momentum": 7}}, monitor="val_magic", tune="job-1")
    assert set(found) == {"params.recipe.optimizer.momentum", "params.tune"}
    assert "val_loss, val_accuracy" in refused(monitor="accuracy")["params.monitor"]
    early = refused(method="average", recipe={"early_stopping": {}})
    assert "without early_stopping" in early["params.recipe.snapshots"]


def test_symbols_of_a_sequence_cannot_be_averaged_but_weights_can() -> None:
    spec = read_spec({
        "visualnn": 1, "name": "ctc", "outputs": ["out"],
        "layers": [{"name": "x", "type": "Input", "params": {"shape": [9, 4]}},
                   {"name": "out", "type": "Dense", "params": {"units": 5}, "inputs": ["x"]}],
    })  # fmt: skip
    schema = DatasetSchema.model_validate({
        "features": [{"name": "x", "shape": [9, 4], "dtype": "float32", "whole": False, "min": 0, "max": 1}],
        "label": {"name": "y", "shape": [3], "dtype": "int64", "kind": "class", "whole": True, "min": 0, "max": 4},
    })  # fmt: skip
    given = {"recipe": {"loss": "ctc", "epochs": 10}}
    with pytest.raises(Invalid) as error:
        planning.plan_ensemble(spec, schema, {"train": 100}, params(**given))
    (found,) = error.value.problems
    assert "whose mean is an answer" in found.rule
    assert planning.plan_ensemble(spec, schema, {"train": 100}, params(**given, method="average"))["epochs"]


def test_a_network_that_would_be_too_large_is_refused() -> None:
    deep = zoo.load("mnist-dnn")
    chain = [deep.layers[1].model_copy(update={"name": f"d{n}", "inputs": (f"d{n - 1}",)}) for n in range(1, 900)]
    first = deep.layers[0].model_copy(update={"name": "d0"})
    spec = deep.model_copy(update={"layers": (first, *chain), "outputs": ("d899",)})
    served: Any = type("S", (), {"scores_by": None})()
    (found,) = planning.size_problems([spec] * 32, [served] * 32)
    assert "at most 20,000 layers" in found.rule


def member(number: int, **metrics: float) -> Member:
    return Member(number=number, job=f"job-{number}", metrics={"val": dict(metrics)})


def test_a_gain_above_0_is_better_whichever_way_the_metric_points() -> None:
    members = [member(1, loss=0.5, accuracy=0.8), member(2, loss=0.3, accuracy=0.9), member(3, loss=0.4, accuracy=0.9)]
    assert best_of(members, "val_loss") == 2
    assert best_of(members, "val_accuracy") == 2
    gain = gain_of("val", 10, members, 2, {"loss": 0.35, "accuracy": 0.95})
    assert gain.mean == pytest.approx({"loss": 0.4, "accuracy": 0.8666667})
    assert gain.over_mean == pytest.approx({"loss": 0.05, "accuracy": 0.0833333})
    assert gain.over_best == pytest.approx({"loss": -0.05, "accuracy": 0.05})
    assert "better than the mean by +0.05, than the best by -0.05" in sentence(gain, "loss")
