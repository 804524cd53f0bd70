import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.spec.received import LONGEST, MOST, shown


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3), (True, True), (None, None), (2.5, 2.5), ("text", "text"), ((1, 2), [1, 2]), ({"a": (1,)}, {"a": [1]}),
        (math.nan, "nan"), (-math.inf, "-inf"), (2**60, str(2**60)), (1 << 9999, "an integer of 10000 bits"),
        ((FREE, 3), ["?", 3]), (b"x", "b'x'"), (Hostile(), "a Hostile"),
        ("x" * 1000, "x" * LONGEST + "..."), ("\ud800", "?"),
        (list(range(100)), [*range(MOST), "... 80 more"]),
        ([[[[[1]]]]], [[[["..."]]]]),
    ],
    ids=lambda v: repr(type(v).__name__),
)  # fmt: skip
def test_a_value_is_shown_as_it_is_or_short(value: Any, expected: Any) -> None:
    assert shown(value) == expected


def test_long_objects_are_cut() -> None:
    seen = shown({str(i): i for i in range(1000)})
    assert len(seen) == MOST + 1
    assert seen["..."] == "980 more"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


@given(values)
def test_whatever_is_received_can_be_sent_as_json(value: Any) -> None:
    json.dumps(shown(value), allow_nan=False).encode("utf-8")
