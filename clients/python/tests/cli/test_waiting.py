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


SEARCH = {**JOB, "kind": "tune", "state": "running", "attempt": 1}


@pytest.mark.parametrize("job", [JOB, SEARCH], ids=["training", "search"])
def test_where_no_worker_can_ever_come_the_job_is_cancelled_and_the_reason_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, job: dict[str, object]
) -> None:
    monkeypatch.setattr(waiting, "_STARTING_S", 0.0)
    cancelled = []

    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/cancel") or asked.method == "DELETE":
            cancelled.append(asked.path)
        return Say(200, json.dumps(job).encode())

    server.answer = answer
    with Client(server.url) as client:
        client.alone = True
        with pytest.raises(NoSuchWorker, match=WANTED):
            waiting.wait_or_cancel(client, Job.model_validate(job), "training")
    assert len(cancelled) == 1


def test_a_search_is_asked_what_it_waits_for_once_it_has_a_trial(server: Server) -> None:
    asked_for = iter([[], [{"number": 0}]])
    fresh = {**SEARCH, "state": "queued", "waiting_for": None}

    def answer(asked: Asked) -> Say:
        if asked.path.endswith("/trials"):
            return Say(200, json.dumps({"trials": next(asked_for, [1])}).encode())
        return Say(200, json.dumps(SEARCH).encode())

    server.answer = answer
    with Client(server.url) as client:
        client.alone = True
        client_job = Job.model_validate(fresh)
        assert waiting._asks_for_trainings(client, client_job)
        assert not waiting._asks_for_trainings(client, client_job)
