"""The same gateway on Postgres, Redis and an S3 server that checks signatures."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from visualnn_api.settings import ApiSettings

from tests.gateway.running import CLOSED, Gateway, running
from tests.gateway.trained import Trainer, line_csv
from tests.parts.s3 import S3Access

pytestmark = [pytest.mark.real("postgres"), pytest.mark.real("redis"), pytest.mark.real("s3")]


@pytest.fixture
def gateway(postgres_url: str, redis_url: str, s3: S3Access, tmp_path: Path) -> Iterator[Gateway]:
    settings = ApiSettings(
        data_dir=tmp_path,
        database_url=postgres_url,
        broker_url=redis_url,
        converter_url=CLOSED,
        predictor_url=CLOSED,
        **s3.settings.model_dump(include={"object_store", "s3_endpoint", "s3_access_key", "s3_secret_key"}),
    )
    with running(settings) as found:
        yield found


def test_a_job_goes_from_upload_to_weights(gateway: Gateway) -> None:
    api = gateway.api
    parts = gateway.http.get("/readyz").json()["parts"]
    assert [parts[name]["status"] for name in ("database", "object store", "broker")] == ["ok"] * 3
    spec = {**api.get("zoo/linear").json(), "name": "Näme ✓"}
    model = api.post("models", json=spec)
    assert model.status_code == 201, model.text
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}).json()["id"]
    body = {"kind": "train", "model": model.json()["id"], "dataset": dataset, "params": {"epochs": 2}}
    job = api.post("jobs", json=body, headers={"Idempotency-Key": "k"}).json()["id"]
    assert api.post("jobs", json=body, headers={"Idempotency-Key": "k"}).json()["id"] == job
    assert api.delete(f"datasets/{dataset}").status_code == 409
    trainer = Trainer(gateway.parts.db, gateway.parts.objects)
    x = np.array([[1.0]], np.float32)
    tensors = {"y/kernel": np.array([[2.0]], np.float32), "y/bias": np.array([-1.0], np.float32)}
    files = trainer.train(job, tensors, {"x:x": x, "y:y": 2 * x - 1})
    whole = api.get(f"jobs/{job}/weights")
    assert whole.content == files["weights.safetensors"]
    rest = api.get(f"jobs/{job}/weights", headers={"Range": "bytes=50-99"})
    assert (rest.status_code, rest.content) == (206, whole.content[50:100])
    with api.stream("GET", f"jobs/{job}/events") as answer:
        data = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert [one["state"] for one in data] == ["queued", "running", "succeeded"]
    assert api.delete(f"datasets/{dataset}").status_code == 204
    assert list(gateway.parts.objects.list("datasets/")) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("models", {"visualnn": 1, "name": "a\0b", "layers": [], "outputs": []}),
        ("jobs", {"kind": "train", "model": "m", "dataset": "d\0", "params": {}}),
        ("operators", {"name": "a", "job": "j\0"}),
        ("jobs", {"kind": "train", "model": "m", "dataset": "d", "priority": 2**62}),
    ],
)
def test_values_that_postgres_cannot_hold_are_refused(gateway: Gateway, path: str, body: dict[str, object]) -> None:
    answer: httpx.Response = gateway.api.post(path, json=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["problems"]
