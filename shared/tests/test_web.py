import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import Body, FastAPI, File, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp
from visualnn_shared.errors import Invalid, NotFound, Overloaded, Unavailable
from visualnn_shared.spec.problem import problem
from visualnn_shared.web import PROBLEM_JSON, BodyLimit, LoopbackGuard, install_problem_handlers, is_loopback


class Params(BaseModel):
    epochs: int = Field(ge=1)
    name: str = "a"


class Wanted(BaseModel):
    params: Params


def build() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("model", "m-1")

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(405, headers={"Allow": "GET"})

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("the secret password is hunter2")

    @app.get("/busy")
    async def busy() -> None:
        raise Overloaded("waiting requests", 10, retry_after_s=3)

    @app.get("/away")
    async def away() -> None:
        raise Unavailable("the database", "no answer")

    @app.get("/nasty")
    async def nasty() -> None:
        raise Invalid("it", [problem("must be sane", "\ud800")])

    @app.post("/jobs")
    async def jobs(wanted: Wanted, limit: int = 1) -> dict[str, Any]:
        return {"epochs": wanted.params.epochs}

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/upload")
    async def upload(file: UploadFile = File()) -> int:  # noqa: B008 - FastAPI's way
        return len(await file.read())

    @app.post("/json")
    async def as_json(value: Any = Body()) -> Any:  # noqa: B008
        return value

    return app


class Client:
    """The application behind httpx, one event loop a request."""

    def __init__(self, app: ASGIApp, base_url: str = "http://localhost") -> None:
        self.app, self.base_url = app, base_url

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.base_url) as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


@pytest.fixture
def client() -> Client:
    return Client(build())


def test_an_own_error_keeps_its_status_and_text(client: Client) -> None:
    answer = client.get("/missing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM_JSON
    assert answer.json()["detail"] == "model must exist; received 'm-1'"


def test_framework_errors_have_the_same_shape(client: Client) -> None:
    answer = client.get("/http")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json() == {
        "type": "urn:visualnn:error:method-not-allowed", "title": "Method Not Allowed", "status": 405,
        "detail": "the method must be GET here; received 'GET'",
        "problems": [problem("the method must be GET here", "GET", field="method").model_dump()],
    }  # fmt: skip
    unknown = client.get("/nowhere")
    assert unknown.headers["content-type"] == PROBLEM_JSON
    assert unknown.json()["detail"] == "the path must be one that this server knows; received '/nowhere'"


def test_every_wrong_field_is_listed_by_its_path(client: Client) -> None:
    answer = client.post("/jobs?limit=many", json={"params": {"epochs": 0, "name": 7}})
    assert answer.status_code == 422
    places = {p["where"]["field"]: p["rule"] for p in answer.json()["problems"]}
    assert places == {
        "params.epochs": "params.epochs must be greater than or equal to 1",
        "params.name": "params.name must be a text",
        "limit": "limit must be an integer",
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b"\xff\xfe", b'{"params"', b"nul"])
def test_a_body_that_is_no_json_is_a_problem_of_the_body(client: Client, body: bytes) -> None:
    answer = client.post("/jobs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == PROBLEM_JSON


def test_an_unforeseen_error_shows_an_id_and_no_internals(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/broken")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    request_id = answer.json()["request_id"]
    assert answer.headers["x-request-id"] == request_id
    assert request_id in caplog.text
    assert "hunter2" in caplog.text


def test_overload_and_absence_say_when_to_come_back(client: Client) -> None:
    busy, away = client.get("/busy"), client.get("/away")
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "3")
    assert (away.status_code, away.headers["retry-after"]) == (503, "2")


def test_text_that_is_no_unicode_can_be_reported(client: Client) -> None:
    answer = client.get("/nasty")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["rule"] == "must be sane"


def guarded(**headers: str) -> int:
    app = LoopbackGuard(build(), allowed_hosts=["vnn.example"])
    return Client(app, "http://127.0.0.1:8000").post("/raw", content=b"x", headers=headers).status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "127.1.2.3"}, 200),
        ({"host": "vnn.example"}, 200),
        ({"host": "VNN.example:80"}, 200),
        ({"host": "app.localhost"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "evil.example:8000"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "localhost.evil.example"}, 403),
        ({"host": "evil@localhost"}, 403),
        ({"host": "localhost:80:80"}, 403),
        ({"host": "localhost/x"}, 403),
        ({"host": "10.0.0.1"}, 403),
        ({"host": ""}, 403),
        ({"host": "[::1"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://localhost:5173"}, 200),
        ({"origin": "https://vnn.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "file://"}, 403),
    ],
)
def test_only_this_machine_passes_the_guard(headers: dict[str, str], status: int) -> None:
    assert guarded(**headers) == status


def test_a_request_without_host_or_with_two_is_refused() -> None:
    app = LoopbackGuard(Starlette())
    for hosts in ([], [(b"host", b"localhost"), (b"host", b"evil.example")]):
        assert app._refusal({"type": "http", "headers": hosts}) is not None


def test_loopback_names() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("localhost.localdomain.com")


def limited() -> Client:
    return Client(BodyLimit(build(), 10, {"/upload": 1000, "/json": 20}))


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(total):
        yield b"1"


def test_an_announced_body_over_the_limit_is_refused_before_it_is_read() -> None:
    client = limited()
    assert client.post("/raw", content=b"x" * 10).json() == 10
    answer = client.post("/raw", content=b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "the request body (bytes) must be at most 10; received 11"


@pytest.mark.parametrize("path", ["/raw", "/json", "/jobs"])
def test_a_streamed_body_over_the_limit_is_refused_whatever_the_framework_makes_of_it(path: str) -> None:
    client = limited()
    answer = client.post(path, content=chunks(30), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM_JSON


def test_the_limit_of_the_longest_fitting_path_counts() -> None:
    client = limited()
    assert client.post("/upload", files={"file": ("a.bin", b"x" * 100)}).json() == 100
    assert client.post("/upload", files={"file": ("a.bin", b"x" * 2000)}).status_code == 413
    assert client.post("/json", content=chunks(15), headers={"content-type": "application/json"}).status_code == 200
