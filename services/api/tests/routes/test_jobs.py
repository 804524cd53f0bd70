"""/jobs: queueing, reading, stopping, resuming."""

import itertools
import json
import threading
from typing import Any

import httpx
import numpy as np
import pytest
from visualnn_shared.jobs import workers
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.jobs.workers import WorkerInfo

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv, npz

_numbers = itertools.count(1)
NAN_LOSS = JobError(ErrorClass.USER, "nan-loss", "the loss must stay finite; it was nan in epoch 1", "Lower the rate.")


@pytest.fixture(scope="module")
def line(api: httpx.Client) -> str:
    """The id of a data set for zoo:linear."""
    answer = api.post("datasets", files={"file": ("line.csv", line_csv())}, data={"name": "jobs"})
    return str(answer.json()["id"])


def _body(dataset: str, **given: Any) -> dict[str, Any]:
    return {"kind": "train", "model": "zoo:linear", "dataset": dataset, "params": {"epochs": 3}, **given}


def _queue(api: httpx.Client, dataset: str, **given: Any) -> dict[str, Any]:
    answer = api.post("jobs", json=_body(dataset, **given))
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_a_queued_job_says_what_was_asked_and_what_was_chosen(api: httpx.Client, line: str) -> None:
    answer = api.post("jobs", json=_body(line))
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["attempt"], job["run"], job["progress"]) == ("train", "queued", 0, 1, 0.0)
    assert job["params"]["epochs"] == 3
    assert job["dataset"] == line
    assert job["chosen"]["loss"]["value"] == "mse"
    assert job["chosen"]["optimizer"]["why"]
    assert job["error"] is None
    assert "train.cpu" in job["waiting_for"]
    assert "cancel" in job["links"]
    assert api.get(f"jobs/{job['id']}").json() == job


def test_a_built_in_network_is_stored_as_a_model_once(api: httpx.Client, line: str) -> None:
    first, second = _queue(api, line), _queue(api, line)
    assert first["model"] == second["model"]
    model = api.get(f"models/{first['model']['id']}").json()
    assert model["spec"] == api.get("zoo/linear").json()
    assert model["source"]["format"] == "zoo"


def test_a_version_may_be_named_and_the_current_one_is_the_default(api: httpx.Client, line: str) -> None:
    spec = api.get("zoo/linear").json()
    model = api.post("models", json={**spec, "name": "versions"}).json()
    api.put(f"models/{model['id']}/spec", json={**spec, "name": "changed"}, headers={"If-Match": "*"})
    assert _queue(api, line, model=model["id"])["model"]["version"] == 2
    assert _queue(api, line, model=f"{model['id']}@1")["model"]["version"] == 1
    refused = api.post("jobs", json=_body(line, model=f"{model['id']}@3"))
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["where"]["field"] == "model"


def test_problems_of_params_model_and_data_set_are_listed_together(api: httpx.Client, line: str) -> None:
    body = _body(
        line, model="zoo:mnist-dnn", params={"epochs": 0, "loss": "magic", "colour": 1, "learning_rate": -1}, extra=True
    )
    answer = api.post("jobs", json=body)
    assert answer.status_code == 422
    fields = {one["where"]["field"] for one in answer.json()["problems"]}
    assert {"extra", "params.epochs", "params.loss", "params.colour", "params.learning_rate"} <= fields
    assert any(one["where"]["layer"] == "input" for one in answer.json()["problems"])  # 1 value is no 28 x 28 picture


def test_an_unknown_data_set_and_model_are_both_told(api: httpx.Client) -> None:
    answer = api.post("jobs", json=_body("dataset-none", model="model-none"))
    assert {one["where"]["field"] for one in answer.json()["problems"]} == {"dataset", "model"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "dream"}, "kind"),
        ({"kind": None}, "kind"),
        ({"model": None}, "model"),
        ({"model": "zoo:nothing"}, "model"),
        ({"model": "zoo:"}, "model"),
        ({"model": "../models/1"}, "model"),
        ({"model": "x" * 1000}, "model"),
        ({"model": 7}, "model"),
        ({"dataset": None}, "dataset"),
        ({"dataset": "x" * 1000}, "dataset"),
        ({"params": []}, "params"),
        ({"params": {"epochs": 2**62}}, "params.epochs"),
        ({"params": {"epochs": True, "shuffle": True}}, "params.epochs"),
        ({"priority": "3"}, "priority"),
        ({"params": {"epochs": "three"}}, "params.epochs"),
        ({"params": {"time_limit_s": 0}}, "params.time_limit_s"),
        ({"params": {"optimizer": {"name": "sgd", "momentum": 7}}}, None),
        ({"params": {"batch_size": 1.5}}, "params.batch_size"),
        ({"priority": 1000}, "priority"),
    ],
)
def test_a_wrong_field_is_a_problem_with_its_place(
    api: httpx.Client, line: str, change: dict[str, Any], field: str | None
) -> None:
    answer = api.post("jobs", json={**_body(line), **change})
    assert answer.status_code == 422, answer.text
    if field is not None:
        assert field in {one["where"]["field"] for one in answer.json()["problems"]}, answer.text


