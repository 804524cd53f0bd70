"""A search and an ensemble on two workers: trainings side by side, and neither a killed worker nor a killed dispatcher
loses one."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from visualnn import Client
from visualnn.demo.digits import load_digits
from visualnn_standalone.platform import Platform

from tests.chaos.conftest import PATIENT
from tests.end_to_end.support import BRISK_TIMERS, until

SHORT_LEASE = {
    **BRISK_TIMERS,
    "VISUALNN_JOBS_HEARTBEAT_S": "1",
    "VISUALNN_JOBS_LEASE_S": "12",
    "VISUALNN_JOBS_WATCHDOG_S": "7",
    "VISUALNN_JOBS_KILL_S": "4",
}
SPACE = {
    "params.learning_rate": {"type": "float", "low": 1e-3, "high": 0.1, "log": True},
    "params.optimizer": {"type": "choice", "choices": ["sgd", "adam"]},
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Client]]:
    folder = tmp_path_factory.mktemp("pair")
    with (
        Platform(folder / "data", workers=2, environment=SHORT_LEASE, patience=PATIENT) as platform,
        Client(platform.url) as client,
    ):
        yield platform, client


@pytest.mark.slow
def test_trials_overlap_and_those_of_a_killed_worker_are_run_again(
    pair: tuple[Platform, Client], tmp_path: Path
) -> None:
    platform, client = pair
    load_digits().save(tmp_path / "digits.npz")
    data = client.datasets.upload(tmp_path / "digits.npz")
    job = client.jobs.tune(
        "zoo:digits-dnn", data, SPACE, recipe={"epochs": 30, "batch_size": 64}, trials=3, parallel=2, search="random"
    )

    def both_train() -> bool:
        trials = client.jobs.trials(job.id)["trials"]
        return [one["state"] for one in trials] == ["running"] * 2 and all(one["epochs"] for one in trials)

    until(both_train, 120, "two trials that train side by side")
    first = [one["job"] for one in client.jobs.trials(job.id)["trials"]]
    for part in ("worker-1", "dispatcher"):
        os.kill(platform.pids()[part], signal.SIGKILL)
    ended = client.jobs.wait(job.id)
    assert (ended.state, ended.attempt) == ("succeeded", 1)
    found = client.jobs.trials(job.id)
    assert [one["state"] for one in found["trials"]] == ["complete"] * 3
    assert [one["job"] for one in found["trials"]][:2] == first
    attempts = [client.jobs.get(one).attempt for one in first]
    assert max(attempts) >= 2, "the killed worker's trial was run again"
    assert found["best"]["value"] == min(one["value"] for one in found["trials"])
    path = tmp_path / "parallel.png"
    client.jobs.artifact(job.id, "parallel-coordinates.png", path)
    assert Image.open(io.BytesIO(path.read_bytes())).width >= 600


@pytest.mark.slow
def test_members_of_an_ensemble_overlap_and_those_of_a_killed_worker_train_again(
    pair: tuple[Platform, Client], tmp_path: Path
) -> None:
    platform, client = pair
    digits = load_digits()
    digits.save(tmp_path / "ensemble.npz")
    data = client.datasets.upload(tmp_path / "ensemble.npz")
    recipe = {"epochs": 120, "batch_size": 64}  # longer than a worker takes to start anew
    job = client.jobs.ensemble("zoo:digits-dnn", data, members=2, recipe=recipe)

    def both_train() -> bool:
        found = client.jobs.members(job.id)["trainings"]
        return [one["state"] for one in found] == ["running"] * 2 and all(one["epochs"] for one in found)

    until(both_train, 120, "two members that train side by side")
    first = [one["job"] for one in client.jobs.members(job.id)["trainings"]]
    for part in ("worker-2", "dispatcher"):
        os.kill(platform.pids()[part], signal.SIGKILL)
    ended = client.jobs.wait(job.id)
    found = client.jobs.members(job.id)
    assert [one["seed"] for one in found["trainings"]] == [0, 1]
    assert [one["job"] for one in found["trainings"]] == first
    assert max(client.jobs.get(one).attempt for one in first) >= 2, "the killed worker's member was trained again"
    gains = {gain["split"]: gain for gain in found["report"]["gains"]}
    assert gains["val"]["over_mean"]["loss"] > 0
    assert gains["test"]["ensemble"]["accuracy"] == ended.metrics["test_accuracy"] > 0.9
    client.operators.create("digits-ensemble", ended.id)  # replays stored samples through ONNX
    assert client.operators.predict("digits-ensemble", [digits.x_test[0].tolist()])
    assert client.models.get(str((ended.model or {})["id"])).spec is not None
    evaluated = client.jobs.wait(client.jobs.evaluate(ended.id, data, split="test").id)
    assert evaluated.metrics["test_loss"] == pytest.approx(gains["test"]["ensemble"]["loss"], rel=1e-4)
