"""A job that no worker takes."""

import json

import pytest
from visualnn import Client
from visualnn.cli import waiting
from visualnn.errors import NoSuchWorker
from visualnn.records import Job

from tests.scripted_http import Asked, Say, Server

WANTED = "a worker with a GPU: none is online"
JOB = {"id": "job-1", "kind": "train", "state": "queued", "attempt": 0, "metrics": {}, "waiting_for": WANTED}


def test_where_no_worker_can_ever_come_the_job_is_cancelled_and_the_reason_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_STARTING_S", 0.0)
    cancelled = []

    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/cancel") or asked.method == "DELETE":
            cancelled.append(asked.path)
        return Say(200, json.dumps(JOB).encode())

    server.answer = answer
    with Client(server.url) as client:
        client.alone = True
        with pytest.raises(NoSuchWorker, match=WANTED):
            waiting.wait_or_cancel(client, Job.model_validate(JOB), "training")
    assert len(cancelled) == 1
