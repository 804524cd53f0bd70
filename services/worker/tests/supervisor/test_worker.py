"""A real worker process on SQLite and a folder: cancel, a loss that is no number, drain, and going on elsewhere."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from visualnn_shared.jobs import events, protocol
from visualnn_shared.jobs.model import queue_for
from visualnn_shared.spec.reading import canonical_json, etag
from visualnn_shared.store.database import LOCAL_OWNER, Database
from visualnn_shared.store.tables import Attempt, Dataset, Job, Model, ModelVersion, Worker

from services.worker.tests.desk import Desk, class_data, small_spec

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TIMERS = {
    "VISUALNN_JOBS_HEARTBEAT_S": "2",
    "VISUALNN_JOBS_STATEMENT_TIMEOUT_S": "5",
    "VISUALNN_JOBS_IDLE_CLAIM_S": "0.2",
    "VISUALNN_JOBS_BACKOFF_S": "0.1",
    "VISUALNN_WORKER_CHECKPOINT_S": "0.1",
}
WIDE = small_spec({"name": "wide", "type": "Dense", "params": {"units": 2_000_000, "activation": "relu"}})
NET = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 6, "activation": "relu"}},
    {"name": "drop", "type": "Dropout", "params": {"rate": 0.2}},
)
LONG = {"epochs": 600, "batch_size": 8, "seed": 11, "optimizer": "sgd"}


class House:
    """Rows, objects, and workers on them."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder, class_data(samples=80))
        self.database = Database(f"sqlite:///{folder / 'visualnn.db'}")
        self.database.upgrade()
        self.folder = folder
        self.scratch = folder / "scratch"
        inspected = self.desk.inspected
        with self.database.session() as s:
            s.add(Model(id="m", owner=LOCAL_OWNER, name="m", version=2))
            s.flush()
            for number, net in ((1, NET), (2, WIDE)):
                spec = json.loads(canonical_json(net))
                s.add(ModelVersion(model_id="m", number=number, spec=spec, etag=etag(net)))
            s.add(Dataset(
                id="d", owner=LOCAL_OWNER, name="d", sha256="0" * 64, format=inspected.format, size=1, key="datasets/d",
                schema=inspected.schema.model_dump(mode="json"), splits=inspected.splits,
            ))  # fmt: skip

    def worker(self, **environment: str) -> subprocess.Popen[str]:
        self.scratch.mkdir(exist_ok=True)
        variables = {**os.environ, **TIMERS, "VISUALNN_DATA_DIR": str(self.folder), "TMPDIR": str(self.scratch)}
        variables |= environment
        return subprocess.Popen(
            [sys.executable, "-m", "visualnn_worker"], env=variables, stderr=subprocess.PIPE, text=True
        )

    def submit(self, params: dict[str, Any], version: int = 1, **limits: Any) -> str:
        with self.database.session() as s:
            return protocol.submit(
                s, owner=LOCAL_OWNER, kind="train", queue=queue_for("train"), params=params, model_id="m",
                model_version=version, dataset_id="d", **limits,
            ).job.id  # fmt: skip

    def job(self, job_id: str) -> Job:
        with self.database.reading() as s:
            return protocol.find(s, job_id)

    def until(self, job_id: str, true: Callable[[Job], bool], what: str, timeout_s: float = 240) -> Job:
        end = time.monotonic() + timeout_s
        while not true(job := self.job(job_id)):
            assert time.monotonic() < end, f"{what} did not come; the job is {job.state}: {job.error}"
            time.sleep(0.05)
        return job

    def outcomes(self, job_id: str) -> list[str | None]:
        with self.database.reading() as s:
            return list(s.scalars(select(Attempt.outcome).where(Attempt.job_id == job_id).order_by(Attempt.attempt)))

    def workers(self) -> list[str]:
        with self.database.reading() as s:
            return list(s.scalars(select(Worker.id)))

    def said(self, job_id: str, kind: str) -> list[dict[str, Any]]:
        with self.database.reading() as s:
            return [event.data for event in events.after(s, job_id, limit=100_000) if event.kind == kind]

    def children(self) -> list[Path]:
        return list((self.folder / "worker" / "children").iterdir())


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return House(tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def worker(house):
    process = house.worker(VISUALNN_WORKER_CPU_DEVICES="2")
    yield process
    process.kill()
    process.communicate()


def under_way(job: Job) -> bool:
    assert job.state in ("queued", "running"), job.error
    return job.progress > 0.02


def weights(house: House, job: Job) -> bytes:
    return house.desk.store.get(job.result_manifest["weights.safetensors"]["key"])


def test_a_cancelled_training_ends_soon_and_its_child_is_gone(house, worker):
    job_id = house.submit({**LONG, "epochs": 100_000})
    house.until(job_id, under_way_at_all, "the first batch")
    before = {path.stem for path in house.children()}
    asked = time.monotonic()
    with house.database.session() as s:
        assert protocol.cancel(s, job_id).state == "running"
    house.until(job_id, lambda job: job.state == "cancelled", "the end")
    assert time.monotonic() - asked < 15  # the worker looks every second; this machine may be busy
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)
    assert len(list(house.scratch.iterdir())) <= 1, "only the next child's folder is there"
    assert house.outcomes(job_id) == ["cancelled"]
    assert house.said(job_id, "state")[-1]["freed"]["memory_mb"] > 100


