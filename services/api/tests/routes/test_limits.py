"""What a job may take: limits, quotas, warnings, deleting, and a cancel that waits for the end."""

import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.workers import WorkerInfo

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv


def _line(api: httpx.Client) -> str:
    return str(api.post("datasets", files={"file": ("line.csv", line_csv())}, data={"name": "limits"}).json()["id"])


def _train(api: httpx.Client, dataset: str, **params: Any) -> httpx.Response:
    return api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset, "params": params})


def test_the_platform_gives_limits_where_none_are_named_and_refuses_larger_ones(
    another: Callable[..., Gateway],
) -> None:
    api = another(job_time_limit_s=600, max_job_time_limit_s=3600, max_job_memory_limit_mb=4096, max_queued_jobs=0).api
    line = _line(api)
    job = _train(api, line).json()
    assert (job["time_limit_s"], job["memory_limit_mb"]) == (600, 4096)
    assert (job["params"]["time_limit_s"], job["params"]["memory_limit_mb"]) == (600, 4096)
    assert "platform" in job["chosen"]["memory_limit_mb"]["why"]
    assert _train(api, line, time_limit_s=3600.0, memory_limit_mb=700).json()["memory_limit_mb"] == 700
    refused = _train(api, line, time_limit_s=3601, memory_limit_mb=4097, epochs=0)
    assert refused.status_code == 422
    found = {one["where"]["field"]: (one["rule"], one["received"]) for one in refused.json()["problems"]}
    assert found["params.time_limit_s"] == ("time_limit_s must be at most 3600", 3601)
    assert found["params.memory_limit_mb"] == ("memory_limit_mb must be at most 4096", 4097)
    assert "params.epochs" in found
    space = {"params.learning_rate": {"type": "float", "low": 0.001, "high": 0.1, "log": True}}
    for kind, own in (("tune", {"space": space}), ("ensemble", {"members": 2})):
        params = {**own, "recipe": {"validation_split": 0.5}}
        body: dict[str, Any] = {"kind": kind, "model": "zoo:linear", "dataset": line, "params": params}
        made = api.post("jobs", json=body).json()
        assert (made["params"]["recipe"]["time_limit_s"], made["time_limit_s"]) == (600, None)
        params["recipe"] = {"validation_split": 0.5, "memory_limit_mb": 5000}
        problems = api.post("jobs", json=body).json()["problems"]
        assert [one["where"]["field"] for one in problems] == ["params.recipe.memory_limit_mb"]
        params["recipe"] = {"validation_split": 0.5, "memory_limit_mb": 64}
        (warning,) = api.post("jobs", json=body).json()["warnings"]
        assert "memory_limit_mb must hold the job" in warning["rule"]
        assert warning["where"]["field"] == "params.recipe.batch_size"


def test_what_is_hardly_meant_is_told_with_the_queued_job(api: httpx.Client) -> None:
    answer = _train(api, _line(api), split_seed=3)
    assert answer.status_code == 202
    assert [one["where"]["field"] for one in answer.json()["warnings"]] == ["params.split_seed"]
    recipe = {"loss": "binary_crossentropy"}
    shares: dict[str, dict[str, Any]] = {
        "check": recipe,
        "tune": {"recipe": recipe, "space": {"params.learning_rate": {"type": "float", "low": 0.001, "high": 0.1}}},
        "ensemble": {"recipe": recipe, "members": 2},
    }
    for kind, params in shares.items():
        body = {"kind": kind, "model": "zoo:digits-dnn", "dataset": "digits", "params": params}
        (warning,) = api.post("jobs", json=body).json()["warnings"]
        assert "shares of a softmax sum to 1" in warning["rule"]
        assert warning["where"]["field"] == ("params.loss" if kind == "check" else "params.recipe.loss")


