import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visualnn_predictor.app import create_app
from visualnn_predictor.settings import PredictorSettings

from tests.predictor.served import Served, dense, serving


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/predict/digits", 405, "POST"),
        ("PUT", "/v2/models/digits/infer", 405, "POST"),
        ("POST", "/v2/models/digits", 405, "GET"),
        ("DELETE", "/v2", 405, "GET"),
        ("GET", "/nowhere", 404, None),
        ("POST", "/predict/", 404, None),
        ("POST", "/predict/a%2Fb", 404, None),
        ("GET", "/v2/models/digits/versions/", 404, None),
        ("HEAD", "/v2/health/live", 200, None),
    ],
)
def test_paths_and_methods(served: Served, method: str, path: str, status: int, allow: str | None) -> None:
    answer = served.runner.run(served.client.request(method, path))
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_health_and_readiness(served: Served) -> None:
    assert served.get("/v2/health/live").json() == {"live": True}
    assert served.get("/v2/health/ready").json() == {"ready": True}
    assert served.get("/readyz").status_code == 200
    assert served.get("/v2").json()["name"] == "visualnn"


def test_not_ready_while_a_part_is_away(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from visualnn_shared.errors import Unavailable

    def away() -> None:
        raise Unavailable("the database", "no answer")

    monkeypatch.setattr(served.app.db, "ping", away)
    assert served.get("/v2/health/ready").status_code == 503
    assert served.get("/v2/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/predict/digits", "/v2/models/digits/infer"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"inputs":[NaN]}', b"[" * 100_000, b'{"inputs":' * 5000])
def test_a_body_that_is_no_json_is_a_problem(digits: Any, path: str, body: bytes) -> None:
    served, _, _ = digits
    answer = served.post(path, content=body)
    assert answer.status_code == 422
    assert "must be JSON" in answer.json()["problems"][0]["rule"]


_KEYS = ["inputs", "name", "x", "shape", "datatype", "data", "b64", "id"]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["inputs", "name", "x", "shape", "datatype", "data", "b64", "id"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON, path=st.sampled_from(["/predict/digits", "/v2/models/digits/infer"]))
def test_any_json_is_answered_without_a_server_error(digits: Any, body: Any, path: str) -> None:
    served, _, _ = digits
    assert served.post(path, {"inputs": body}).status_code in (200, 422)
    assert served.post(path, body).status_code in (200, 422)


async def _slowly(parts: list[bytes]) -> Any:
    for part in parts:
        yield part


def test_large_bodies_are_refused_however_they_come(start: Callable[..., Served]) -> None:
    served = start(predictor_max_body_bytes=100)
    served.register("op", dense(1, 1)[0], serving((1,), (1,)))
    assert served.post("/predict/op", content=b"x" * 101).status_code == 413
    assert served.post("/predict/op", content=_slowly([b" " * 40] * 4)).status_code == 413
    answer = served.post("/predict/op", content=_slowly([b'{"inputs"', b":[1", b"]}"]))
    assert answer.status_code == 200


def test_too_many_requests_at_once_are_refused(start: Callable[..., Served]) -> None:
    served = start(predictor_max_requests=3)
    served.register("op", dense(1, 1)[0], serving((1,), (1,)))
    assert served.post("/predict/op", {"inputs": [1]}).status_code == 200
    answers = served.all("/predict/op", [{"inputs": [1]}] * 8)
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert served.app.requests == 0


def test_bodies_that_are_parsed_in_a_thread_give_the_same_answer(served: Served) -> None:
    file, kernel, bias = dense(3, 2)
    served.register("op", file, serving((3,), (2,)))
    values = np.random.default_rng(0).normal(size=(4000, 3)).astype("f")
    answer = served.post("/predict/op", {"inputs": values.tolist()}).json()
    np.testing.assert_allclose(
        [p["values"] for p in answer["predictions"]], values @ kernel + bias, rtol=1e-3, atol=1e-5
    )


def test_metrics_count_requests_batches_and_seconds(digits: Any) -> None:
    served, _, _ = digits
    served.post("/predict/digits", {"inputs": [[0] * 6] * 3})
    served.post("/predict/digits", {"inputs": 1})
    text = served.get("/metrics").text
    assert 'visualnn_predict_requests_total{operator="digits",status="200"} 1.0' in text
    assert 'visualnn_predict_requests_total{operator="digits",status="422"} 1.0' in text
    assert 'visualnn_predict_batch_rows_sum{operator="digits"} 3.0' in text
    assert 'visualnn_predict_seconds_count{operator="digits"} 2.0' in text
    assert "visualnn_predict_models 1.0" in text


def test_an_unforeseen_error_shows_an_id_and_no_internals(
    digits: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    served, _, _ = digits

    def broken(*_: Any) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr("visualnn_predictor.friendly.read_request", broken)
    with caplog.at_level(logging.ERROR):
        answer = served.post("/predict/digits", {"inputs": [[0] * 6]})
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert answer.json()["request_id"] in caplog.text


def test_only_this_machine_reaches_the_predictor(tmp_path: Path) -> None:
    app = create_app(PredictorSettings(data_dir=tmp_path, allowed_hosts="predictor, other"))

    async def ask(host: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return (await client.get("/v2", headers={"host": host})).status_code

    hosts = ("localhost:8002", "predictor:8002", "other", "evil.example")
    assert [asyncio.run(ask(host)) for host in hosts] == [200, 200, 200, 403]


@pytest.mark.parametrize("processes", [1, 2])
def test_the_program_serves_on_an_inherited_socket_and_ends_on_sigterm(tmp_path: Path, processes: int) -> None:
    served = Served(tmp_path)
    served.register("op", dense(1, 1)[0], serving((1,), (1,)))
    served.close()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        environment = {**os.environ, "VISUALNN_DATA_DIR": str(tmp_path), "VISUALNN_OBJECT_STORE": tmp_path.as_uri(),
                       "VISUALNN_DATABASE_URL": f"sqlite:///{tmp_path / 'rows.db'}"}  # fmt: skip
        command = [sys.executable, "-m", "visualnn_predictor", "--fd", str(listening.fileno())]
        command += ["--processes", str(processes)]
        process = subprocess.Popen(command, env=environment, pass_fds=[listening.fileno()])
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = httpx.post(f"{url}/predict/op", json={"inputs": [1]}, timeout=30)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert answer.status_code == 200
        assert answer.json()["predictions"][0]["values"]
        assert "visualnn_predict_requests_total" in httpx.get(f"{url}/metrics", timeout=30).text
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
