"""The net below the workers: rounds by hand, and the program as it runs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from visualnn_shared.jobs import protocol, workers
from visualnn_shared.jobs.dispatcher import Dispatcher
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.jobs.workers import WorkerInfo
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.store.clock import clock
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Manifest, Worker


class _Heard(Waker):
    """A waker that remembers; what it would send is tested with the real broker."""

    def __init__(self) -> None:
        super().__init__("")
        self.queues: list[str] = []

    def wake(self, queue: str) -> None:
        self.queues.append(queue)


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest.fixture
def heard() -> _Heard:
    return _Heard()


@pytest.fixture
def dispatcher(database: Database, objects: FolderStore, heard: _Heard) -> Dispatcher:
    return Dispatcher(database, objects, heard, Timers())


def _announce(bench: Any, *ids: str, queue: str = "train.cpu") -> None:
    for worker_id in ids:
        bench.do(workers.announce, WorkerInfo([queue], [], "tensorflow", id=worker_id))


def test_a_round_takes_back_the_job_of_a_lost_worker(bench: Any, dispatcher: Dispatcher) -> None:
    lease = bench.running().lease
    dispatcher.round()
    assert bench.row(lease.job_id)["state"] == "running"
    bench.lapse(lease.job_id)
    dispatcher.round()
    assert bench.row(lease.job_id)["state"] == "queued"


def test_a_round_wakes_as_many_workers_as_there_are_jobs_for_them(
    bench: Any, dispatcher: Dispatcher, heard: _Heard
) -> None:
    _announce(bench, "a", "b")
    _announce(bench, "c", queue="infer")
    for queue in ("train.cpu", "train.cpu", "train.cpu", "infer", "train.gpu"):
        bench.submit(queue=queue)
    dispatcher.round()
    assert sorted(heard.queues) == ["infer", "train.cpu", "train.cpu"]


def test_a_wake_up_is_sent_again_only_after_a_while(bench: Any, dispatcher: Dispatcher, heard: _Heard) -> None:
    _announce(bench, "a")
    job_id = bench.submit()
    for _ in range(3):
        dispatcher.round()
    assert heard.queues == ["train.cpu"]
    bench.set(job_id, last_sent_at=bench.now() - 31)
    dispatcher.round()
    assert heard.queues == ["train.cpu"] * 2


def test_a_round_forgets_workers_that_are_gone(bench: Any, dispatcher: Dispatcher) -> None:
    _announce(bench, "a", "b")
    with bench.database.session() as s:
        s.execute(update(Worker).where(Worker.id == "a").values(seen_at=clock() - 3600))
    dispatcher.round()
    assert [worker.id for worker in bench.do(workers.online, within_s=1e9)] == ["b"]


def _leave(bench: Any, objects: FolderStore, manifest: Callable[..., Manifest]) -> str:
    """A drained attempt's forgotten object."""
    lease = bench.running().lease
    (entry,) = manifest(lease).values()
    objects.put(entry["key"], b"abc")
    bench.do(protocol.drain, lease)
    return str(entry["key"])


def test_what_an_ended_attempt_left_is_removed_soon(
    bench: Any, dispatcher: Dispatcher, objects: FolderStore, manifest: Callable[..., Manifest]
) -> None:
    key = _leave(bench, objects, manifest)
    assert dispatcher.collect_new() == 1
    assert objects.info(key) is None
    objects.put(key, b"late")
    assert dispatcher.collect_new() == 0  # it has looked at this attempt
    assert dispatcher.collect_again() == 1
    objects.put(key, b"later")
    assert dispatcher.sweep() == 1


def test_a_running_dispatcher_goes_through_rounds_and_stops(
    bench: Any, database: Database, objects: FolderStore, heard: _Heard, manifest: Callable[..., Manifest]
) -> None:
    timers = Timers(reap_s=0.05)
    dispatcher = Dispatcher(database, objects, heard, timers)
    running = threading.Thread(target=dispatcher.run)
    running.start()
    key = _leave(bench, objects, manifest)
    deadline = time.monotonic() + 20
    while objects.info(key) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    dispatcher.stop()
    running.join(10)
    assert not running.is_alive()
    assert objects.info(key) is None


def test_a_dispatcher_waits_for_a_database_that_is_away(
    objects: FolderStore, heard: _Heard, caplog: pytest.LogCaptureFixture
) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    dispatcher = Dispatcher(away, objects, heard, Timers(reap_s=0.05))
    running = threading.Thread(target=dispatcher.run)
    running.start()
    time.sleep(0.5)
    assert running.is_alive()
    dispatcher.stop()
    running.join(20)
    assert not running.is_alive()
    away.dispose()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert warnings[0].startswith("preparing the database waits: the database must answer")


def test_the_program_starts_on_an_empty_folder_and_ends_on_sigterm(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "VISUALNN_DATA_DIR": str(tmp_path), "VISUALNN_JOBS_REAP_S": "0.1"}
    program = subprocess.Popen(
        [sys.executable, "-m", "visualnn_shared.jobs.dispatcher"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert program.stderr is not None
    said = []
    for line in program.stderr:
        said.append(line)
        if "watches the jobs" in line:
            break
    program.send_signal(signal.SIGTERM)
    rest = program.communicate(timeout=30)[1]
    assert program.returncode == 0, "".join([*said, rest])
    assert "Traceback" not in rest
    assert (tmp_path / "visualnn.db").exists()