@pytest.mark.parametrize("field", ["time_limit_s", "memory_limit_mb"])
@pytest.mark.parametrize("value", [0, -1, "many", 1e400])
def test_a_limit_is_a_number_that_makes_sense(api: httpx.Client, field: str, value: Any) -> None:
    text = '{"kind": "train", "model": "zoo:linear", "dataset": "iris", "params": {"%s": %s}}'
    said = {"many": '"many"', 1e400: "1e400"}.get(value, str(value))
    answer = api.post("jobs", content=text % (field, said), headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert any(field in str(one) or "1e400" in str(one) or "finite" in str(one) for one in answer.json()["problems"])


def test_one_job_too_many_in_the_queue_is_refused_and_a_repeated_request_is_not(
    another: Callable[..., Gateway],
) -> None:
    gateway = another(max_queued_jobs=2)
    api, line = gateway.api, _line(gateway.api)
    body = {"kind": "train", "model": "zoo:linear", "dataset": line}
    first = api.post("jobs", json=body, headers={"Idempotency-Key": "one"}).json()
    _train(api, line)
    refused = _train(api, line)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    (problem,) = refused.json()["problems"]
    assert (problem["rule"], problem["received"]) == ("at most 2 jobs of an owner may wait in the queue", 2)
    assert "cancel some" in problem["hint"]
    assert api.post("jobs", json=body, headers={"Idempotency-Key": "one"}).json()["id"] == first["id"]
    api.post(f"jobs/{first['id']}/cancel")
    assert _train(api, line).status_code == 202


def test_results_that_take_all_their_room_are_told_and_deleting_makes_room(another: Callable[..., Gateway]) -> None:
    gateway = another(job_quota_bytes=100)
    api, line = gateway.api, _line(gateway.api)
    job = _train(api, line).json()["id"]
    assert api.delete(f"jobs/{job}").status_code == 409
    hand = Trainer(gateway.parts.db, gateway.parts.objects)
    hand.commit(hand.claim(job), {"weights.safetensors": b"w" * 100})
    refused = _train(api, line)
    assert refused.status_code == 409
    assert "must be less than 100 bytes" in refused.json()["detail"]
    assert "DELETE /jobs/{id}" in refused.json()["problems"][0]["hint"]
    assert api.get(f"jobs/{job}").json()["links"]["delete"] == f"/api/v1/jobs/{job}"
    assert api.delete(f"jobs/{job}").status_code == 204
    assert api.get(f"jobs/{job}").status_code == 404
    assert api.delete(f"jobs/{job}").status_code == 404
    assert _train(api, line).status_code == 202


def test_a_training_that_should_not_fit_is_queued_with_a_warning(another: Callable[..., Gateway]) -> None:
    gateway = another()
    api = gateway.api
    image = {"name": "in", "type": "Input", "params": {"shape": [512, 512, 3]}}
    wide = {"name": "wide", "type": "Conv2D", "params": {"filters": 64, "kernel_size": 3}, "inputs": ["in"]}
    pool = {"name": "pool", "type": "GlobalAveragePooling2D", "params": {}, "inputs": ["wide"]}
    out = {"name": "out", "type": "Dense", "params": {"units": 3, "activation": "softmax"}, "inputs": ["pool"]}
    spec = {"visualnn": 1, "name": "wide", "layers": [image, wide, pool, out], "outputs": ["out"]}
    model = api.post("models", json=spec).json()["id"]
    params = {
        "batch_size": 64,
        "memory_limit_mb": 1500,
        "preprocessing": [{"step": "resize", "height": 512, "width": 512}],
    }
    body = {"kind": "train", "model": model, "dataset": _pictures(api), "params": params}
    answer = api.post("jobs", json=body)
    assert answer.status_code == 202, answer.text
    (warning,) = answer.json()["warnings"]
    assert "the job's memory_limit_mb must hold the job" in warning["rule"]
    assert warning["where"]["field"] == "params.batch_size"
    most = int(warning["hint"].rpartition(" ")[2])
    assert 1 <= most < 64
    body["params"] = {**params, "batch_size": most}
    assert api.post("jobs", json=body).json()["warnings"] == []
    with gateway.parts.db.session() as s:
        device = {"kind": "cpu", "name": "1 core", "memory_bytes": 700 * 2**20}
        workers.announce(s, WorkerInfo(queues=["train.cpu"], devices=[device], backend="tensorflow"))
    (small,) = api.post("jobs", json=body).json()["warnings"]
    assert "the memory of the largest worker" in small["rule"]
    for devices, told in (("all", []), (4, ["params.devices"])):
        body["params"] = {**params, "memory_limit_mb": None, "batch_size": 4, "devices": devices}
        queued = api.post("jobs", json=body).json()
        found = [one for one in queued["warnings"] if "devices" in one["rule"]]
        assert [one["where"]["field"] for one in found] == told
    assert queued["waiting_for"] == "a worker with 4 devices: those online have at most 1"
    assert 'ask for 1, or "all"' in found[0]["hint"]
    space = {"params.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1}}
    for kind, own in (("tune", {"space": space}), ("ensemble", {})):
        asked = {**body, "kind": kind, "params": {**own, "recipe": {**body["params"], "validation_split": 0.5}}}
        answer = api.post("jobs", json=asked)
        assert answer.status_code == 202, answer.text
        fields = [one["where"]["field"] for one in answer.json()["warnings"]]
        assert [one for one in fields if "devices" in one] == ["params.recipe.devices"], kind
        api.post(f"jobs/{answer.json()['id']}/cancel")
    body["params"]["devices"] = 3
    refused = api.post("jobs", json=body)
    assert refused.status_code == 422
    assert "batch_size must be a multiple of devices, 3" in refused.json()["problems"][0]["rule"]


def _pictures(api: httpx.Client) -> str:
    import io

    import numpy as np

    file = io.BytesIO()
    np.savez(file, x_train=np.zeros((64, 8, 8, 3), np.uint8), y_train=np.arange(64) % 3)
    answer = api.post("datasets", files={"file": ("p.npz", file.getvalue())}, data={"name": "pictures"})
    return str(answer.json()["id"])


def test_a_cancel_may_wait_until_the_work_has_ended(lone: Gateway, trainer: Trainer) -> None:
    api = lone.api
    job = _train(api, _line(api)).json()["id"]
    with lone.parts.db.session() as s:
        claim = protocol.claim(s, queues=["train.cpu"], worker_id="w")
        while claim is not None and claim.lease.job_id != job:
            claim = protocol.claim(s, queues=["train.cpu"], worker_id="w")
    assert claim is not None
    assert api.post(f"jobs/{job}/cancel", params={"wait_s": 0.3}).status_code == 202

    def end() -> None:
        with lone.parts.db.session() as s:
            protocol.confirm_cancel(s, claim.lease, {"memory_mb": 5})

    timer = threading.Timer(0.5, end)
    timer.start()
    answer = api.post(f"jobs/{job}/cancel", params={"wait_s": 60})
    timer.join()
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
