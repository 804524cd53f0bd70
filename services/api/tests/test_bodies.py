"""Strict JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_api.bodies import MAX_DEPTH, parse
from visualnn_api.errors import Malformed

from tests.gateway.running import Gateway

REFUSED = {
    "nothing": (b"", "must be JSON"),
    "half an object": (b'{"a": 1', "must be JSON"),
    "two documents": (b"{} {}", "must be JSON"),
    "a comma too many": (b"[1,]", "must be JSON"),
    "a word": (b"hello", "must be JSON"),
    "NaN": (b'{"a": NaN}', "finite"),
    "Infinity": (b"[-Infinity]", "finite"),
    "a float beyond 64 bits": (b"[1e999]", "finite"),
    "an integer beyond 64 bits": (b'{"a": [9223372036854775808]}', "64 bits"),
    "an integer of 5,000 digits": (b"1" * 5000, "64 bits"),
    "a key that comes twice": (b'{"a": 1, "a": 2}', "each key once"),
    "a NUL in a text": (b'["a\\u0000"]', "NUL"),
    "a NUL in a key": (b'{"a\\u0000": 1}', "NUL"),
    "half a surrogate pair": (b'["\\ud800"]', "surrogate"),
    "bytes that are not UTF-8": (b'["\xff"]', "UTF-8"),
    "UTF-16": ('["a"]'.encode("utf-16"), "UTF-8"),
    "a raw line break in a text": (b'["a\nb"]', "must be JSON"),
    "deep nesting": (b"[" * 100 + b"]" * 100, "nested"),
    "very deep nesting": (b"[" * 100_000 + b"]" * 100_000, "nested"),
    "very deep objects": (b'{"a":' * 100_000, "nested"),
}


@pytest.mark.parametrize(("raw", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_strict_json_is_refused_with_the_rule(raw: bytes, rule: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(raw)
    assert any(rule in found.rule for found in caught.value.problems)


def test_a_syntax_error_says_line_and_column() -> None:
    with pytest.raises(Malformed) as caught:
        parse(b'{\n  "a": 1,\n  "b" 2\n}')
    (found,) = caught.value.problems
    assert found.where.line == 3
    assert "column 7" in found.rule


def test_every_unholdable_value_is_listed_with_its_place() -> None:
    with pytest.raises(Malformed) as caught:
        parse(b'{"a": ["\\u0000", 1e2, 9999999999999999999], "b": {"c": "\\udfff"}}')
    assert {found.where.field for found in caught.value.problems} == {"a.0", "a.2", "b.c"}


def test_nesting_up_to_the_limit_passes() -> None:
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert json.dumps(parse(raw)).encode() == raw


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="ascii", min_codepoint=32)), inner),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_every_holdable_document_is_read_as_python_reads_it(document: Any) -> None:
    assert parse(json.dumps(document).encode()) == document
    assert parse(json.dumps(document, ensure_ascii=False).encode()) == document


@given(st.binary(max_size=60) | st.text('[]{}",:0123456789eE+-.\\u nltrfas', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_in_our_words(raw: bytes) -> None:
    try:
        document = parse(raw)
    except Malformed:
        return
    assert document == json.loads(raw)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/vnd.visualnn+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_the_body_must_say_that_it_is_json(lone: Gateway, content_type: str, status: int) -> None:
    spec = lone.http.get("/api/v1/zoo/linear").content
    answer = lone.http.post("/api/v1/check", content=spec, headers={"Content-Type": content_type})
    assert answer.status_code == status
