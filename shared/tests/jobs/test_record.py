"""What events and metrics may hold is what both databases can store."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.jobs.record import plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (math.nan, None),
        ({"loss": math.inf, "epoch": 2}, {"loss": None, "epoch": 2}),
        ("a\0b", "a\ufffdb"),
        ("\ud800", "?"),
        ((1, 2.5, True, None), [1, 2.5, True, None]),
    ],
)
def test_a_value_becomes_json_that_every_database_can_hold(value: Any, kept: Any) -> None:
    assert plain(value) == kept


@given(JSON)
def test_plain_json_is_kept_and_stays_as_it_is(value: Any) -> None:
    once = plain(value)
    assert plain(once) == once
    assert _numbers(once) == [number for number in _numbers(value) if math.isfinite(number)]


def _numbers(value: Any) -> list[float]:
    match value:
        case float():
            return [value]
        case dict():
            return [number for item in {plain(k): v for k, v in value.items()}.values() for number in _numbers(item)]
        case list():
            return [number for item in value for number in _numbers(item)]
        case _:
            return []
