"""/operators and predictions, with the real converter and predictor."""

import hashlib
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import onnxruntime as ort
import pytest
from visualnn_shared.store import operators
from visualnn_shared.store.database import LOCAL_OWNER

from tests.gateway.running import Gateway
from tests.gateway.trained import Array, Trainer, line_csv

KERNEL, BIAS = np.array([[2.0]], np.float32), np.array([-1.0], np.float32)
X = np.array([[0.0], [1.0], [-3.5]], np.float32)


def _trained(gateway: Gateway, trainer: Trainer, y: Array | None = None) -> str:
    """A train job of zoo:linear that learnt y = 2x - 1; ``y`` are the predictions it claims for ``X``."""
    api = gateway.api
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "operators"}).json()["id"]
    job = str(api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset}).json()["id"])
    trainer.train(job, {"y/kernel": KERNEL, "y/bias": BIAS}, {"x:x": X, "y:y": 2 * X - 1 if y is None else y})
    return job


def _register(gateway: Gateway, name: str, job: str) -> dict[str, Any]:
    answer = gateway.api.post("operators", json={"name": name, "job": job})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_registered_operator_tells_what_it_takes_and_where_it_comes_from(whole: Gateway, trainer: Trainer) -> None:
    job = _trained(whole, trainer)
    answer = whole.api.post("operators", json={"name": "line", "job": job})
    assert answer.status_code == 201, answer.text
    operator = answer.json()
    assert answer.headers["location"] == "/api/v1/operators/line/versions/1"
    assert (operator["name"], operator["version"], operator["ready"]) == ("line", 1, True)
    assert operator["task"] == "regression"
    assert [one["name"] for one in operator["signature"]["inputs"]] == ["x"]
    assert operator["lineage"]["job"] == job
    assert operator["lineage"]["model"] == whole.api.get(f"jobs/{job}").json()["model"]["id"]
    assert len(operator["lineage"]["weights_sha256"]) == len(operator["lineage"]["dataset_sha256"]) == 64
    assert operator["replay"]["samples"] == 3
    assert operator["replay"]["max_abs_error"] <= operator["replay"]["tolerance"] == 1e-5
    assert whole.api.get("operators/line").json() == operator
    assert whole.api.get("operators/line/versions/1").json() == operator
    assert operator in whole.api.get("operators").json()["items"]
    assert operator in whole.api.get("operators", params={"model": operator["lineage"]["model"]}).json()["items"]
    assert whole.api.get("operators", params={"model": "model-of-nobody"}).json()["items"] == []


def test_predictions_are_what_was_trained_in_both_dialects(whole: Gateway, trainer: Trainer) -> None:
    _register(whole, "both", _trained(whole, trainer))
    friendly = whole.api.post("operators/both/predict", json={"inputs": [[10.0], [0.5]]})
    assert friendly.status_code == 200, friendly.text
    values = [np.asarray(one["values"]).item() for one in friendly.json()["predictions"]]
    assert values == pytest.approx([19.0, 0.0], abs=1e-6)
    body = {"inputs": [{"name": "x", "shape": [2, 1], "datatype": "FP32", "data": [10.0, 0.5]}]}
    for path in ("/v2/models/both/infer", "/v2/models/both/versions/1/infer"):
        v2 = whole.http.post(path, json=body)
        assert v2.status_code == 200, v2.text
        assert v2.json()["outputs"][0]["data"] == pytest.approx([19.0, 0.0], abs=1e-6)
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/both", "/v2/models/both/ready"):
        assert whole.http.get(path).status_code == 200, path


