"""/jobs/{id}/weights and /artifacts."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv

KERNEL, BIAS = np.array([[2.0]], np.float32), np.array([-1.0], np.float32)
Job = tuple[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def job(api: httpx.Client, trainer: Trainer) -> Job:
    """A succeeded train job and the files it left."""
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "results"}).json()["id"]
    made = api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset}).json()["id"]
    x = np.array([[0.0], [1.0]], np.float32)
    return made, trainer.train(made, {"y/kernel": KERNEL, "y/bias": BIAS}, {"x:x": x, "y:y": 2 * x - 1})


@pytest.mark.parametrize(
    ("format", "name"),
    [("safetensors", "weights.safetensors"), ("keras", "model.keras"), ("h5", "model.weights.h5")],
)
def test_stored_formats_come_byte_for_byte(api: httpx.Client, job: Job, format: str, name: str) -> None:
    answer = api.get(f"jobs/{job[0]}/weights", params={"format": format})
    assert answer.status_code == 200
    assert answer.content == job[1][name]
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert name in answer.headers["content-disposition"]


def test_safetensors_is_the_default_and_can_be_read(api: httpx.Client, job: Job) -> None:
    tensors = load(api.get(f"jobs/{job[0]}/weights").content)
    assert tensors["y/kernel"] == KERNEL
    assert tensors["y/bias"] == BIAS


def test_npz_holds_the_same_tensors_and_is_the_same_every_time(api: httpx.Client, job: Job) -> None:
    answer = api.get(f"jobs/{job[0]}/weights", params={"format": "npz"})
    with np.load(io.BytesIO(answer.content), allow_pickle=False) as file:
        assert sorted(file.files) == ["y/bias", "y/kernel"]
        assert file["y/kernel"] == KERNEL
    assert api.get(f"jobs/{job[0]}/weights", params={"format": "npz"}).headers["etag"] == answer.headers["etag"]


def test_onnx_answers_as_the_weights_say(converting: Gateway, job: Job) -> None:
    answer = converting.api.get(f"jobs/{job[0]}/weights", params={"format": "onnx"})
    assert answer.status_code == 200, answer.text
    session = onnxruntime.InferenceSession(answer.content, providers=["CPUExecutionProvider"])
    x = np.array([[10.0], [-3.0]], np.float32)
    (y,) = session.run(None, {session.get_inputs()[0].name: x})
    np.testing.assert_allclose(y, [[19.0], [-7.0]], atol=1e-6)


def test_onnx_is_unavailable_without_the_converter(api: httpx.Client, job: Job) -> None:
    assert api.get(f"jobs/{job[0]}/weights", params={"format": "onnx"}).status_code == 503


@pytest.mark.parametrize("format", ["safetensors", "npz"])
def test_a_download_that_broke_off_is_completed_with_a_range(api: httpx.Client, job: Job, format: str) -> None:
    path, params = f"jobs/{job[0]}/weights", {"format": format}
    whole = api.get(path, params=params)
    rest = api.get(path, params=params, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]})
    assert rest.status_code == 206
    assert rest.content == whole.content[100:]
    assert rest.headers["content-range"] == f"bytes 100-{len(whole.content) - 1}/{len(whole.content)}"
    assert rest.headers["content-length"] == str(len(whole.content) - 100)
    changed = api.get(path, params=params, headers={"Range": "bytes=100-", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_a_range_past_the_end_says_how_long_the_file_is(api: httpx.Client, job: Job) -> None:
    size = len(job[1]["weights.safetensors"])
    answer = api.get(f"jobs/{job[0]}/weights", headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{size}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["etag"] == f'"{hashlib.sha256(job[1]["weights.safetensors"]).hexdigest()}"'


def test_who_has_the_file_already_gets_304(api: httpx.Client, job: Job) -> None:
    etag = api.head(f"jobs/{job[0]}/weights").headers["etag"]
    answer = api.get(f"jobs/{job[0]}/weights", headers={"If-None-Match": f'"x", {etag}', "Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert api.get(f"jobs/{job[0]}/weights", headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", ["weights", "weights?format=npz", "artifacts/history.json"])
def test_head_tells_what_get_would_without_the_body(api: httpx.Client, job: Job, path: str) -> None:
    head, get = api.head(f"jobs/{job[0]}/{path}"), api.get(f"jobs/{job[0]}/{path}")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-length", "content-type", "accept-ranges"):
        assert head.headers[name] == get.headers[name]


def test_artifacts_are_listed_and_fetched(api: httpx.Client, job: Job) -> None:
    items = {item["name"]: item for item in api.get(f"jobs/{job[0]}/artifacts").json()["items"]}
    assert set(items) == set(job[1])
    for name, item in items.items():
        answer = api.get(item["links"]["self"].removeprefix("/api/v1/"))
        assert answer.content == job[1][name]
        assert item["size"] == len(answer.content)
        assert item["sha256"] == hashlib.sha256(answer.content).hexdigest()
    history = api.get(f"jobs/{job[0]}/artifacts/history.json")
    assert history.headers["content-type"] == "application/json"
    assert json.loads(history.content)[0]["epoch"] == 1


@pytest.mark.parametrize("name", ["nothing.txt", "..%2F..%2Fsecret", "x" * 100])
def test_an_unknown_artifact_is_not_found(api: httpx.Client, job: Job, name: str) -> None:
    assert api.get(f"jobs/{job[0]}/artifacts/{name}").status_code == 404


def test_a_job_that_has_not_succeeded_has_no_weights(api: httpx.Client, job: Job) -> None:
    dataset = api.get(f"jobs/{job[0]}").json()["dataset"]
    queued = api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset}).json()["id"]
    answer = api.get(f"jobs/{queued}/weights")
    assert answer.status_code == 409
    assert "queued" in answer.json()["detail"]
    assert api.get(f"jobs/{queued}/artifacts").json() == {"items": []}


def test_made_files_are_removed_once_they_are_sent(
    another: Callable[..., Gateway], lone: Gateway, job: Job, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    api = another(data_dir=lone.parts.settings.data_dir, spool_dir=str(spool)).api
    path = f"jobs/{job[0]}/weights?format=npz"
    assert api.get(path).status_code == 200
    assert api.head(path).status_code == 200
    assert api.get(path, headers={"Range": "bytes=9999999-"}).status_code == 416
    assert list(spool.iterdir()) == []
