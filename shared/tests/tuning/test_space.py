"""The dimensions of a search: what may be one, and where its values go."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from visualnn_shared import zoo
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.errors import Invalid
from visualnn_shared.training.recipe import TuneParams
from visualnn_shared.training.space import Dimension, FloatRange, put_recipe, put_spec
from visualnn_shared.tuning.planning import plan_tune, training

RATE = {"type": "float", "low": 1e-4, "high": 0.1, "log": True}
DIGITS = DatasetSchema.model_validate(
    {
        "features": [
            {"name": "x", "shape": [784], "dtype": "uint8", "whole": True, "min": 0, "max": 255},
        ],
        "label": {
            "name": "y", "kind": "class", "shape": [], "dtype": "uint8", "whole": True, "min": 0, "max": 9,
            "n_classes": 10,
        },
    }
)  # fmt: skip
SPLITS = {"train": 100}
SPEC = zoo.load("mnist-dnn")
LAYER = next(layer.name for layer in SPEC.layers if "units" in layer.params)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "float", "low": 1, "high": 1}, "low must be below high"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "low must be above 0 where log is true"),
        ({"type": "float", "low": "0", "high": 1}, "valid number"),
        ({"type": "float", "low": math.nan, "high": 1}, "finite"),
        ({"type": "int", "low": 1.5, "high": 4}, "integer"),
        ({"type": "choice", "choices": ["one"]}, "at least 2 items"),
        ({"type": "choice", "choices": [0.1, 1, 0.1]}, "choices must differ; received 0.1 more than once"),
        ({"type": "normal", "low": 0, "high": 1}, "does not match any of the expected tags"),
        ({"low": 0, "high": 1}, "discriminator"),
    ],
)
def test_a_dimension_that_says_nothing_to_search_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(Dimension).validate_python(given)


@given(st.floats(0, 1), st.booleans())
def test_a_share_of_a_range_is_a_value_of_that_share(share: float, log: bool) -> None:
    dimension = FloatRange(type="float", low=1e-5, high=10.0, log=log)
    value = dimension.at(share)
    assert 1e-5 <= value <= 10.0
    assert dimension.share(value) == pytest.approx(share, abs=1e-9)


def test_values_go_into_a_recipe_and_names_become_objects() -> None:
    values = {"params.learning_rate": 0.5, "params.optimizer.momentum": 0.9, "model.layers.a.params.units": 3}
    assert put_recipe({"epochs": 3, "optimizer": "sgd"}, values) == {
        "epochs": 3, "learning_rate": 0.5, "optimizer": {"name": "sgd", "momentum": 0.9},
    }  # fmt: skip


def test_values_go_into_entries_of_lists_and_the_recipe_stays_as_it_is() -> None:
    recipe = {
        "preprocessing": [{"step": "fill", "strategy": "mean"}, {"step": "standardise"}],
        "augmentation": {"x": ["flip"]},
    }
    values = {"params.preprocessing.0.strategy": "median", "params.augmentation.x.0.axis": 1}
    made = put_recipe(recipe, values)
    assert made["preprocessing"] == [{"step": "fill", "strategy": "median"}, {"step": "standardise"}]
    assert made["augmentation"] == {"x": [{"name": "flip", "axis": 1}]}
    assert recipe["preprocessing"][0]["strategy"] == "mean"  # type: ignore[index]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=3),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab0"), inner)),
       st.lists(st.sampled_from(["a", "b", "0", "1", "\u0663", "name"]), min_size=1, max_size=4))  # fmt: skip
def test_whatever_a_dimension_names_it_gets_its_value_or_is_refused(recipe: Any, keys: list[str]) -> None:
    try:
        found: Any = put_recipe({"r": recipe}, {f"params.r.{'.'.join(keys)}": 7})["r"]
    except Invalid as error:
        assert "a place that recipe has" in error.problems[0].rule  # noqa: PT017 - it may be refused, and need not
        return
    for key in keys:
        found = found[int(key) if isinstance(found, list) else key]
    assert found == 7


def test_a_whole_object_goes_before_its_parts() -> None:
    values = {"params.optimizer.momentum": 0.5, "params.optimizer": "sgd"}
    assert put_recipe({}, values) == {"optimizer": {"name": "sgd", "momentum": 0.5}}


def test_values_go_into_a_layer_and_the_network_is_the_same_where_none_does() -> None:
    assert put_spec(SPEC, {"params.learning_rate": 0.1}) is SPEC
    changed = put_spec(SPEC, {f"model.layers.{LAYER}.params.units": 7})
    assert {one.name: one.params for one in changed.layers}[LAYER]["units"] == 7
    assert sum(one != two for one, two in zip(SPEC.layers, changed.layers, strict=True)) == 1


@pytest.mark.parametrize(
    ("space", "where", "said"),
    [
        ({"learning_rate": RATE}, "params.space.learning_rate", "a dimension must be params.FIELD"),
        ({"params.learningrate": RATE}, "params.space.params.learningrate", "a field of a train job"),
        ({"params.learning_rate": {**RATE, "low": 0.1, "high": 1000.0}}, "params.space.params.learning_rate", "100"),
        ({"params.optimizer": {"type": "choice", "choices": ["adam", "adamm"]}}, "params.space.params.optimizer", ""),
        ({"params.batch_size": {"type": "float", "low": 1, "high": 9}}, "params.space.params.batch_size", "integer"),
        ({"params.metrics": {"type": "choice", "choices": [["mae"], []]}}, "params.space.params.metrics", "measured"),
        ({"params.loss": {"type": "choice", "choices": ["mse", "mae"]}}, "params.space.params.loss", "measured"),
        ({"params.loss_weights.predictions": RATE}, "params.space.params.loss_weights.predictions", "measured"),
        ({"params.augmentation.0.stddev": RATE}, "params.space.params.augmentation.0.stddev", "a place that recipe"),
        ({"params.epochs.first": RATE}, "params.space.params.epochs.first", "a place that recipe has"),
        ({"model.layers.nowhere.params.units": {"type": "int", "low": 1, "high": 9}},
         "params.space.model.layers.nowhere.params.units", "a layer of the model"),
        ({f"model.layers.{LAYER}.params.units": {"type": "int", "low": 0, "high": 9}},
         f"params.space.model.layers.{LAYER}.params.units", "units must be"),
    ],
)  # fmt: skip
def test_what_no_trial_could_have_is_told_before_anything_is_queued(
    space: dict[str, Any], where: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        plan_tune(SPEC, DIGITS, SPLITS, TuneParams.model_validate({"space": space}))
    assert {one.where.field for one in refused.value.problems} == {where}
    assert said in refused.value.problems[0].rule


def test_a_monitor_that_no_training_reports_is_refused() -> None:
    params = TuneParams.model_validate({"space": {"params.learning_rate": RATE}, "monitor": "val_f1"})
    with pytest.raises(Invalid, match="monitor must be one of"):
        plan_tune(SPEC, DIGITS, SPLITS, params)


def test_problems_of_the_shared_recipe_are_told_at_their_place_with_those_of_names() -> None:
    given = {"space": {"params.learning_rat": RATE}, "recipe": {"loss": "mse", "validation_split": 0.9999}}
    with pytest.raises(Invalid) as refused:
        plan_tune(SPEC, DIGITS, SPLITS, TuneParams.model_validate(given))
    fields = {str(one.where.field) for one in refused.value.problems}
    assert "params.space.params.learning_rat" in fields
    assert any(field.startswith("params.recipe.") for field in fields)


def test_samples_are_set_aside_to_compare_trials_by() -> None:
    params = TuneParams.model_validate({"space": {"params.learning_rate": RATE}})
    chosen = plan_tune(SPEC, DIGITS, SPLITS, params)
    assert chosen["validation_split"]["value"] == 0.2
    assert chosen["monitor"]["value"] == "val_loss"
    made = training(SPEC, DIGITS, SPLITS, params, {"params.learning_rate": 0.01})
    assert (made.params.validation_split, made.plan.params.learning_rate) == (0.2, 0.01)