def test_the_network_of_an_operator_is_downloaded_and_computes_the_same(whole: Gateway, trainer: Trainer) -> None:
    _register(whole, "file", _trained(whole, trainer))
    answer = whole.api.get("operators/file/versions/1/model")
    assert answer.status_code == 200
    assert "file-1.onnx" in answer.headers["content-disposition"]
    assert answer.headers["etag"].strip('"') == hashlib.sha256(answer.content).hexdigest()
    session = ort.InferenceSession(answer.content, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": X})
    np.testing.assert_allclose(found, 2 * X - 1, atol=1e-6)
    part = whole.api.get("operators/file/versions/1/model", headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, answer.content[4:10])
    assert whole.api.get("operators/file/versions/2/model").status_code == 404
    assert whole.api.get("operators/nobody/versions/1/model").status_code == 404


def test_an_existing_name_gets_the_next_version_and_aliases_choose(whole: Gateway, trainer: Trainer) -> None:
    first = _register(whole, "versions", _trained(whole, trainer))
    second = _register(whole, "versions", _trained(whole, trainer))
    assert (first["version"], second["version"]) == (1, 2)
    pointed = whole.api.put("operators/versions/aliases/champion", json={"version": 1})
    assert pointed.status_code == 200
    assert (pointed.json()["version"], pointed.json()["aliases"]) == (1, {"champion": 1})
    assert whole.api.get("operators/versions").json()["version"] == 2
    numbers = [item["version"] for item in whole.api.get("operators/versions/versions").json()["items"]]
    assert numbers == [2, 1]
    for query, version in [("?version=champion", 1), ("?version=2", 2), ("?version=1", 1)]:
        answer = whole.api.post(f"operators/versions/predict{query}", json={"inputs": [[1.0]]})
        assert str(answer.json()["version"]) == str(version), answer.text


def test_an_operator_that_answers_differently_is_not_registered(whole: Gateway, trainer: Trainer) -> None:
    wrong = 2 * X - 1
    wrong[1, 0] += 0.25
    job = _trained(whole, trainer, wrong)
    answer = whole.api.post("operators", json={"name": "wrong", "job": job})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:visualnn:error:replay-differs"
    (one,) = answer.json()["problems"]
    assert one["received"] == pytest.approx(0.25, abs=1e-5)
    assert one["where"]["field"] == "y"
    assert whole.api.get("operators/wrong").status_code == 404
    until = time.monotonic() + 10  # the predictor looks at the rows again after about a second
    while whole.http.get("/v2/models/wrong/versions/1").status_code != 404:
        assert time.monotonic() < until
        time.sleep(0.1)
    with whole.parts.db.reading() as s:
        assert operators.count(s) == len(whole.api.get("operators", params={"limit": 200}).json()["items"])
    assert _register(whole, "wrong", _trained(whole, trainer))["version"] == 2  # the number 1 is not used twice


def test_a_class_is_named_in_predictions(whole: Gateway, trainer: Trainer) -> None:
    spec = {
        "visualnn": 1,
        "name": "pets",
        "layers": [
            {"name": "in", "type": "Input", "params": {"shape": [2]}},
            {"name": "out", "type": "Dense", "params": {"units": 2, "activation": "softmax"}, "inputs": ["in"]},
        ],
        "outputs": ["out"],
    }
    model = whole.api.post("models", json=spec).json()["id"]
    data = b"a,b,label\n1,0,cat\n0,1,dog\n1,1,dog\n2,0,cat\n"
    dataset = whole.api.post("datasets", files={"file": ("pets.csv", data)}).json()["id"]
    job = whole.api.post("jobs", json={"kind": "train", "model": model, "dataset": dataset}).json()["id"]
    kernel = np.array([[5, -5], [-5, 5]], np.float32)
    x = np.array([[1, 0], [0, 1]], np.float32)
    scores = np.exp(x @ kernel) / np.exp(x @ kernel).sum(axis=1, keepdims=True)
    trainer.train(job, {"out/kernel": kernel, "out/bias": np.zeros(2, np.float32)}, {"x:in": x, "y:out": scores})
    operator = _register(whole, "pets", job)
    assert (operator["task"], operator["classes"]) == ("classification", ["cat", "dog"])
    answer = whole.api.post("operators/pets/predict", json={"inputs": [[3, 0], [0, 3]]})
    assert [one["class"] for one in answer.json()["predictions"]] == ["cat", "dog"]
    assert answer.json()["predictions"][0]["score"] > 0.99


def test_versions_registered_at_once_get_numbers_of_their_own(whole: Gateway, trainer: Trainer) -> None:
    jobs = [_trained(whole, trainer) for _ in range(3)]
    answers: list[httpx.Response] = []

    def post(job: str) -> None:
        url = f"{whole.url}/api/v1/operators"
        answers.append(httpx.post(url, json={"name": "at-once", "job": job}, timeout=60))

    threads = [threading.Thread(target=post, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3]
    assert whole.api.get("operators/at-once").json()["version"] == 3


def test_a_deleted_operator_is_gone_with_its_objects(whole: Gateway, trainer: Trainer) -> None:
    _register(whole, "to-delete", _trained(whole, trainer))
    with whole.parts.db.reading() as s:
        key = operators.version(s, LOCAL_OWNER, "to-delete").onnx_key
    assert whole.parts.objects.info(key) is not None
    assert whole.api.delete("operators/to-delete").status_code == 204
    assert whole.parts.objects.info(key) is None
    for path in ("operators/to-delete", "operators/to-delete/versions", "operators/to-delete/versions/1"):
        assert whole.api.get(path).status_code == 404


def test_an_operator_outlives_its_model_and_data_set(whole: Gateway, trainer: Trainer) -> None:
    spec = {**whole.api.get("zoo/linear").json(), "name": "outlived"}
    model = whole.api.post("models", json=spec).json()["id"]
    dataset = whole.api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "outlived"}).json()["id"]
    job = whole.api.post("jobs", json={"kind": "train", "model": model, "dataset": dataset}).json()["id"]
    trainer.train(job, {"y/kernel": KERNEL, "y/bias": BIAS}, {"x:x": X, "y:y": 2 * X - 1})
    assert whole.api.delete(f"models/{model}").status_code == 204
    assert whole.api.delete(f"datasets/{dataset}").status_code == 204
    operator = _register(whole, "outlived", job)
    assert operator["lineage"]["dataset_sha256"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Digits", "job": "job-1"}, "name"),
        ({"name": "", "job": "job-1"}, "name"),
        ({"name": "-digits", "job": "job-1"}, "name"),
        ({"name": "a" * 64, "job": "job-1"}, "name"),
        ({"name": "a/b", "job": "job-1"}, "name"),
        ({"name": "digits\n", "job": "job-1"}, "name"),
        ({"name": "digits"}, "job"),
        ({"name": "digits", "job": "job-none"}, "job"),
        ({"name": "digits", "job": 7}, "job"),
        ({"name": "digits", "job": "job-1", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_registration_is_refused(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    answer = api.post("operators", json=body)
    assert answer.status_code == 422, answer.text
    assert [one["where"]["field"] for one in answer.json()["problems"]] == [field]


def test_a_job_that_has_not_succeeded_is_no_operator(api: httpx.Client) -> None:
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "operators"}).json()["id"]
    job = api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": dataset}).json()["id"]
    assert api.post("operators", json={"name": "early", "job": job}).status_code == 409


@pytest.mark.parametrize("version", [0, -1, 2**31, "one", None])
def test_an_alias_needs_a_number(api: httpx.Client, version: Any) -> None:
    answer = api.put("operators/line/aliases/champion", json={"version": version})
    assert answer.status_code == 422


def test_without_converter_or_predictor_nothing_is_registered(lone: Gateway, trainer: Trainer) -> None:
    answer = lone.api.post("operators", json={"name": "nowhere", "job": _trained(lone, trainer)})
    assert answer.status_code == 503
    assert lone.api.get("operators/nowhere").status_code == 404
    assert lone.api.post("operators/nowhere/predict", json={"inputs": []}).status_code == 503
    assert lone.http.post("/v2/models/nowhere/infer", json={"inputs": []}).status_code == 503


def test_a_predictor_that_is_away_leaves_no_version(converting: Gateway, trainer: Trainer) -> None:
    answer = converting.api.post("operators", json={"name": "half", "job": _trained(converting, trainer)})
    assert answer.status_code == 503
    assert "predictor" in answer.json()["detail"]
    with converting.parts.db.session() as s:
        operator_id, number = operators.reserve(s, LOCAL_OWNER, "half")
    assert number == 2
    assert list(converting.parts.objects.list(f"operators/{operator_id}/")) == []


PREDICT = {
    "no JSON": (b"nonsense", 400, 422),
    "no object": (b"[]", 400, 422),
    "no inputs": (b"{}", 400, 422),
    "another shape": (b'{"inputs": [[1, 2, 3]]}', 400, 422),
    "words": (b'{"inputs": [["one"]]}', 400, 422),
    "null": (b'{"inputs": null}', 400, 422),
    "deep": (b'{"inputs": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400, 422),
}


@pytest.mark.parametrize(("body", "low", "high"), PREDICT.values(), ids=PREDICT)
def test_a_wrong_sample_is_refused_by_the_predictor_in_its_words(
    whole: Gateway, trainer: Trainer, body: bytes, low: int, high: int
) -> None:
    if whole.api.get("operators/refuses").status_code == 404:
        _register(whole, "refuses", _trained(whole, trainer))
    answer = whole.api.post("operators/refuses/predict", content=body, headers={"Content-Type": "application/json"})
    assert low <= answer.status_code <= high, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_operator_is_not_found(whole: Gateway) -> None:
    for path in ("/api/v1/operators/nobody/predict", "/v2/models/nobody/infer"):
        answer = whole.http.post(path, json={"inputs": [[1.0]]})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_over_the_limit_does_not_reach_the_predictor(another: Callable[..., Gateway]) -> None:
    gateway = another(max_predict_bytes=1000)
    for path in ("/api/v1/operators/line/predict", "/v2/models/line/infer"):
        assert gateway.http.post(path, content=b"x" * 2000).status_code == 413
        chunked = gateway.http.post(path, content=iter([b"x" * 600, b"x" * 600]))
        assert chunked.status_code in (413, 503)  # refused here, or nobody was there to take the first half


def test_a_large_prediction_passes_through_as_a_stream(whole: Gateway, trainer: Trainer) -> None:
    _register(whole, "many", _trained(whole, trainer))
    samples = np.arange(3000, dtype=np.float32)[:, None]
    answer = whole.api.post("operators/many/predict", json={"inputs": samples.tolist()})
    assert answer.status_code == 200, answer.text[:500]
    values = [np.asarray(one["values"]).item() for one in answer.json()["predictions"]]
    np.testing.assert_allclose(values, 2 * samples[:, 0] - 1, rtol=1e-6)