def test_a_training_beyond_its_time_limit_fails_and_names_the_checkpoint_that_is_kept(house, worker):
    params = {**LONG, "epochs": 100_000, "keep": "best"}
    for limit_s in (4.0, 16.0, 64.0):  # a busy machine may take long to the first checkpoint
        job_id = house.submit(params, time_limit_s=limit_s)
        job = house.until(job_id, lambda job: job.state == "failed", "the end of its time")
        assert (job.error["class"], job.error["code"]) == ("user", "time-limit")
        if (job.error.get("checkpoint") or {}).get("best_epoch"):
            break
    kept = job.error["checkpoint"]
    assert kept["epoch"] >= kept["best_epoch"] >= 1
    assert kept["key"] in job.error["detail"]
    assert kept["key"] == job.checkpoint_manifest["state.safetensors"]["key"]
    assert house.desk.store.info(kept["key"]) is not None
    assert house.outcomes(job_id) == ["failed"]


def test_a_wide_layer_beyond_the_memory_limit_fails_and_the_suggested_batch_fits(house, worker):
    params = {"epochs": 1, "batch_size": 80, "optimizer": "sgd"}
    job_id = house.submit(params, version=2, memory_limit_mb=1800)
    job = house.until(job_id, lambda job: job.state == "failed", "the failure")
    assert (job.error["class"], job.error["code"]) == ("resource", "memory-limit")
    assert "1,800 MiB" in job.error["detail"]
    assert house.outcomes(job_id) == ["failed"], "it is not tried again"
    batch = job.error["largest_batch_size"]
    assert 0 < batch <= 40
    assert f"batch_size of at most {batch}" in job.error["next_step"]
    job_id = house.submit({**params, "batch_size": batch}, version=2, memory_limit_mb=1800)
    house.until(job_id, lambda job: job.state == "succeeded", "success with the suggested batch")


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are Linux'")
def test_a_full_disk_and_a_lost_store_pause_a_training_which_goes_on_to_the_same_end(house, worker, undisturbed):
    """The kernel refuses the child's writes to files beyond a few bytes, and later allows them again; then the store's
    folder is away for a while."""
    job_id = house.submit(LONG)
    job = house.until(job_id, lambda job: under_way(job) and job.checkpoint_seq > 0, "a checkpoint")
    (child,) = {int(path.stem) for path in house.children()}
    unlimited = resource.prlimit(child, resource.RLIMIT_FSIZE)
    resource.prlimit(child, resource.RLIMIT_FSIZE, (100, unlimited[1]))
    job = house.until(job_id, lambda job: job.waiting_for is not None, "the pause")
    assert "large" in job.waiting_for
    assert job.waiting_since is not None
    aside = house.folder / "objects" / ".tmp"
    aside.rename(house.folder / "away")
    resource.prlimit(child, resource.RLIMIT_FSIZE, unlimited)
    house.until(job_id, lambda job: "object store" in (job.waiting_for or ""), "the pause for the store")
    (house.folder / "away").rename(aside)
    job = house.until(job_id, lambda job: job.state == "succeeded", "success")
    assert (job.attempt, job.waiting_for) == (1, None)
    told = [one["for"] for one in house.said(job_id, "waiting")]
    assert told[0] is not None
    assert told[-1] is None
    assert_same(house, job, undisturbed)


@pytest.fixture(scope="module")
def undisturbed(house):
    return house.desk.run(house.desk.order("train", NET, params=LONG))[0]


