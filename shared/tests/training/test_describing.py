"""What the form is told against the models that check what comes back."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from visualnn_shared.spec.model import Spec
from visualnn_shared.training.choose import plan
from visualnn_shared.training.describing import describe
from visualnn_shared.training.loss_options import clean_loss
from visualnn_shared.training.optimizers import clean_optimizer
from visualnn_shared.training.recipe import LossChoice, Optimizer, TrainParams

FIELDS = {one["name"]: one for one in describe()}
LEAVES = [name for name, one in FIELDS.items() if one["kind"] in ("int", "float")]


def test_every_field_is_told_with_its_default_and_a_sentence() -> None:
    defaults = TrainParams().model_dump(mode="json")
    assert {name: one["default"] for name, one in FIELDS.items()} == defaults
    assert [name for name, one in FIELDS.items() if not one["doc"].endswith(".")] == []


def test_kinds_are_those_of_the_model() -> None:
    kinds = {name: one["kind"] for name, one in FIELDS.items()}
    assert kinds == {
        "epochs": "int", "batch_size": "int", "optimizer": "named", "loss": "named",
        "losses": "map", "loss_weights": "map", "labels_of": "map", "metrics": "list", "output_metrics": "map",
        "learning_rate": "float", "validation_split": "float", "schedule": "named", "early_stopping": "record",
        "keep": "choice", "class_weight": "list", "frozen": "list", "initial_weights": "text", "precision": "choice",
        "snapshots": "list", "seed": "int", "split_seed": "int", "shuffle": "bool",
        "device": "choice", "devices": "int", "time_limit_s": "float", "memory_limit_mb": "int",
        "stratify": "bool", "preprocessing": "list", "augmentation": "list",
    }  # fmt: skip


@pytest.mark.parametrize("name", LEAVES)
def test_limits_are_where_the_model_begins_to_refuse(name: str) -> None:
    limits = FIELDS[name]["limits"]
    for end, excluded, step in (("least", "above", -1), ("most", "below", 1)):
        if end not in limits:
            continue
        assert _accepts(name, limits[end]) is not limits.get(excluded, False)
        assert not _accepts(name, limits[end] + step)


@pytest.mark.parametrize("name", ["optimizer", "schedule", "loss"])
def test_every_choice_is_taken_with_the_defaults_that_are_told(name: str) -> None:
    for choice in FIELDS[name]["choices"]:
        options = FIELDS[name]["options"][choice]
        given = {"name": choice} | {one["name"]: 1 if one["required"] else one["default"] for one in options}
        made = getattr(TrainParams.model_validate({name: given}), name)
        if isinstance(made, Optimizer):
            assert clean_optimizer(made, None)[1] == []
        if isinstance(made, LossChoice):
            assert clean_loss(made)[1] == []


@pytest.mark.parametrize("name", ["preprocessing", "augmentation"])
def test_steps_are_told_as_a_list_of_named_ones_with_their_fields(name: str) -> None:
    field = FIELDS[name]
    assert field["of"] == "named"
    for choice in field["choices"]:
        told = {one["name"]: 8 if one["required"] else one["default"] for one in field["options"][choice]}
        required = {"shape": (2,)} if choice == "reshape" else {"order": "last"} if choice == "channels" else {}
        assert getattr(TrainParams.model_validate({name: [{"step": choice, **told, **required}]}), name)


@pytest.mark.parametrize("name", ["preprocessing", "augmentation"])
def test_the_documentation_has_every_step_with_its_parameters_and_defaults(name: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "06-training.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", text, re.MULTILINE))
    for step, fields in FIELDS[name]["options"].items():
        told = dict(re.findall(r"`(\w+)`(?: ([^,]+))?", rows[step]))
        assert list(told) == [one["name"] for one in fields]
        for one in fields:
            if isinstance(one["default"], str):
                assert told[one["name"]].split(",")[0] == one["default"]
            elif isinstance(one["default"], bool):
                assert told[one["name"]] == str(one["default"]).lower()
            elif one["default"] is not None:
                assert float(Fraction(told[one["name"]])) == one["default"]
            assert not (one["required"] and told[one["name"]])


def test_what_is_chosen_is_what_a_plan_fills_in() -> None:
    spec = Spec.model_validate(
        {
            "visualnn": 1,
            "name": "line",
            "layers": [
                {"name": "x", "type": "Input", "params": {"shape": [1]}, "inputs": []},
                {"name": "y", "type": "Dense", "params": {"units": 1}, "inputs": ["x"]},
            ],
            "outputs": ["y"],
        }
    )
    number = {"dtype": "float32", "min": 0.0, "max": 1.5, "whole": False, "shape": []}
    schema = {"features": [{"name": "x", **number}], "label": {"name": "y", "kind": "real", **number}}
    given = TrainParams.model_validate({"early_stopping": {}})
    filled = plan(spec, schema, {"train": 64}, given).params.model_dump()
    was = given.model_dump()
    assert {name for name in was if was[name] is None and filled[name] is not None} == {
        name for name, one in FIELDS.items() if one["chosen"] and one["kind"] != "map"
    }


def test_lists_say_what_they_hold() -> None:
    assert (FIELDS["metrics"]["of"], FIELDS["frozen"]["of"], FIELDS["class_weight"]["of"]) == (
        "choice",
        "text",
        "float",
    )
    assert FIELDS["class_weight"]["choices"] == ["balanced"]


def _accepts(name: str, value: Any) -> bool:
    try:
        TrainParams.model_validate({name: value})
    except ValidationError:
        return False
    return True
