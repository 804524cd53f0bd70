"""``visualnn jobs``, ``datasets delete`` and limits of ``visualnn train``, against a server that answers as told."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(("group", "name"), [("jobs", "job-1"), ("datasets", "dataset-1")])
def test_delete_deletes(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], group: str, name: str
) -> None:
    server.answer = lambda _asked: Say(204)
    assert run(monkeypatch, group, "delete", name) == 0
    assert [(one.method, one.path) for one in server.asked][-1] == ("DELETE", f"/api/v1/{group}/{name}")
    assert f"{name}  deleted" in capsys.readouterr().out


def test_the_list_names_models_and_data_sets_and_keeps_ids_whole(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = ["job-01jd2k3m4n5p6q7r8s9t0v1w2x", "job-01jd2k3m4n5p6q7r8s9t0v1w2y"]
    error = {"class": "user", "detail": "the loss is NaN", "next_step": "lower the learning rate"}
    rows: list[dict[str, Any]] = [
        {"id": ids[0], "kind": "train", "state": "running", "progress": 0.25, "dataset": "dataset-1",
         "model": {"id": "model-1", "version": 2}},
        {"id": ids[1], "kind": "train", "state": "failed", "dataset": "dataset-gone", "error": error,
         "model": {"id": "model-1", "version": 1}},
    ]  # fmt: skip
    answers = {
        "/jobs": {"items": rows, "next_cursor": None},
        "/models/model-1": {"id": "model-1", "name": "digits-dnn", "version": 2},
        "/datasets/dataset-1": DATASET,
    }

    def answer(one: Asked) -> Say:
        found = answers.get(one.path.removeprefix("/api/v1").partition("?")[0])
        return Say(404) if found is None else Say(200, json.dumps(found).encode())

    server.answer = answer
    monkeypatch.setenv("COLUMNS", "80")
    assert run(monkeypatch, "jobs") == 0
    said = capsys.readouterr().out
    first, second = (next(line for line in said.splitlines() if one in line) for one in ids)
    assert "running 25%" in first
    assert "digits-dnn" in first
    assert "digits-dnn" in second
    assert "failed" in second
    assert f"{ids[1]}  user: the loss is NaN; next: lower the learning rate" in said
    monkeypatch.setenv("COLUMNS", "200")
    assert run(monkeypatch, "jobs") == 0
    said = capsys.readouterr().out
    assert "digits-dnn on line.csv" in said
    assert "digits-dnn on dataset-gone" in said
    assert len([one for one in server.asked if one.path.endswith("/models/model-1")]) == 2


FILES = {"history.json": b"[]", "confusion.png": b"a picture"}


def keeps(one: Asked) -> Say:
    """A server whose job has left FILES."""
    path = one.path.removeprefix("/api/v1").partition("?")[0]
    if path.endswith("/artifacts"):
        rows = [
            {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in FILES.items()
        ]
        return Say(200, json.dumps({"items": rows if "job-1" in path else []}).encode())
    if "/artifacts/" in path:
        data = FILES[path.rpartition("/")[2]]
        return Say(200, data, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"'})
    return Say(200, json.dumps(JOB).encode())


REPORTS = {
    "classes.json": {"split": "test", "samples": 20, "accuracy": 0.95,
                     "classes": [{"class": "cat", "samples": 9, "precision": 1.0, "recall": 0.5, "f1": None}]},
    "attributes.json": {"split": "test", "samples": 20, "accuracy": 0.9, "all_right": 0.75, "threshold": 0.5,
                        "attributes": [{"attribute": "y[0]", "support": 9, "precision": 1.0, "recall": 0.5,
                                        "f1": 0.66, "roc_auc": 0.875}],
                        "micro": {"support": 9, "precision": 1.0, "recall": 0.5, "f1": 0.66, "roc_auc": 0.875}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "says"),
    [("classes.json", ["cat", "0.5000", "20 test samples, accuracy 0.9500"]),
     ("attributes.json", ["y[0]", "0.8750", "all (micro)", "every attribute right in 75.00%"])],
)  # fmt: skip
def test_the_report_of_a_job_is_a_table(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, says: list[str]
) -> None:
    monkeypatch.setitem(FILES, name, json.dumps(REPORTS[name]).encode())
    server.answer = keeps
    assert run(monkeypatch, "jobs", "report", "job-1") == 0
    said = capsys.readouterr().out
    for one in says:
        assert one in said
    assert run(monkeypatch, "jobs", "report", "job-2") == 1
    assert "job-2 has no report" in capsys.readouterr().err


def test_files_of_a_job_are_listed_and_fetched(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    server.answer = keeps
    assert run(monkeypatch, "jobs", "files", "job-1") == 0
    said = capsys.readouterr().out
    assert "confusion.png" in said
    assert "9 B" in said
    assert run(monkeypatch, "jobs", "files", "job-2") == 0
    assert "job-2 has no files: it is running" in capsys.readouterr().out
    assert run(monkeypatch, "jobs", "fetch", "job-1", "confusion.png", "--out", "kept") == 0
    assert [one.name for one in (here / "kept").iterdir()] == ["confusion.png"]
    assert (here / "kept" / "confusion.png").read_bytes() == b"a picture"
    assert run(monkeypatch, "jobs", "fetch", "job-1", "--json") == 0
    assert {one.name for one in (here / "job-1").iterdir()} == set(FILES)
    assert [one["size"] for one in json.loads(capsys.readouterr().out.partition("\n")[2])] == [2, 9]


def test_files_that_are_not_there_are_all_told_and_nothing_is_written_over(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    server.answer = keeps
    assert run(monkeypatch, "jobs", "fetch", "job-1", "confusion.jpg", "history") == 2
    said = capsys.readouterr().err
    assert "confusion.jpg" in said
    assert "'history'" in said
    assert run(monkeypatch, "jobs", "fetch", "job-2") == 2
    assert "only a job that has succeeded has files" in capsys.readouterr().err
    for name in FILES:
        (here / name).write_text("mine")
    assert run(monkeypatch, "jobs", "fetch", "job-1", "--out", ".") == 2
    said = capsys.readouterr().err
    assert "a file that is there is not written over" in said
    assert all(name in said for name in FILES)
    assert all((here / name).read_text() == "mine" for name in FILES)
    (here / "history.json").write_bytes(FILES["history.json"])
    assert run(monkeypatch, "jobs", "fetch", "job-1", "history.json", "--out", ".") == 0


def test_jobs_are_put_side_by_side(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = {"kind": "train", "state": "succeeded", "model": {"id": "model-1", "version": 1}, "dataset": "dataset-1",
              "started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:12.5Z"}  # fmt: skip
    found = {
        "job-1": {**shared, "params": {"epochs": 5, "optimizer": {"name": "sgd", "momentum": 0.9}},
                  "metrics": {"loss": 0.5}},
        "job-2": {**shared, "params": {"epochs": 5, "optimizer": {"name": "sgd", "momentum": 0.5}, "loss": None},
                  "metrics": {"loss": 0.25, "val_loss": 0.375}, "chosen": {"loss": {"value": "mse", "why": "so"}}},
    }  # fmt: skip

    def answer(one: Asked) -> Say:
        name = one.path.rpartition("/")[2]
        return Say(200, json.dumps({"id": name, **found[name]}).encode())

    server.answer = answer
    assert run(monkeypatch, "jobs", "compare", "job-1", "job-2", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["jobs"] == ["job-1", "job-2"]
    assert told["recipe"] == {"optimizer.momentum": [0.9, 0.5], "loss": [None, "mse"]}
    assert told["metrics"] == {"loss": [0.5, 0.25], "val_loss": [None, 0.375]}
    assert run(monkeypatch, "jobs", "compare", "job-1", "job-2", "--all") == 0
    said = capsys.readouterr().out
    for text in ("2  job-2  train  succeeded", "model-1@1", "12.5", "optimizer.momentum", "0.375"):
        assert text in said
    assert run(monkeypatch, "jobs", "compare", "job-1", "job-1") == 0
    assert "the same was asked of them" in capsys.readouterr().out
    assert run(monkeypatch, "jobs", "compare", "job-1") == 2


@pytest.mark.parametrize("words", [("check", "zoo:linear", "line.csv"), ("evaluate", "job-1", "line.csv")], ids=str)
def test_every_job_takes_a_priority_and_is_told_while_it_is_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    events = (
        b'id: 1\nevent: metrics\ndata: {"metrics": {"pass": 3, "fail": 0}}\n\n'
        b'id: 2\nevent: state\ndata: {"state": "succeeded"}\n\n'
    )

    def answer(one: Asked) -> Say:
        path = one.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/events"):
            return Say(200, events, {"Content-Type": "text/event-stream"})
        if path.endswith("/check.json"):
            return Say(200, json.dumps({"verdict": "pass", "items": [], "notes": []}).encode())
        found = DATASET if path.startswith("/datasets") else {**JOB, "state": "succeeded", "warnings": [WARNING]}
        return Say(200, json.dumps(found).encode())

    server.answer = answer
    assert run(monkeypatch, *words, "--priority", "7") == 0
    (sent,) = [json.loads(one.body) for one in server.asked if one.method == "POST" and one.path.endswith("/jobs")]
    assert sent["priority"] == 7
    said = capsys.readouterr().err
    assert "job job-1: " in said
    assert "warning: memory must hold the job" in said
    assert "pass 3  fail 0" in said


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