def assert_same(house: House, job: Job, undisturbed: Any) -> None:
    """The same weights as of a training that nobody disturbed, bit by bit."""
    mine, theirs = weights(house, job), house.desk.get(undisturbed, "weights.safetensors")
    tensors = [_tensors(house.folder / f"{job.id}-{i}", data) for i, data in enumerate((mine, theirs))]
    assert all(np.array_equal(tensors[0][name], tensors[1][name]) for name in tensors[1])


def under_way_at_all(job: Job) -> bool:
    assert job.state in ("queued", "running"), job.error
    return job.progress > 0


def test_a_loss_that_is_no_number_fails_with_epoch_and_batch(house, worker):
    decay = {"name": "sgd", "weight_decay": 1.0}  # times the rate: every weight grows 99-fold in each step
    params = {**LONG, "optimizer": decay, "learning_rate": 100.0}
    job_id = house.submit(params)
    job = house.until(job_id, lambda job: job.state == "failed", "the failure")
    assert job.error["class"] == "user"
    assert job.error["code"] == "nan-loss"
    assert "epoch" in job.error["detail"]
    assert "batch" in job.error["detail"]
    assert "learning rate" in job.error["next_step"]


def test_a_training_on_two_devices_whose_child_is_killed_ends_as_an_undisturbed_one(house, worker):
    params = {**LONG, "epochs": 30, "devices": 2}
    whole, job_id = house.submit(params), house.submit(params)
    job = house.until(job_id, lambda job: under_way(job) and job.checkpoint_seq > 0, "a checkpoint")
    for path in house.children():
        os.kill(int(path.stem), signal.SIGKILL)
    job, first = (house.until(one, lambda job: job.state == "succeeded", "success") for one in (job_id, whole))
    assert house.outcomes(job_id)[-1] == "succeeded"
    assert len(house.outcomes(job_id)) == 2
    tensors = [_tensors(house.folder / f"{one.id}-two", weights(house, one)) for one in (job, first)]
    assert all(np.array_equal(tensors[0][name], tensors[1][name]) for name in tensors[1])
    assert [job.chosen["devices"]["value"] for job in (job, first)] == [["cpu:0", "cpu:1"]] * 2
    assert {epoch["devices"] for epoch in house.said(job_id, "epoch")} == {2}


def test_more_devices_than_the_worker_has_end_a_training_before_it_begins(house, worker):
    job_id = house.submit({**LONG, "devices": 4})
    job = house.until(job_id, lambda job: job.state == "failed", "the refusal")
    assert (job.error["class"], job.error["code"], job.attempt) == ("user", "invalid", 1)
    assert (
        "devices must be at most what the worker has: 2 (cpu:0, cpu:1, TensorFlow); received 4" in job.error["detail"]
    )
    assert 'ask for 2 or "all"' in job.error["detail"]
    with house.database.reading() as s:
        (one,) = s.scalars(select(Worker))
    assert [device.get("devices") for device in one.devices if device["kind"] == "cpu"] == [2]


def test_a_drained_training_goes_on_elsewhere_and_ends_as_if_nothing_had_been(house, worker, undisturbed):
    job_id = house.submit(LONG)
    house.until(job_id, lambda job: under_way(job) and job.checkpoint_seq > 0, "a checkpoint")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    job = house.job(job_id)
    assert (job.state, job.failures) == ("queued", 0)
    assert house.workers() == []
    assert house.children() == []
    other = house.worker(VISUALNN_WORKER_WARM="false")
    try:
        job = house.until(job_id, lambda job: job.state == "succeeded", "success")
    finally:
        other.terminate()
        other.communicate(timeout=30)
    assert house.outcomes(job_id) == ["drained", "succeeded"]
    assert_same(house, job, undisturbed)
    assert any("going on from a checkpoint" in line["text"] for line in house.said(job_id, "log"))


def _tensors(path: Path, data: bytes) -> dict[str, Any]:
    from visualnn_worker.network import safetensors

    path.write_bytes(data)
    return safetensors.read(path)[0]


def test_a_worker_whose_backend_cannot_be_loaded_says_so_and_serves_nothing(house):
    process = house.worker(KERAS_BACKEND="nonsense")
    _, err = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "a child must load Keras" in err
    assert "nonsense" in err
    assert house.workers() == []


def test_a_queue_that_does_not_exist_is_refused(house):
    process = house.worker(VISUALNN_WORKER_QUEUES="train.cpu,train.tpu")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "received train.tpu" in err
