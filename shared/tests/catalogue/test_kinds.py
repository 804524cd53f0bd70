import math
from typing import Any

import pytest
from visualnn_shared.catalogue.kinds import (
    Axis,
    Bool,
    Choice,
    Float,
    Int,
    Kind,
    ListOf,
    Optional,
    Refused,
    Tuple,
    closest,
)
from visualnn_shared.catalogue.padding import WindowPadding, ZeroPadding

WORDS = Choice(("nearest", "bilinear"), {"NN": "nearest"})

ACCEPTED: list[tuple[Kind, Any, Any]] = [
    (Int(1), 3, 3),
    (Int(-1), -1, -1),
    (Float(0, 1), 1, 1.0),
    (Float(), -2.5, -2.5),
    (Bool(), True, True),
    (WORDS, "NN", "nearest"),
    (Optional(Int(1)), None, None),
    (Optional(Int(1)), 2, 2),
    (Tuple(2), 3, (3, 3)),
    (Tuple(2), [3, 4], (3, 4)),
    (ListOf(Int(1)), [], ()),
    (ListOf(Int(1), 1, alone=True), 5, (5,)),
    (Axis(), -1, -1),
    (Axis(several=True), [1, 2], (1, 2)),
    (WindowPadding(), "same", "same"),
    (WindowPadding(), [[1, 2], [3, 4]], ((1, 2), (3, 4))),
    (ZeroPadding(), 2, ((2, 2), (2, 2))),
    (ZeroPadding(), [1, 2], ((1, 1), (2, 2))),
    (ZeroPadding(), [[0, 1], [2, 3]], ((0, 1), (2, 3))),
    (WindowPadding(1, ("valid", "same", "causal")), "causal", "causal"),
    (WindowPadding(1), [[1, 2]], ((1, 2),)),
    (ZeroPadding(3), [1, [2, 3], 4], ((1, 1), (2, 3), (4, 4))),
]


@pytest.mark.parametrize(("kind", "value", "normal"), ACCEPTED, ids=str)
def test_a_value_becomes_its_normal_form_which_is_its_own(kind: Kind, value: Any, normal: Any) -> None:
    once = kind.clean(value)
    assert once == normal
    assert type(once) is type(normal)
    assert kind.clean(once) == once


REFUSED: list[tuple[Kind, Any, str]] = [
    (Int(1), 0, "an integer of at least 1"),
    (Int(1), True, "an integer of at least 1"),
    (Int(1), "3", "an integer of at least 1"),
    (Int(1), 2**40, "an integer of at most 2147483647"),
    (Int(2, 4), 5, "an integer from 2 to 4"),
    (Int(), 1.0, "an integer"),
    (Float(0, 1), -0.1, "a number from 0 to 1"),
    (Float(0, 1), math.nan, "a number from 0 to 1"),
    (Float(), math.inf, "a finite number"),
    (Float(), 1e39, "a finite number"),
    (Float(0, above=True), 0, "a finite number above 0"),
    (Float(), False, "a finite number"),
    (Float(), 10**400, "a finite number"),
    (Bool(), 1, "true or false"),
    (WORDS, "cubic", "one of nearest, bilinear"),
    (WORDS, ["nearest"], "one of nearest, bilinear"),
    (Optional(Int(1)), 0, "null or an integer of at least 1"),
    (Tuple(2), [1], "an integer of at least 1, or a list of 2 of them"),
    (Tuple(2), [1, 0], "an integer of at least 1, or a list of 2 of them"),
    (Tuple(2), {"h": 1}, "an integer of at least 1, or a list of 2 of them"),
    (ListOf(Int(1), 1, 3), [], "a list of 1 to 3 values, each an integer of at least 1"),
    (ListOf(Int(1)), [1] * 65, "a list of at most 64 values, each an integer of at least 1"),
    (Axis(), 0, "an axis number other than 0 (the batch)"),
    (Axis(), [1], "an axis number other than 0 (the batch)"),
    (Axis(several=True), [1, 1], "an axis number other than 0 (the batch), or a list of different ones"),
    (WindowPadding(), "SAME", '"valid", "same" or [[top, bottom], [left, right]] in cells'),
    (WindowPadding(), [[1, -1], [0, 0]], '"valid", "same" or [[top, bottom], [left, right]] in cells'),
    (WindowPadding(), [1, 1], '"valid", "same" or [[top, bottom], [left, right]] in cells'),
    (WindowPadding(cells=False), [[1, 1], [1, 1]], '"valid" or "same"'),
    (WindowPadding(3), [[1, 1], [1, 1]], '"valid", "same" or [[front, back], [top, bottom], [left, right]] in cells'),
    (ZeroPadding(), [1, 2, 3], "an integer of at least 0, [height, width] or [[top, bottom], [left, right]] in cells"),
    (ZeroPadding(), True, "an integer of at least 0, [height, width] or [[top, bottom], [left, right]] in cells"),
]


@pytest.mark.parametrize(("kind", "value", "rule"), REFUSED, ids=str)
def test_a_value_that_breaks_the_rule_is_refused_with_the_rule(kind: Kind, value: Any, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        kind.clean(value)
    assert caught.value.must_be == rule


@pytest.mark.parametrize(
    ("name", "hint"),
    [("filter", "did you mean 'filters'?"), ("FILTERS", "did you mean 'filters'?"), ("xyz", None), (3, None)],
)
def test_the_most_similar_name_is_offered(name: object, hint: str | None) -> None:
    assert closest(name, ["filters", "strides"]) == hint


def test_limits_and_choices_are_told_to_an_editor() -> None:
    assert Int(1).as_json() == {"kind": "int", "limits": {"least": 1, "most": 2147483647}}
    assert Float(0, 1).as_json() == {"kind": "float", "limits": {"least": 0, "most": 1}}
    assert WORDS.as_json()["choices"] == ["nearest", "bilinear"]
    assert Optional(Tuple(2)).as_json()["of"]["limits"] == {"length": 2}
