"""Train on real digits, serve, and compare with Keras."""

import hashlib
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest
from visualnn import Client
from visualnn.errors import ApiError, JobCancelled
from visualnn.records import Dataset, Event, Job, Model
from visualnn_shared.zoo import load
from visualnn_standalone.platform import Platform

from tests.end_to_end.support import until

TOLERANCE = 1e-5
EPOCHS = 12
embedded_is_enough = pytest.mark.parametrize("platform", ["embedded"], indirect=True)
"""For what no part but the worker decides."""


class Trained:
    """A digits network, trained once in each variant."""

    def __init__(self, client: Client, digits: Path) -> None:
        self.model: Model = client.models.create(load("digits-dnn"))
        self.dataset: Dataset = client.datasets.upload(digits)
        self.events: list[Event] = []
        job = client.jobs.train(self.model, self.dataset, epochs=EPOCHS, batch_size=64, seed=1)
        self.job: Job = client.jobs.wait(job.id, on_event=self.events.append)


@pytest.fixture(scope="module")
def trained(platform: Platform, digits: Path) -> Trained:
    with Client(platform.url) as client:
        return Trained(client, digits)


def test_the_network_learns_the_digits(trained: Trained) -> None:
    assert trained.job.state == "succeeded"
    assert trained.job.progress == 1
    assert trained.job.metrics["test_accuracy"] >= 0.95


def test_what_was_left_out_is_chosen_with_a_reason(trained: Trained) -> None:
    chosen = trained.job.chosen or {}
    assert {"optimizer", "loss"} <= chosen.keys()
    assert all(one["why"] for one in chosen.values())


def test_each_epoch_is_told_once_and_in_order(trained: Trained) -> None:
    epochs = [event.data["epoch"] for event in trained.events if event.kind == "epoch"]
    assert epochs == list(range(1, EPOCHS + 1))
    assert [event.id for event in trained.events] == sorted({event.id for event in trained.events})
    assert [e.data["state"] for e in trained.events if e.kind == "state"][-2:] == ["running", "succeeded"]
    losses = [event.data["metrics"]["loss"] for event in trained.events if event.kind == "epoch"]
    assert losses[-1] < losses[0] / 4


