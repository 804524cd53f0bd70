"""``visualnn jobs cancel``, ``jobs delete`` and limits of ``visualnn train``, against a server that answers as told."""

import json
import sys

import pytest
from visualnn.cli import main

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "train", "state": "running", "attempt": 1, "cancel_requested": True}
EVENTS = (
    b'id: 9\nevent: state\ndata: {"state": "cancelled", "freed": {"memory_mb": 812, "device_memory_mb": 14336}}\n\n'
)
WARNING = {"rule": "memory must hold the job: at most 64 MiB", "received": "about 700 MiB", "hint": "use less"}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}

pytestmark = pytest.mark.usefixtures("here")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", *words])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


def test_cancel_returns_when_the_process_is_gone_and_tells_the_freed_memory(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = 0

    def answer(one: Asked) -> Say:
        nonlocal asked
        if one.path.partition("?")[0].endswith("/events"):
            return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
        asked += one.method == "POST"
        state = "cancelled" if asked > 1 else "running"
        return Say(200 if asked > 1 else 202, json.dumps({**JOB, "state": state}).encode())

    server.answer = answer
    assert run(monkeypatch, "jobs", "cancel", "job-1") == 0
    said = capsys.readouterr().out
    assert asked == 2
    assert "job-1  train  cancelled" in said
    assert "freed 812 MiB of memory, 14,336 MiB of device memory" in said


def test_delete_deletes(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    server.answer = lambda _asked: Say(204)
    assert run(monkeypatch, "jobs", "delete", "job-1") == 0
    assert [(one.method, one.path) for one in server.asked][-1] == ("DELETE", "/api/v1/jobs/job-1")
    assert "job-1  deleted" in capsys.readouterr().out


@pytest.mark.parametrize(("model", "learnt_from"), [("zoo:linear", "line.csv"), ("zoo:dqn-cartpole", "CartPole-v1")])
def test_train_sends_limits_and_priority_and_tells_warnings(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], model: str, learnt_from: str
) -> None:
    def answer(one: Asked) -> Say:
        path = one.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/events"):
            return Say(
                200, b'id: 1\nevent: state\ndata: {"state": "succeeded"}\n\n', {"Content-Type": "text/event-stream"}
            )
        if path.endswith(("/weights", "/returns.png")):
            return Say(200, b"a file")
        if path.startswith("/datasets"):
            return Say(200, json.dumps(DATASET).encode())
        return Say(200, json.dumps({**JOB, "state": "succeeded", "warnings": [WARNING]}).encode())

    server.answer = answer
    options = ("--memory-limit", "4GiB", "--time-limit", "60", "--priority", "-5")
    assert run(monkeypatch, "train", model, learnt_from, *options) == 0
    (sent,) = [json.loads(one.body) for one in server.asked if one.method == "POST" and one.path.endswith("/jobs")]
    assert sent["params"].items() >= {"time_limit_s": 60, "memory_limit_mb": 4096}.items()
    assert sent["priority"] == -5
    assert (
        "warning: memory must hold the job: at most 64 MiB; received about 700 MiB; use less" in capsys.readouterr().err
    )
