"""The gateway as a whole: pages, errors, guards."""

import re
import socket
from typing import Any

import httpx
import pytest

from tests.gateway.running import Gateway

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/v1/models/", 404),
        ("DELETE", "/api/v1/models", 405),
        ("POST", "/healthz", 405),
        ("PUT", "/", 405),
    ],
)
def test_an_unknown_path_or_method_is_a_problem_document(lone: Gateway, method: str, path: str, status: int) -> None:
    answer = lone.http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == status
    assert "received" in answer.json()["detail"]
    (one,) = answer.json()["problems"]
    assert one["received"] == (method if status == 405 else path)
    assert one["where"]["field"] == ("method" if status == 405 else "path")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/jobs", "GET, POST"),
        ("POST", "/api/v1/models/model-1", "DELETE, GET, PATCH"),
        ("DELETE", "/api/v1/jobs/job-1/weights", "GET, HEAD"),
    ],
)
def test_every_method_that_a_path_has_is_named(lone: Gateway, method: str, path: str, allowed: str) -> None:
    answer = lone.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert allowed.replace(", ", " or ") in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "evil.example:8000"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_requests_that_name_another_host_or_origin_are_refused(lone: Gateway, headers: dict[str, str]) -> None:
    answer = lone.http.get("/api/v1/models", headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize(
    "headers", [{"Host": "localhost:1"}, {"Origin": "http://localhost:3000"}, {"Host": "[::1]:80"}]
)
def test_requests_of_this_machine_pass(lone: Gateway, headers: dict[str, str]) -> None:
    assert lone.http.get("/api/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models/%00",
        "/api/v1/models/a%00b",
        "/api/v1/models?name=%00",
        "/api/v1/models?name=%ff",
        "/api/v1/layers/%ff",
        "/api/v1/jobs?state=%00",
        "/api/v1/operators/a%00/versions",
        "/v2/models/%00/infer",
        "/docs/%00",
    ],
)
def test_an_address_with_a_nul_or_broken_text_is_refused(lone: Gateway, path: str) -> None:
    answer = lone.http.get(path)
    assert answer.status_code == 400
    assert answer.json()["problems"][0]["rule"] == "path and query must be UTF-8 without NUL"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/models?limit=0",
        "/api/v1/models?limit=99999999999999999999999",
        "/api/v1/models?limit=ten",
        "/api/v1/models?cursor=%20",
        "/api/v1/models?cursor=" + "a" * 65,
        "/api/v1/models/UPPER",
        "/api/v1/models/model-1/versions/0",
        "/api/v1/models/model-1/versions/99999999999999999999",
        "/api/v1/models/model-1/versions?cursor=abc",
        "/api/v1/models/model-1/versions?cursor=99999999999999999999",
        "/api/v1/jobs?state=lost",
        "/api/v1/jobs?kind=dream",
        "/api/v1/jobs/job-1/events?after=-1",
        "/api/v1/jobs/job-1/events?after=99999999999999999999",
        "/api/v1/jobs/job-1/weights?format=exe",
        "/api/v1/operators/Upper",
        "/api/v1/operators/" + "a" * 64,
        "/api/v1/datasets/dataset-1/samples?split=validation",
        "/api/v1/datasets/dataset-1/samples?limit=201",
    ],
)
def test_a_parameter_out_of_its_limits_is_a_problem_with_its_name(lone: Gateway, path: str) -> None:
    answer = lone.http.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["problems"][0]["where"]["field"]


def test_all_wrong_parameters_are_listed_at_once(lone: Gateway) -> None:
    answer = lone.http.get("/api/v1/jobs?limit=0&state=lost&kind=dream")
    assert {one["where"]["field"] for one in answer.json()["problems"]} == {"limit", "state", "kind"}


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(lone: Gateway, path: str) -> None:
    page = lone.http.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert re.findall(r'(?:src|href)="(?!/|data:)', page.text) == []
    for link in re.findall(r'(?:src|href)="(/[^"]*)"', page.text):
        wanted = {503} if link == "/readyz" or link == "/api/v1/formats" else {200}  # no converter runs here
        assert lone.http.get(link).status_code in wanted, link


def test_the_documentation_page_is_a_swagger_ui_that_knows_openapi_31(lone: Gateway) -> None:
    script = lone.http.get("/docs/swagger-ui-bundle.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "SwaggerUIBundle" in script.text
    assert "3.1" in script.text
    assert "validatorUrl: null" in lone.http.get("/docs/start.js").text
    assert lone.http.get("/docs/other.js").status_code == 404


def _raw(gateway: Gateway, request: bytes) -> bytes:
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "request_line",
    [b"GET /api/v1/models\xff HTTP/1.1", b"GET /../../etc/passwd HTTP/1.1", b"GET //api/v1/models HTTP/1.1"],
)
def test_odd_request_lines_get_a_4xx(lone: Gateway, request_line: bytes) -> None:
    answer = _raw(lone, request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert re.match(rb"HTTP/1.1 4\d\d ", answer)


def test_a_request_without_host_is_refused(lone: Gateway) -> None:
    answer = _raw(lone, b"GET /api/v1/models HTTP/1.0\r\n\r\n")
    assert re.match(rb"HTTP/1.[01] 4\d\d ", answer)


def test_two_gateways_in_a_process_do_not_mix_their_metrics(lone: Gateway, another) -> None:  # type: ignore[no-untyped-def]
    other = another()
    lone.http.get("/healthz")
    assert 'route="/healthz"' not in other.http.get("/metrics").text
    assert isinstance(other.http, httpx.Client)


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "field"),
    [
        ("GET", "/api/v1/jobs/job-1", {}, 404, None),
        ("POST", "/api/v1/check", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "Content-Type"),
        ("GET", "/api/v1/models", {"headers": {"Host": "evil.example"}}, 403, None),
    ],
)
def test_every_refusal_has_its_problem(
    lone: Gateway, method: str, path: str, options: dict[str, Any], status: int, field: str | None
) -> None:
    answer = lone.http.request(method, path, **options)
    assert answer.status_code == status
    (one,) = answer.json()["problems"]
    assert one["where"]["field"] == field
    assert one["rule"] in answer.json()["detail"]
    assert one["received"] is not None
