from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from visualnn_shared.errors import Invalid
from visualnn_shared.ids import ID, KEY, NAME
from visualnn_shared.spec.model import ONE_LINE
from visualnn_shared.training.recipe import TrainParams, TuneParams
from visualnn_shared.validation import checked, problems_of


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rate: float = Field(ge=0, le=1)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=1)
    kind: Literal["a", "b"] | Inner = "a"
    inner: list[Inner] = []


def found(data: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return {str(p.where.field): p.rule for p in problems_of(caught.value.errors(), data)}


def test_every_broken_rule_is_reported_at_its_own_place() -> None:
    assert found({"count": 0, "inner": [{"rate": 2}, {}], "colour": "red"}) == {
        "count": "count must be greater than or equal to 1",
        "inner.0.rate": "inner.0.rate must be less than or equal to 1",
        "inner.1.rate": "inner.1.rate must be given",
        "colour": "colour must be a known key",
    }


def test_the_branches_of_a_union_make_one_problem_without_their_internal_names() -> None:
    assert list(found({"count": 1, "kind": "c"})) == ["kind"]
    assert found({"count": 1, "kind": {"rate": 3}})["kind.rate"] == "kind.rate must be less than or equal to 1"


@pytest.mark.parametrize(
    ("form", "given", "field", "said"),
    [
        (TrainParams, {"preprocessing": [{"step": "whitten"}]}, "preprocessing.0.step", "did you mean 'whiten'?"),
        (
            TrainParams,
            {"preprocessing": {"a": [{"step": "no"}]}},
            "preprocessing.a.0.step",
            "step must be one of 'fill', 'scale'",
        ),
        (TrainParams, {"preprocessing": [{}]}, "preprocessing.0.step", "step must be given"),
        (TrainParams, {"preprocessing": [{"step": "scale", "factor": "x"}]}, "preprocessing.0.factor", "a number"),
        (TrainParams, {"preprocessing": 3}, "preprocessing", "must be a list, or an object"),
        (TrainParams, {"preprocessing": [3]}, "preprocessing.0", "must be an object"),
        (TrainParams, {"schedule": {"name": "cosin"}}, "schedule.name", "did you mean 'cosine'?"),
        (TuneParams, {"space": {}}, "space", "must have at least 1 item; received {}"),
        (
            TuneParams,
            {"space": {"a": {"type": "choice", "choices": [1]}}},
            "space.a.choices",
            "at least 2 items; received",
        ),
    ],
)
def test_forms_that_a_key_tells_apart_have_one_problem_in_our_words(
    form: type[BaseModel], given: Any, field: str, said: str
) -> None:
    with pytest.raises(Invalid) as caught:
        checked(form, given, "the job")
    (only,) = caught.value.problems
    assert only.where.field == field
    assert said in str(only)


def test_checked_prefixes_fields_and_names_what_was_checked() -> None:
    with pytest.raises(Invalid, match="the training job has 2 problems") as caught:
        checked(TrainParams, {"epochs": 0, "optimizer": "magic"}, "the training job", "params")
    assert [p.where.field for p in caught.value.problems] == ["params.epochs", "params.optimizer"]
    assert "params.epochs must be greater than or equal to 1" in str(caught.value)
    assert caught.value.problems[0].received == 0


def test_received_values_are_short_and_can_be_sent_as_json() -> None:
    found = problems_of([{"loc": ("name",), "type": "string_type", "msg": "x", "input": "\ud800" * 1000}])
    assert len(str(found[0].received)) < 300
    assert found[0].model_dump_json()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"epochs": True}, ["params.epochs must be an integer"]),
        ({"epochs": "3"}, ["params.epochs must be an integer"]),
        ({"epochs": 3.0}, ["params.epochs must be an integer"]),
        ({"seed": "7"}, ["params.seed must be an integer"]),
        ({"shuffle": "no"}, ["params.shuffle must be true or false"]),
        ({"shuffle": 1}, ["params.shuffle must be true or false"]),
        ({"validation_split": False}, ["params.validation_split must be a number"]),
        ({"learning_rate": "0.1"}, ["params.learning_rate must be a number"]),
        ({"metrics": "mse"}, ["params.metrics must be a list"]),
        ({"optimizer": 3}, ["or an object"]),
        ({"optimizer": "sdg"}, ["did you mean 'sgd'?"]),
        ({"optimizer": {"name": "Adem"}}, ["did you mean 'adam'?"]),
        ({"loss": "mes"}, ["did you mean 'mse'?"]),
        ({"metrics": ["acuracy"]}, ["did you mean 'accuracy'?"]),
    ],
)
def test_params_are_read_strictly_and_refused_in_plain_words(params: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        checked(TrainParams, params, "the job", "params")
    told = "\n".join(str(one) for one in caught.value.problems)
    for text in said:
        assert text in told
    for foreign in ("a valid", "instance of", "unable to parse", "dictionary"):
        assert foreign not in told


def test_a_whole_number_is_a_real_number_and_lists_come_from_json() -> None:
    params = TrainParams.model_validate({"learning_rate": 1, "validation_split": 0, "metrics": ["mse"]})
    assert (params.learning_rate, params.metrics) == (1.0, ("mse",))
    assert TrainParams.model_validate(params.model_dump(mode="json")) == params


def test_what_is_missing_was_not_received() -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({})
    assert [one.received for one in problems_of(caught.value.errors(), {})] == [None]


@pytest.mark.parametrize(
    ("pattern", "value", "said"),
    [
        (ID, "nope.json", "an id: small letters, digits and -"),
        (NAME, "Digits", "a name of at most 63 small letters"),
        (KEY, "two words", "ASCII without spaces"),
        (ONE_LINE, "two\nlines", "one line"),
    ],
)
def test_patterns_are_told_in_words(pattern: str, value: str, said: str) -> None:
    form = create_model("form", field=(str, Field(pattern=pattern)))
    with pytest.raises(Invalid) as caught:
        checked(form, {"field": value}, "it")
    (one,) = caught.value.problems
    assert said in one.rule
    assert "pattern" not in one.rule
