"""ETags in headers: RFC 9110, section 13."""

import pytest
from visualnn_api.conditional import if_match, none_match
from visualnn_api.errors import Malformed


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("*", {"*"}),
        (' "a" ', {"a"}),
        ('"a", "b"', {"a", "b"}),
        ('"a","b" , "c"', {"a", "b", "c"}),
        ('W/"a", "b"', {"b"}),
        ('""', {""}),
        ("0123456789abcdef" * 4, {"0123456789abcdef" * 4}),  # ours, without its quotes
        ('W/"a"', set()),
    ],
)
def test_if_match_gives_the_strong_etags(header: str | None, found: set[str] | None) -> None:
    assert if_match(header) == (None if found is None else frozenset(found))


@pytest.mark.parametrize("header", ["a", "", '"a', "0123456789abcdef", '"a, b"'])  # an ETag has no space
def test_what_is_no_list_of_etags_is_refused_as_it_came(header: str) -> None:
    with pytest.raises(Malformed) as caught:
        if_match(header)
    (one,) = caught.value.problems
    assert (one.received, one.where.field) == (header, "If-Match")
    assert "double quotes" in one.rule


@pytest.mark.parametrize(
    ("header", "has_it"),
    [
        (None, False),
        ("*", True),
        ('"x"', True),
        ('W/"x"', True),
        ('"a", "x"', True),
        ('"a"', False),
        ("x", False),
        ("", False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, has_it: bool) -> None:
    assert none_match(header, "x") is has_it
