"""Whatever is killed, a job ends once, with the weights of an undisturbed training."""

import os
import signal
import sqlite3
import threading
import time

import redis
from visualnn import Client
from visualnn.errors import ServerUnreachable
from visualnn.transport import Retries
from visualnn_shared.running import process_started
from visualnn_standalone.broker import embedded_broker

from tests.chaos.support import Hurt
from tests.end_to_end.support import until

PATIENT = Retries(tries=40, first_s=0.2, most_s=1)


def test_a_killed_worker_costs_nothing(hurt: Hurt) -> None:
    assert hurt.undisturbed
    job = hurt.train()
    hurt.until_mid_training(job)
    children = hurt.children("worker-1")
    assert children, "the training runs in a process of its own"
    hurt.kill("worker-1")
    until(lambda: all(process_started(child) is None for child in children), 10, "the end of the training child")
    hurt.assert_succeeded_once(job, attempts=2)


def test_a_killed_training_child_costs_nothing(hurt: Hurt) -> None:
    assert hurt.undisturbed
    job = hurt.train()
    hurt.until_mid_training(job)
    worker = hurt.platform.pids()["worker-1"]
    for child in hurt.children("worker-1"):
        os.kill(child, signal.SIGKILL)
    hurt.assert_succeeded_once(job, attempts=2)
    assert hurt.platform.pids()["worker-1"] == worker, "the worker outlives its child"


def test_a_frozen_worker_is_replaced_and_commits_nothing_when_it_wakes(hurt: Hurt) -> None:
    assert hurt.undisturbed
    job = hurt.train()
    hurt.until_mid_training(job)
    worker = hurt.platform.pids()["worker-1"]
    os.kill(worker, signal.SIGSTOP)
    try:
        until(lambda: hurt.client.jobs.get(job.id).state == "queued", 240, "the end of the lease")
    finally:
        os.kill(worker, signal.SIGCONT)
    hurt.assert_succeeded_once(job, attempts=2)


def test_an_emptied_and_then_killed_broker_loses_no_job(hurt: Hurt) -> None:
    assert hurt.undisturbed
    broker = embedded_broker(hurt.platform.data_dir)
    assert broker is not None
    jobs = [hurt.train() for _ in range(2)]
    hurt.until_mid_training(jobs[0])
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        client.flushall()
    hurt.kill("broker")
    for job in jobs:
        hurt.assert_succeeded_once(job, attempts=1)


def test_a_gateway_killed_before_its_commit_makes_one_job_of_the_repeated_request(hurt: Hurt) -> None:
    """Another writer holds the database, so that the gateway is killed between its INSERT and its COMMIT."""
    dataset = hurt.dataset
    database = sqlite3.connect(hurt.platform.data_dir / "visualnn.db", isolation_level=None, timeout=20)
    try:
        database.execute("BEGIN IMMEDIATE")
        request = _Submit(hurt, dataset, "killed-before-commit", tries=1)
        time.sleep(1)
        hurt.kill("api")
        request.join(20)
        database.execute("ROLLBACK")
        assert isinstance(request.outcome, ServerUnreachable), request.outcome
        assert _jobs_with_key(database, "killed-before-commit") == []
        repeated = _Submit(hurt, dataset, "killed-before-commit", tries=40)
        repeated.join(60)
        assert _jobs_with_key(database, "killed-before-commit") == [repeated.job_id]
    finally:
        database.close()
    assert hurt.client.jobs.wait(repeated.job_id).state == "succeeded"


def test_a_gateway_killed_after_its_commit_makes_one_job_of_the_repeated_request(hurt: Hurt) -> None:
    dataset = hurt.dataset
    database = sqlite3.connect(hurt.platform.data_dir / "visualnn.db", isolation_level=None, timeout=20)
    try:
        request = _Submit(hurt, dataset, "killed-after-commit", tries=40)
        until(lambda: _jobs_with_key(database, "killed-after-commit"), 30, "the commit")
        hurt.kill("api")
        request.join(60)
        repeated = _Submit(hurt, dataset, "killed-after-commit", tries=40)
        repeated.join(60)
        assert _jobs_with_key(database, "killed-after-commit") == [repeated.job_id] == [request.job_id]
    finally:
        database.close()
    assert hurt.client.jobs.wait(repeated.job_id).state == "succeeded"


class _Submit(threading.Thread):
    """A submit in the background."""

    def __init__(self, hurt: Hurt, dataset: str, key: str, tries: int) -> None:
        super().__init__(daemon=True)
        self._retries = Retries(tries=tries, first_s=0.2, most_s=1)
        self._hurt, self._dataset, self._key = hurt, dataset, key
        self.outcome: object = None
        self.start()

    def run(self) -> None:
        with Client(self._hurt.platform.url, retries=self._retries) as client:
            try:
                self.outcome = client.jobs.train("zoo:digits-dnn", self._dataset, epochs=1, idempotency_key=self._key)
            except ServerUnreachable as error:
                self.outcome = error

    @property
    def job_id(self) -> str:
        identity = getattr(self.outcome, "id", None)
        assert isinstance(identity, str), self.outcome
        return identity


def _jobs_with_key(database: sqlite3.Connection, key: str) -> list[str]:
    return [row[0] for row in database.execute("SELECT id FROM jobs WHERE idempotency_key = ?", (key,))]
