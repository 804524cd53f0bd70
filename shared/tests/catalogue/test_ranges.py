"""Kinds of one number or several: what they take, what a pair says, and the words of a refusal."""

from typing import Any

import pytest
from visualnn_shared.catalogue.kinds import Float, Int, Kind, Refused
from visualnn_shared.catalogue.ranges import NumberOrNumbers, Span, itself, minus, one, zero

TAKEN: list[tuple[Kind, Any, Any]] = [
    (Span(Float(0, 1), zero), 0.5, 0.5),
    (Span(Float(0, 1), zero), 1, 1.0),
    (Span(Float(0, 1), zero), [0, 0.5], 0.5),
    (Span(Float(0, 1), zero), [0.25, 0.5], (0.25, 0.5)),
    (Span(Float(0, 1), minus), [-0.5, 0.5], 0.5),
    (Span(Float(0, 1), minus), [0.0, 0.5], (0.0, 0.5)),
    (Span(Float(-1, 1), minus), [-0.5, 0.25], (-0.5, 0.25)),
    (Span(Int(1, 8), one), [1, 4], 4),
    (Span(Int(1, 8), one), [2, 4], (2, 4)),
    (Span(Int(1), itself), [3, 3], 3),
    (NumberOrNumbers(Float()), 2, 2.0),
    (NumberOrNumbers(Float()), [1, 2], (1.0, 2.0)),
]
REFUSED: list[tuple[Kind, Any, str]] = [
    (Span(Float(0, 1), zero), 2, "a number from 0 to 1, or [low, high] of two such"),
    (Span(Float(0, 1), zero), [0.5, 0.25], "a number from 0 to 1, or [low, high] of two such"),
    (Span(Float(0, 1), minus), [-0.5, 0.25], "a number from 0 to 1, or [low, high] of two such"),
    (Span(Int(1, 8), one), [1], "an integer from 1 to 8, or [low, high] of two such"),
    (Span(Int(1, 8), one), [1, 2, 3], "an integer from 1 to 8, or [low, high] of two such"),
    (Span(Int(1, 8), one), None, "an integer from 1 to 8, or [low, high] of two such"),
    (NumberOrNumbers(Int(0)), [], "an integer of at least 0, or a list of such"),
    (NumberOrNumbers(Int(0)), [1, -1], "an integer of at least 0, or a list of such"),
    (NumberOrNumbers(Int(0)), "1", "an integer of at least 0, or a list of such"),
]


@pytest.mark.parametrize(("kind", "value", "clean"), TAKEN)
def test_a_value_becomes_its_normal_form(kind: Kind, value: Any, clean: Any) -> None:
    assert kind.clean(value) == clean
    assert type(kind.clean(value)) is type(clean)
    assert kind.clean(clean) == clean


@pytest.mark.parametrize(("kind", "value", "rule"), REFUSED)
def test_a_refusal_says_the_rule(kind: Kind, value: Any, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        kind.clean(value)
    assert refused.value.must_be == rule
