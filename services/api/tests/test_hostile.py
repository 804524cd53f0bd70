"""Whatever is sent, the answer is a 4xx with a problem document: never a 500, never a success."""

import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_api.examples import SPEC
from visualnn_api.views.jobs import EXAMPLES

from tests.gateway.running import Gateway

JSON = {"Content-Type": "application/json"}
ROUTES = [
    ("POST", "models"),
    ("PATCH", "models/model-1"),
    ("PUT", "models/model-1/spec"),
    ("POST", "check"),
    ("POST", "summary"),
    ("POST", "unfold"),
    ("POST", "jobs"),
    ("POST", "operators"),
    ("PUT", "operators/line/aliases/champion"),
]
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "null": b"null",
    "a list": b"[[[]]]",
    "NaN": b'{"name": NaN}',
    "infinity": b'{"name": 1e999}',
    "a huge integer": b'{"name": ' + b"9" * 4000 + b"}",
    "a deep list": b'{"name": ' + b"[" * 50_000,
    "a deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a NUL": b'{"name": "a\\u0000b"}',
    "a lone surrogate": b'{"name": "\\ud800"}',
    "a surrogate key": b'{"\\udfff": 1}',
    "no UTF-8": b'{"name": "\xc3\x28"}',
    "a doubled key": b'{"name": "a", "name": "b"}',
    "unknown keys": json.dumps({f"k{i}": i for i in range(1000)}).encode(),
    "wrong types": b'{"name": {"a": []}, "layers": "x", "kind": [], "params": 7, "dataset": {}, "model": [], "job": 1}',
    "a bomb of names": json.dumps({"name": "x" * 1_000_000}).encode(),
}


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_gets_a_problem_document(api: httpx.Client, method: str, path: str, body: bytes) -> None:
    answer = api.request(method, path, content=body, headers={**JSON, "If-Match": "*"})
    assert 400 <= answer.status_code < 500, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    assert len(answer.content) < 500_000


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999999999999"])
def test_an_impossible_content_length_is_refused(lone: Gateway, length: str) -> None:
    host, port = lone.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /api/v1/check HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nConnection: close\r\n\r\n{{}}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12).startswith(b"HTTP/1.1 4")


def test_a_body_over_the_limit_is_refused(lone: Gateway) -> None:
    limit = lone.parts.settings.max_json_bytes
    answer = lone.http.post("/api/v1/check", content=b" " * (limit + 1), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:visualnn:error:too-large"
    chunks = (b" " * 2**20 for _ in range(limit // 2**20 + 2))
    assert lone.http.post("/api/v1/check", content=chunks, headers=JSON).status_code == 413


SMALL = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=10)
ODD = st.recursive(
    SMALL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _paths(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            found += _paths(value, (*path, key))
    return found


def _changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _changed(copy[path[0]], path[1:], value)
    return copy


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_paths(SPEC)), ODD)
def test_a_spec_with_any_value_anywhere_is_accepted_or_refused_in_our_words(
    lone: Gateway, path: tuple[Any, ...], value: Any
) -> None:
    body = json.dumps(_changed(SPEC, path, value)).encode()
    for route in ("check", "summary"):
        answer = lone.http.post(f"/api/v1/{route}", content=body, headers=JSON)
        assert answer.status_code in (200, 400, 422), answer.text
        if answer.status_code != 200:
            assert answer.json()["problems"]


JOB = EXAMPLES["train"]["value"]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(_paths(JOB)), ODD)
def test_a_job_with_any_value_anywhere_is_refused_in_our_words(
    lone: Gateway, path: tuple[Any, ...], value: Any
) -> None:
    """The example names a data set that is not there, so that nothing is queued."""
    body = json.dumps(_changed(JOB, path, value)).encode()
    answer = lone.http.post("/api/v1/jobs", content=body, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["problems"]
