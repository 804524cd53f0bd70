"""ETags in headers: RFC 9110, section 13."""

import pytest
from visualnn_api.conditional import if_match, none_match


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
        ('"a, b"', set()),  # an ETag has no space
        ("a", set()),
        ("", set()),
        ('"a', set()),
    ],
)
def test_if_match_gives_the_strong_etags(header: str | None, found: set[str] | None) -> None:
    assert if_match(header) == (None if found is None else frozenset(found))


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