def test_events_go_on_after_the_last_one_seen(trained: Trained, client: Client) -> None:
    middle = trained.events[len(trained.events) // 2].id
    later = [event.id for event in client.jobs.events(trained.job.id, after=middle)]
    assert later == [event.id for event in trained.events if event.id > middle]


def test_weights_come_whole_in_ranges_and_unchanged(trained: Trained, client: Client, tmp_path: Path) -> None:
    found = client.jobs.weights(trained.job.id, tmp_path / "w.safetensors")
    content = (tmp_path / "w.safetensors").read_bytes()
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    url = f"{client.url}/api/v1/jobs/{trained.job.id}/weights"
    part = httpx.get(url, headers={"Range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, content[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(content)}"
    assert httpx.get(url, headers={"If-None-Match": f'"{found.sha256}"'}).status_code == 304


@pytest.mark.parametrize("format", ["keras", "h5"])
def test_weights_come_in_keras_forms_too(trained: Trained, client: Client, tmp_path: Path, format: str) -> None:
    assert client.jobs.weights(trained.job.id, tmp_path / "w", format=format).size > 10_000


def test_the_operator_says_what_keras_says_in_both_dialects(
    trained: Trained, client: Client, digits: Path, tmp_path: Path
) -> None:
    operator = client.operators.create("digits", trained.job.id)
    assert operator.ready
    assert operator.replay is not None
    assert operator.replay["max_abs_error"] <= TOLERANCE
    pictures = np.load(digits)["x_test"]
    expected = _keras(trained, client, pictures, tmp_path)
    predictions = client.operators.predict("digits", pictures.tolist())
    assert np.abs(np.array([one["scores"] for one in predictions]) - expected).max() <= TOLERANCE
    assert [one["index"] for one in predictions] == expected.argmax(axis=1).tolist()
    assert [one["class"] for one in predictions] == [str(index) for index in expected.argmax(axis=1)]
    tensor = operator.signature["inputs"][0]
    answer = client.operators.infer(
        "digits",
        [{"name": tensor["name"], "shape": list(pictures.shape), "datatype": "UINT8", "data": pictures.tolist()}],
    )
    (output,) = answer["outputs"]
    assert np.abs(np.array(output["data"]).reshape(output["shape"]) - expected).max() <= TOLERANCE


def _keras(trained: Trained, client: Client, pictures: np.ndarray, folder: Path) -> np.ndarray:
    """Scores by Keras, with the preprocessing done by hand."""
    client.jobs.weights(trained.job.id, folder / "model.keras", format="keras")
    np.save(folder / "x.npy", pictures.reshape(len(pictures), -1).astype(np.float32) / 255)
    script = Path(__file__).with_name("keras_predict.py")
    files = [str(folder / name) for name in ("model.keras", "x.npy", "y.npy")]
    subprocess.run([sys.executable, str(script), *files], check=True, capture_output=True, timeout=600)
    return np.asarray(np.load(folder / "y.npy"))


def test_an_evaluation_finds_the_metrics_of_the_training(trained: Trained, client: Client) -> None:
    job = client.jobs.wait(client.jobs.evaluate(trained.job, trained.dataset).id)
    assert job.metrics["test_accuracy"] == pytest.approx(trained.job.metrics["test_accuracy"], abs=1e-6)


@embedded_is_enough
def test_a_whole_data_set_is_predicted_as_a_job(trained: Trained, client: Client, tmp_path: Path) -> None:
    job = client.jobs.wait(client.jobs.predict(trained.job, trained.dataset, split="test").id)
    client.jobs.artifact(job.id, "predictions.npz", tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz") as found:
        scores, labels = found["prob"], found["label"]
    assert np.mean(scores.argmax(axis=1) == labels) == pytest.approx(trained.job.metrics["test_accuracy"], abs=1e-6)


def test_a_repeated_request_is_one_job(trained: Trained, client: Client) -> None:
    def submit(epochs: int) -> Job:
        key = f"once-{trained.job.id}"
        return client.jobs.train(trained.model, trained.dataset, epochs=epochs, idempotency_key=key)

    first = submit(100_000)
    assert submit(100_000).id == first.id
    with pytest.raises(ApiError) as error:
        submit(2)
    assert error.value.status == 422
    client.jobs.cancel(first.id)
    client.jobs.wait(first.id, check=False)
    assert submit(100_000).id == first.id


def test_a_running_job_is_cancelled_for_good(trained: Trained, client: Client) -> None:
    job = client.jobs.train(trained.model, trained.dataset, epochs=100_000)
    until(lambda: client.jobs.get(job.id).metrics.get("epoch", 0) >= 2, 240, "the second epoch")
    assert client.jobs.cancel(job.id).cancel_requested
    with pytest.raises(JobCancelled):
        client.jobs.wait(job.id)
    with pytest.raises(ApiError) as error:
        client.jobs.weights(job.id, Path("never"))
    assert error.value.status == 409


@embedded_is_enough
def test_a_loss_that_is_not_a_number_fails_the_job_with_epoch_and_batch(client: Client, tmp_path: Path) -> None:
    (tmp_path / "steep.csv").write_text("x,y\n" + "".join(f"{x},{x * 1e6}\n" for x in range(64)))
    job = client.jobs.train(
        "zoo:linear",
        client.datasets.upload(tmp_path / "steep.csv"),
        learning_rate=100,
        optimizer="sgd",
        loss="mse",
        epochs=50,
    )
    ended = client.jobs.wait(job.id, check=False)
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error["class"] == "user"
    assert "epoch" in ended.error["detail"]
    assert "batch" in ended.error["detail"]
    assert ended.error["next_step"]
