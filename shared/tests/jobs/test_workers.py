"""Who is online, and what a queued job waits for."""

from typing import Any

import pytest
from sqlalchemy import update
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.model import TUNE
from visualnn_shared.jobs.workers import WorkerInfo
from visualnn_shared.store.clock import clock
from visualnn_shared.store.tables import Job, Trial, Worker

CPU = WorkerInfo(["train.cpu", "infer"], [{"kind": "cpu", "name": "cpu", "memory_bytes": 1}], "tensorflow", id="cpu")
GPU = WorkerInfo(["train.gpu"], [{"kind": "gpu", "name": "gpu", "memory_bytes": 2}], "torch", id="gpu")


def _silent_for(bench: Any, worker_id: str, seconds: float) -> None:
    with bench.database.session() as s:
        s.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=clock() - seconds))


def _online(bench: Any, *arguments: Any, **named: Any) -> list[str]:
    return [worker.id for worker in bench.do(workers.online, *arguments, **named)]


def test_an_announced_worker_is_online_for_its_queues(bench: Any) -> None:
    for worker in (CPU, GPU):
        bench.do(workers.announce, worker)
    assert _online(bench) == ["cpu", "gpu"]
    assert _online(bench, "train.gpu") == ["gpu"]
    (found,) = bench.do(workers.online, "infer")
    assert (found.backend, found.devices, found.queues) == ("tensorflow", CPU.devices, ["train.cpu", "infer"])


def test_a_worker_that_is_not_seen_goes_offline_and_comes_back(bench: Any) -> None:
    bench.do(workers.announce, CPU)
    _silent_for(bench, "cpu", 61)
    assert _online(bench) == []
    assert _online(bench, within_s=120) == ["cpu"]
    assert bench.do(workers.seen, "cpu", None)
    assert _online(bench) == ["cpu"]


def test_a_worker_that_lost_its_row_is_told_and_announces_itself_again(bench: Any) -> None:
    bench.do(workers.announce, CPU)
    bench.do(workers.retire, "cpu")
    assert not bench.do(workers.seen, "cpu", None)
    for _ in range(2):  # and twice is the same
        bench.do(workers.announce, CPU)
    assert _online(bench) == ["cpu"]


def test_a_seen_worker_tells_its_job(bench: Any) -> None:
    bench.do(workers.announce, CPU)
    bench.do(workers.seen, "cpu", "job-1")
    (found,) = bench.do(workers.online)
    assert found.job_id == "job-1"


def test_workers_that_are_gone_for_long_are_forgotten(bench: Any) -> None:
    for worker in (CPU, GPU):
        bench.do(workers.announce, worker)
    _silent_for(bench, "gpu", 601)
    assert bench.do(workers.prune) == 1
    assert bench.do(workers.prune) == 0
    assert _online(bench) == ["cpu"]


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        ("train.gpu", "a worker with a GPU: none is online"),
        ("train.cpu", "a worker for the queue train.cpu: none is online"),
    ],
)
def test_a_queued_job_says_which_worker_it_lacks(bench: Any, queue: str, said: str) -> None:
    job = bench.do(protocol.find, bench.submit(queue=queue))
    assert bench.do(workers.waiting_for, job) == said
    bench.do(workers.announce, GPU if queue == "train.gpu" else CPU)
    assert bench.do(workers.waiting_for, job) is None


def test_a_queued_job_says_that_it_waits_for_its_next_try(bench: Any) -> None:
    bench.do(workers.announce, CPU)
    job_id = bench.submit()
    bench.set(job_id, run_after=bench.now() + 8)
    assert bench.do(workers.waiting_for, bench.do(protocol.find, job_id)).startswith("its next try, in ")


def test_a_job_that_does_not_queue_waits_for_nothing(bench: Any) -> None:
    claim = bench.running()
    with bench.database.reading() as s:
        assert workers.waiting_for(s, s.get_one(Job, claim.lease.job_id)) is None


def test_a_queued_job_says_how_many_devices_its_worker_must_have(bench: Any) -> None:
    job = bench.do(protocol.find, bench.submit(devices=4))
    bench.do(workers.announce, CPU)
    assert bench.do(workers.waiting_for, job) == "a worker with 4 devices: those online have at most 1"
    bench.do(workers.announce, WorkerInfo(CPU.queues, [{"kind": "gpu"}] * 4, "jax", id="four"))
    assert bench.do(workers.waiting_for, job) is None


def test_a_search_tells_what_all_its_trainings_lack(bench: Any) -> None:
    bench.do(workers.announce, CPU)
    parent, *trials = bench.submit(kind="tune", queue=TUNE), bench.submit(devices=4), bench.submit(devices=4)
    lease = {"state": "running", "lease_until": bench.now() + 60, "lease_token": "held"}
    bench.set(parent, **lease)

    def told() -> str | None:
        return bench.do(workers.waiting_for, bench.do(protocol.find, parent))

    assert told() is None  # none is asked for yet
    with bench.database.session() as s:
        s.add_all([Trial(tune_id=parent, number=n, job_id=one, values={}, state="queued", epochs=[])
                   for n, one in enumerate(trials)])  # fmt: skip
    assert told() == "a worker with 4 devices: those online have at most 1; its trainings wait"
    bench.set(trials[1], **lease)
    assert told() is None


@pytest.mark.parametrize(
    ("devices", "backend", "most"),
    [
        ([{"kind": "cpu"}], "jax", 1),
        ([{"kind": "cpu", "devices": 3}], "jax", 3),
        ([{"kind": "gpu"}, {"kind": "gpu"}, {"kind": "cpu"}], "tensorflow", 2),
        ([{"kind": "gpu"}, {"kind": "gpu"}], "torch", 1),  # on which Keras shares nothing out
    ],
)
def test_a_worker_knows_over_how_many_devices_it_shares_out(devices: Any, backend: str, most: int) -> None:
    assert WorkerInfo(["train.cpu"], devices, backend).most_devices == most
