"""/healthz, /readyz, /metrics, /workers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gateway.running import Gateway
from tests.parts.redis import Redis
from tests.parts.server import free_port


def test_the_gateway_is_alive_whatever_else_is_not(lone: Gateway) -> None:
    answer = lone.http.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "alive")


def test_a_platform_without_converter_and_predictor_is_not_ready_and_says_so(lone: Gateway) -> None:
    answer = lone.http.get("/readyz")
    assert answer.status_code == 503
    found = answer.json()
    assert found["status"] == "not ready"
    assert {name for name, part in found["parts"].items() if part["status"] == "down"} == {"converter", "predictor"}
    assert found["parts"]["database"] == {"status": "ok", "needed": True, "detail": "sqlite"}


def test_a_platform_with_every_part_is_ready(whole: Gateway) -> None:
    answer = whole.http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_lost_object_store_is_told(another: Callable[..., Gateway], tmp_path: Path) -> None:
    gateway = another()
    folder = tmp_path / "objects"
    (tmp_path / "aside").mkdir()
    folder.rename(tmp_path / "aside" / "objects")
    folder.write_text("no folder")
    part = gateway.http.get("/readyz").json()["parts"]["object store"]
    assert part["status"] == "down"
    assert part["needed"]


def test_a_lost_broker_is_told_and_does_without(another: Callable[..., Gateway]) -> None:
    gateway = another(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    part = gateway.http.get("/readyz").json()["parts"]["broker"]
    assert (part["status"], part["needed"]) == ("down", False)


@pytest.mark.real("redis")
def test_a_broker_that_answers_is_told(another: Callable[..., Gateway], redis_server: Redis) -> None:
    part = another(broker_url=redis_server.url).http.get("/readyz").json()["parts"]["broker"]
    assert (part["status"], part["detail"]) == ("ok", "redis")


def test_metrics_count_requests_by_template_and_jobs_by_state(another: Callable[..., Gateway]) -> None:
    gateway = another()
    for path in ("/healthz", "/api/v1/models/model-1", "/api/v1/models/model-2", "/api/v1/jobs?limit=0", "/nowhere"):
        gateway.http.get(path)
    text = gateway.http.get("/metrics").text
    for line in (
        'visualnn_http_requests_total{method="GET",route="/healthz",status="200"} 1.0',
        'visualnn_http_requests_total{method="GET",route="/api/v1/models/{model_id}",status="404"} 2.0',
        'visualnn_http_requests_total{method="GET",route="/api/v1/jobs",status="422"} 1.0',
        'visualnn_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'visualnn_http_request_seconds_count{method="GET",route="/healthz"} 1.0',
        'visualnn_jobs{state="queued"} 0.0',
        'visualnn_jobs{state="succeeded"} 0.0',
        "visualnn_workers_online 0.0",
        "visualnn_operators 0.0",
    ):
        assert line in text.splitlines(), line
    assert "model-1" not in text


def test_a_method_that_nobody_knows_makes_no_new_series(another: Callable[..., Gateway]) -> None:
    gateway = another()
    for number in range(3):
        gateway.http.request(f"METHOD{number}", "/healthz")
    assert "METHOD" not in gateway.http.get("/metrics").text
