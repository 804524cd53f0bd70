"""Whatever stands in a parameter or feeds a layer, of any type: a problem that names layer and parameter, or a net."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_shared.analysis.summary import summarise
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.kinds import Refused
from visualnn_shared.spec.model import Layer, Spec

from shared.tests.layer_uses import one_layer

TYPES = sorted(CATALOGUE)
NAN, INFINITE = float("nan"), float("inf")
WRONG: list[Any] = [
    None, True, False, 0, 1, -1, 7, 10**30, -(10**30), 0.5, -0.5, 1e39, NAN, INFINITE, -INFINITE, "", "nonsense",
    "same",
    "relu" * 500, [], [1], [0, 0], [-1, -1], [1, 2, 3], [1.5, "a"], [[1, 2], [3, 4]], [[[[]]]], [None] * 3, [1] * 1000,
    {}, {"name": "zeros", "x": 1}, {"name": []}, {"class_name": "Dense", "config": 3}, {"type": "Dense"},
    {"type": "Dense", "params": {"units": -1}}, {"type": "Bidirectional", "params": {"layer": {"type": "Input"}}},
]  # fmt: skip


def used(name: str, **changed: Any) -> Spec:
    entry = CATALOGUE[name]
    return one_layer(entry, entry.example.inputs, {**entry.example.params, **changed})


@pytest.mark.parametrize("name", TYPES)
def test_a_wrong_value_of_any_parameter_is_a_problem_of_that_parameter(name: str) -> None:
    for param in CATALOGUE[name].params:
        for value in WRONG:
            problems = resolve(used(name, **{param.name: value})).problems
            try:
                param.kind.clean(value)
            except Refused:
                derived = value is None and param.name in dict(CATALOGUE[name].derived)
                if not derived:
                    assert problems, (param.name, value)
                    first = problems[0]
                    assert first.where.layer == "it"
                    assert (first.where.param or "").split(".")[0].split("[")[0] == param.name
                    assert first.rule
            if not problems:
                summarise(resolve(used(name, **{param.name: value})))


DIM = st.none() | st.integers(1, 9) | st.sampled_from([1000, 2**31 - 1])
SHAPES = st.lists(st.lists(DIM, max_size=6), max_size=5)


@pytest.mark.parametrize("name", [name for name in TYPES if name != "Input"])
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(shapes=SHAPES)
def test_whatever_feeds_a_layer_it_is_a_net_or_a_list_of_problems(name: str, shapes: list[list[int | None]]) -> None:
    inputs = [Layer(name=f"in{i}", type="Input", params={"shape": shape}) for i, shape in enumerate(shapes)]
    params = dict(CATALOGUE[name].example.params)
    layer = Layer(name="it", type=name, params=params, inputs=tuple(one.name for one in inputs))
    resolved = resolve(Spec(name="one", layers=(*inputs, layer), outputs=("it",)))
    if resolved.problems:
        assert all(found.rule for found in resolved.problems)
        assert any((found.where.layer or "").split("/")[0] == "it" or found.where.field for found in resolved.problems)
    else:
        summarise(resolved)