def test_nothing_is_queued_where_there_is_a_problem(api: httpx.Client, line: str) -> None:
    before = api.get("jobs", params={"limit": 1}).json()["items"]
    api.post("jobs", json=_body(line, params={"epochs": 0}))
    assert api.get("jobs", params={"limit": 1}).json()["items"] == before


def test_the_same_key_and_body_are_the_same_job_whatever_happened_since(lone: Gateway, trainer: Trainer) -> None:
    api = lone.api
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "key"}).json()["id"]
    headers = {"Idempotency-Key": "key-1"}
    first = api.post("jobs", json=_body(dataset), headers=headers)
    again = api.post("jobs", json=_body(dataset), headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["location"] == first.headers["location"]
    reordered = dict(reversed(_body(dataset).items()))
    assert api.post("jobs", json=reordered, headers=headers).json()["id"] == first.json()["id"]
    api.post(f"jobs/{first.json()['id']}/cancel")
    assert api.delete(f"datasets/{dataset}").status_code == 204
    late = api.post("jobs", json=_body(dataset), headers=headers)
    assert late.status_code == 202
    assert (late.json()["id"], late.json()["state"]) == (first.json()["id"], "cancelled")


def test_the_same_key_with_another_body_is_refused(api: httpx.Client, line: str) -> None:
    headers = {"Idempotency-Key": "key-2"}
    first = api.post("jobs", json=_body(line), headers=headers).json()
    other = api.post("jobs", json=_body(line, params={"epochs": 4}), headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:visualnn:error:idempotency-mismatch"
    assert first["id"] in other.json()["detail"]


def test_one_key_from_many_connections_makes_one_job(lone: Gateway, line: str) -> None:
    answers: list[httpx.Response] = []
    start = threading.Barrier(8)

    def post() -> None:
        start.wait()
        body, headers = _body(line), {"Idempotency-Key": "key-many"}
        answers.append(httpx.post(f"{lone.url}/api/v1/jobs", json=body, headers=headers, timeout=60))

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "caf\u00e9"])
def test_an_impossible_key_is_refused(api: httpx.Client, line: str, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1")), (b"Content-Type", b"application/json")]
    answer = api.post("jobs", json=_body(line), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == "Idempotency-Key"


def test_jobs_are_listed_by_state_kind_and_model(api: httpx.Client, line: str) -> None:
    spec = api.get("zoo/linear").json()
    model = api.post("models", json={**spec, "name": "listed"}).json()["id"]
    first, second = _queue(api, line, model=model)["id"], _queue(api, line, model=model)["id"]
    api.post(f"jobs/{first}/cancel")

    def found(**query: str) -> list[str]:
        return [item["id"] for item in api.get("jobs", params={"model": model, **query}).json()["items"]]

    assert found() == [second, first]
    assert found(state="cancelled") == [first]
    assert found(state="queued", kind="train") == [second]
    assert found(kind="predict") == []


def test_a_job_for_a_gpu_says_that_no_worker_has_one(lone: Gateway, line: str) -> None:
    job = _queue(lone.api, line, params={"device": "gpu"})
    assert job["queue"] == "train.gpu"
    assert job["waiting_for"] == "a worker with a GPU: none is online"
    info = WorkerInfo(queues=["train.gpu"], devices=[{"kind": "gpu", "name": "H200", "memory_bytes": 1}], backend="jax")
    with lone.parts.db.session() as s:
        workers.announce(s, info)
    try:
        assert lone.api.get(f"jobs/{job['id']}").json()["waiting_for"] is None
        (worker,) = lone.api.get("workers").json()["items"]
        assert (worker["id"], worker["backend"], worker["queues"]) == (info.id, "jax", ["train.gpu"])
    finally:
        with lone.parts.db.session() as s:
            workers.retire(s, info.id)
    assert lone.api.get("workers").json()["items"] == []


def test_a_queued_job_is_cancelled_at_once(api: httpx.Client, line: str) -> None:
    job = _queue(api, line)
    answer = api.post(f"jobs/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert api.post(f"jobs/{job['id']}/cancel").status_code == 200
    assert "resume" in answer.json()["links"]


def test_a_running_job_is_asked_to_stop(api: httpx.Client, line: str, trainer: Trainer) -> None:
    job = _queue(api, line)
    trainer.claim(job["id"])
    answer = api.post(f"jobs/{job['id']}/cancel")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["cancel_requested"]) == ("running", True)


def test_a_job_that_has_ended_is_not_cancelled(api: httpx.Client, line: str, trainer: Trainer) -> None:
    job = _queue(api, line)
    trainer.fail(trainer.claim(job["id"]), NAN_LOSS)
    answer = api.post(f"jobs/{job['id']}/cancel")
    assert answer.status_code == 409
    assert "failed" in answer.json()["detail"]


def test_a_failed_job_tells_its_error_and_can_be_resumed(api: httpx.Client, line: str, trainer: Trainer) -> None:
    job = _queue(api, line)
    trainer.fail(trainer.claim(job["id"]), NAN_LOSS)
    failed = api.get(f"jobs/{job['id']}").json()
    assert failed["state"] == "failed"
    assert failed["error"] == {**NAN_LOSS.as_json(), "checkpoint": None, "largest_batch_size": None}
    assert failed["finished_at"].endswith("Z")
    resumed = api.post(f"jobs/{job['id']}/resume")
    assert resumed.status_code == 200
    assert (resumed.json()["state"], resumed.json()["run"], resumed.json()["error"]) == ("queued", 2, None)
    assert api.post(f"jobs/{job['id']}/resume").json()["run"] == 2


def test_a_job_without_its_data_set_is_not_resumed(api: httpx.Client) -> None:
    dataset = api.post("datasets", files={"file": ("l.csv", line_csv())}, data={"name": "to delete"}).json()["id"]
    job = _queue(api, dataset)
    assert api.delete(f"datasets/{dataset}").status_code == 409
    api.post(f"jobs/{job['id']}/cancel")
    assert api.delete(f"datasets/{dataset}").status_code == 204
    answer = api.post(f"jobs/{job['id']}/resume")
    assert answer.status_code == 409
    assert dataset in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/events", "/weights", "/artifacts", "/artifacts/history.json"])
def test_an_unknown_job_is_not_found(api: httpx.Client, path: str) -> None:
    assert api.get(f"jobs/job-none{path}").status_code == 404


@pytest.mark.parametrize("path", ["cancel", "resume"])
def test_an_unknown_job_is_neither_cancelled_nor_resumed(api: httpx.Client, path: str) -> None:
    assert api.post(f"jobs/job-none/{path}").status_code == 404


def _trained(api: httpx.Client, line: str, trainer: Trainer) -> str:
    job = str(_queue(api, line)["id"])
    x = np.array([[0.0], [1.0]], np.float32)
    trainer.train(
        job,
        {"y/kernel": np.array([[2.0]], np.float32), "y/bias": np.array([-1.0], np.float32)},
        {"x:x": x, "y:y": 2 * x - 1},
    )
    return job


def test_predict_and_evaluate_jobs_take_a_trained_jobs_weights(api: httpx.Client, line: str, trainer: Trainer) -> None:
    source = _trained(api, line, trainer)
    for kind in ("predict", "evaluate"):
        answer = api.post("jobs", json={"kind": kind, "dataset": line, "params": {"job": source, "split": "train"}})
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert (job["kind"], job["source_job"], job["queue"]) == (kind, source, "infer")
        assert job["model"] == api.get(f"jobs/{source}").json()["model"]


def test_a_data_set_that_does_not_fit_the_weights_is_refused(api: httpx.Client, line: str, trainer: Trainer) -> None:
    source = _trained(api, line, trainer)
    wide = npz({"x": np.zeros((3, 7), np.float32), "y": np.zeros(3, np.float32)})
    other = api.post("datasets", files={"file": ("wide.npz", wide)}).json()["id"]
    for kind in ("predict", "evaluate"):
        answer = api.post("jobs", json={"kind": kind, "dataset": other, "params": {"job": source}})
        assert answer.status_code == 422
        assert answer.json()["problems"]


@pytest.mark.parametrize("kind", ["predict", "evaluate"])
def test_weights_must_come_from_a_train_job_that_succeeded(api: httpx.Client, line: str, kind: str) -> None:
    queued = _queue(api, line)["id"]
    for source in (queued, "job-none"):
        answer = api.post("jobs", json={"kind": kind, "dataset": line, "params": {"job": source}})
        assert answer.status_code == 422
        assert [one["where"]["field"] for one in answer.json()["problems"]] == ["params.job"]
    missing = api.post("jobs", json={"kind": kind, "dataset": line})
    assert [one["where"]["field"] for one in missing.json()["problems"]] == ["params.job"]


def test_another_model_than_the_weights_have_is_refused(api: httpx.Client, line: str, trainer: Trainer) -> None:
    source = _trained(api, line, trainer)
    body = {"kind": "predict", "model": "zoo:mnist-dnn", "dataset": line, "params": {"job": source}}
    assert [one["where"]["field"] for one in api.post("jobs", json=body).json()["problems"]] == ["model"]


def test_an_export_takes_a_trained_job_and_no_data_set(api: httpx.Client, line: str, trainer: Trainer) -> None:
    source = _trained(api, line, trainer)
    answer = api.post("jobs", json={"kind": "export", "params": {"job": source}})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["source_job"], job["dataset"], job["queue"]) == ("export", source, None, "infer")
    assert job["params"]["format"] == "savedmodel"
    wrong = api.post("jobs", json={"kind": "export", "dataset": line, "params": {"job": source, "format": "h5"}})
    assert {one["where"]["field"] for one in wrong.json()["problems"]} == {"dataset", "params.format"}


@pytest.mark.parametrize("kind", ["train", "predict", "evaluate"])
def test_other_jobs_need_a_data_set(api: httpx.Client, kind: str) -> None:
    answer = api.post("jobs", json={"kind": kind, "model": "zoo:linear", "params": {}})
    assert "dataset" in {one["where"]["field"] for one in answer.json()["problems"]}


def _from(api: httpx.Client, line: str, initial: str) -> httpx.Response:
    params = {"initial_weights": initial, "optimizer": "sgd"}
    return api.post("jobs", json={"kind": "train", "model": "zoo:linear", "dataset": line, "params": params})


def test_a_training_may_begin_with_a_trained_jobs_weights(api: httpx.Client, line: str, trainer: Trainer) -> None:
    source = _trained(api, line, trainer)
    trainer.register("begun", source)
    for initial in (source, "begun", "begun@1"):
        answer = _from(api, line, initial)
        assert answer.status_code == 202, answer.text
        assert answer.json()["source_job"] == source
        assert answer.json()["chosen"]["initial_weights"]["value"] == ["y"]


@pytest.mark.parametrize("initial", ["job-none", "no-operator", "no-operator@2"])
def test_weights_to_begin_with_must_be_there(api: httpx.Client, line: str, initial: str) -> None:
    answer = _from(api, line, initial)
    assert answer.status_code == 422
    assert [one["where"]["field"] for one in answer.json()["problems"]] == ["params.initial_weights"]


def _record(weights: str, loss: float, keras: str = "3.10.0") -> bytes:
    found = {
        "versions": {"keras": keras}, "backend": "tensorflow", "device": "cpu", "machine": "x86_64 Linux", "threads": 2,
        "seed": 0, "params": {}, "spec_sha256": "a", "dataset_sha256": "b", "weights_sha256": weights,
        "metrics": {"test_loss": loss},
    }  # fmt: skip
    return json.dumps(found).encode()


def test_a_training_is_done_again_and_compared(api: httpx.Client, line: str, trainer: Trainer) -> None:
    first = _queue(api, line, params={"epochs": 3, "seed": 7})
    trainer.commit(trainer.claim(first["id"]), {"run.json": _record("w", 0.5)})
    answer = api.post(f"jobs/{first['id']}/reproduce")
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["Location"].endswith(job["id"])
    assert (job["params"], job["model"], job["dataset"]) == (first["params"], first["model"], line)
    assert job["chosen"]["reproduces"]["value"] == first["id"]
    assert api.get(f"jobs/{job['id']}/reproduction").json()["verdict"] is None
    trainer.commit(trainer.claim(job["id"]), {"run.json": _record("v", 0.75, "3.15.0")})
    found = api.get(f"jobs/{job['id']}/reproduction").json()
    assert (found["reproduces"], found["verdict"]) == (first["id"], "different")
    assert found["conditions"] == [{"what": "versions.keras", "before": "3.10.0", "after": "3.15.0"}]
    assert found["results"] == [{"what": "test_loss", "before": 0.5, "after": 0.75}]


def test_only_what_ended_well_is_done_again(api: httpx.Client, line: str) -> None:
    job = _queue(api, line)
    assert api.post(f"jobs/{job['id']}/reproduce").status_code == 409
    assert api.get(f"jobs/{job['id']}/reproduction").status_code == 409
    api.post(f"jobs/{job['id']}/cancel")
