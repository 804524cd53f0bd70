from typing import Any

import pytest
from visualnn_shared.analysis.params import MOST_UNKNOWN, clean_params
from visualnn_shared.catalogue import CATALOGUE


def test_every_parameter_is_there_and_normal() -> None:
    params, problems = clean_params(CATALOGUE["Conv2D"], {"filters": 4, "kernel_size": 3, "activation": None})
    assert problems == []
    assert set(params) == set(CATALOGUE["Conv2D"].kinds)
    assert params["kernel_size"] == (3, 3)
    assert params["activation"] == "linear"


def test_every_wrong_parameter_is_a_problem_of_its_own() -> None:
    given: dict[str, Any] = {"filters": 0, "kernel_size": "3", "padding": [[1]], "nosuch": 1, "use_bias": "yes"}
    _params, problems = clean_params(CATALOGUE["Conv2D"], given, "conv")
    assert [p.where.param for p in problems] == ["filters", "kernel_size", "padding", "nosuch", "use_bias"]
    assert {p.where.layer for p in problems} == {"conv"}


def test_contradictions_are_all_named_once_the_values_are_right() -> None:
    given = {"filters": 5, "kernel_size": 3, "groups": 2, "strides": 2, "dilation_rate": 2}
    _params, problems = clean_params(CATALOGUE["Conv2D"], given)
    assert [p.where.param for p in problems] == ["dilation_rate", "groups"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("data_format", "a spec is always channels-last; leave it out"),
        ("name", "the name stands beside the type, not in the parameters"),
        ("unit", "did you mean 'units'?"),
    ],
)
def test_a_parameter_from_elsewhere_gets_a_hint(name: str, hint: str) -> None:
    _params, problems = clean_params(CATALOGUE["Dense"], {"units": 1, name: 1})
    assert [p.hint for p in problems] == [hint]


def test_a_flood_of_unknown_parameters_is_cut_short() -> None:
    _params, problems = clean_params(CATALOGUE["Dense"], {f"p{i}": 1 for i in range(100_000)})
    assert len(problems) <= MOST_UNKNOWN + 2
