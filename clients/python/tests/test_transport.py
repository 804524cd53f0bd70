import json
import socket

import pytest
from visualnn.errors import ApiError, ServerUnreachable
from visualnn.transport import Retries, Transport

from tests.scripted_http import Say, Server

QUICK = Retries(tries=4, first_s=0.01, most_s=0.02)
LOST = Say(status=None)
BUSY = Say(503, b'{"title": "busy", "detail": "try again"}')
FINE = Say(200, b'{"fine": true}')


def transport(server: Server, *script: Say) -> Transport:
    server.script = list(script)
    return Transport(server.url, retries=QUICK)


@pytest.mark.parametrize(
    ("method", "headers", "script", "asked"),
    [
        ("GET", {}, [LOST, FINE], 2),
        ("GET", {}, [BUSY, BUSY, FINE], 3),
        ("PUT", {}, [LOST, BUSY, FINE], 3),
        ("DELETE", {}, [LOST, FINE], 2),
        ("POST", {"Idempotency-Key": "k"}, [LOST, BUSY, LOST, FINE], 4),
        ("GET", {}, [Say(429, b"{}"), FINE], 2),
    ],
)
def test_what_does_no_harm_is_tried_again(
    server: Server, method: str, headers: dict[str, str], script: list[Say], asked: int
) -> None:
    assert transport(server, *script).json(method, "/jobs", headers=headers) == {"fine": True}
    assert len(server.asked) == asked
    assert {one.path for one in server.asked} == {"/api/v1/jobs"}
    assert {one.headers.get("idempotency-key") for one in server.asked} == {headers.get("Idempotency-Key")}


def test_a_post_without_a_key_is_not_repeated_when_its_answer_is_lost(server: Server) -> None:
    with pytest.raises(ServerUnreachable):
        transport(server, LOST, FINE).json("POST", "/models", body={})
    assert len(server.asked) == 1


def test_a_post_that_never_reached_the_server_is_repeated_and_then_the_server_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ServerUnreachable, match=r"must answer; received .*refused.*; where: " + url):
        Transport(url, retries=QUICK).json("POST", "/models", body={})


@pytest.mark.parametrize("url", ["no-scheme", "http://", "ftp://x", "http://[::1"])
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ServerUnreachable, match="must answer"):
        Transport(url, retries=Retries(tries=1)).get("/jobs")


def test_patience_ends_with_the_last_answer(server: Server) -> None:
    with pytest.raises(ApiError, match="try again") as error:
        transport(server, BUSY).get("/jobs")
    assert error.value.status == 503
    assert len(server.asked) == QUICK.tries


def test_an_error_carries_every_problem_and_prints_it(server: Server) -> None:
    body = {
        "type": "urn:visualnn:error:spec-invalid",
        "title": "The model spec breaks rules",
        "status": 422,
        "detail": "model spec 'x' has 2 problems",
        "problems": [
            {
                "rule": "units must be an integer of at least 1",
                "received": 0,
                "where": {"layer": "fc1", "param": "units", "line": None, "field": None},
                "hint": None,
            },
            {"rule": "said by a newer server", "severity": "high"},
        ],
    }
    with pytest.raises(ApiError) as error:
        transport(server, Say(422, json.dumps(body).encode())).json("POST", "/models", body={})
    assert len(server.asked) == 1
    assert (error.value.status, error.value.code) == (422, "spec-invalid")
    assert error.value.problems[0].where.layer == "fc1"
    assert str(error.value).splitlines() == [
        "model spec 'x' has 2 problems",
        "  - units must be an integer of at least 1; received 0; layer fc1, param units",
        "  - said by a newer server; received None",
    ]


def test_an_error_page_that_is_no_problem_json_is_still_told(server: Server) -> None:
    with pytest.raises(ApiError, match="502 <html>") as error:
        transport(server, Say(502, b"<html>bad gateway</html>")).get("/jobs")
    assert error.value.status == 502


def test_retry_after_is_honoured_within_reason() -> None:
    assert QUICK.wait_s(0, "2") == 2
    assert QUICK.wait_s(0, "3600") == 60
    assert 0.008 <= QUICK.wait_s(0, "Wed, 21 Oct 2015 07:28:00 GMT") <= 0.012
    assert Retries(first_s=1, most_s=5).wait_s(9) <= 6
