"""``visualnn ensemble`` against a server that answers as told."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from visualnn.cli import main

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-9", "kind": "ensemble", "state": "succeeded", "model": {"id": "model-2", "version": 1}}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}
EVENTS = b'id: 1\nevent: state\ndata: {"state": "succeeded"}\n\n'


def member(number: int, loss: float) -> dict[str, Any]:
    return {"number": number, "job": f"job-{number}", "seed": number + 4, "epoch": None,
            "metrics": {"val": {"loss": loss}}}  # fmt: skip


MEMBERS = {
    "method": "seeds", "monitor": "val_loss", "trainings": [], "epochs": [],
    "report": {
        "method": "seeds", "averaged": "predictions", "monitor": "val_loss", "best": 2, "notes": ["a note"],
        "members": [member(1, 0.5), member(2, 0.25)],
        "gains": [{"split": "val", "samples": 4, "mean": {"loss": 0.375}, "best": {"loss": 0.25},
                   "ensemble": {"loss": 0.125}, "over_mean": {"loss": 0.25}, "over_best": {"loss": 0.126}}],
    },
}  # fmt: skip


class Platform:
    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Say:
        self.asked.append(asked)
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/events"):
            return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
        if path.endswith("/members"):
            return Say(200, json.dumps(MEMBERS).encode())
        return Say(200, json.dumps(DATASET if path.startswith("/datasets") else JOB).encode())

    @property
    def body(self) -> dict[str, Any]:
        (posted,) = [one for one in self.asked if one.method == "POST" and one.path.endswith("/jobs")]
        return dict(json.loads(posted.body))


pytestmark = pytest.mark.usefixtures("here")


def ensemble(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", "ensemble", *options])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


def test_the_ensemble_is_asked_for_and_its_gain_is_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.answer = platform = Platform()
    (tmp_path / "recipe.json").write_text('{"batch_size": 2}')
    options = ("--members", "2", "--epochs", "4", "--recipe", "recipe.json", "--monitor", "val_loss")
    assert ensemble(monkeypatch, "zoo:linear", "line.csv", *options) == 0
    assert (platform.body["kind"], platform.body["model"]) == ("ensemble", "zoo:linear")
    assert platform.body["params"] == {"members": 2, "monitor": "val_loss", "recipe": {"batch_size": 2, "epochs": 4}}
    out = capsys.readouterr().out
    for text in ("member 2 (best)", "seed 6", "0.125", "over the mean", "0.126", "note  a note",
                 "visualnn operators create NAME job-9"):  # fmt: skip
        assert text in out


def test_the_table_has_a_head_and_job_ids_stay_whole_in_a_narrow_window(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [f"job-01jd2k3m4n5p6q7r8s9t0v1w2{end}" for end in "xy"]
    members = [{**one, "job": job} for one, job in zip(MEMBERS["report"]["members"], long, strict=True)]
    told = {**MEMBERS, "report": {**MEMBERS["report"], "members": members}}
    platform = Platform()
    server.answer = lambda one: Say(200, json.dumps(told).encode()) if one.path.endswith("/members") else platform(one)
    monkeypatch.setenv("COLUMNS", "80")
    assert ensemble(monkeypatch, "--tune", "job-1") == 0
    out = capsys.readouterr().out
    head = next(line for line in out.splitlines() if "net" in line)
    assert [cell.strip() for cell in head.strip("┃").split("┃")] == ["net", "from", "val loss"]
    assert all(f"{job}  member" in out for job in long)


@pytest.mark.parametrize(
    ("options", "params"),
    [
        (("--tune", "job-1", "--members", "3"), {"method": "top_k", "tune": "job-1", "members": 3}),
        (("--job", "job-1", "--job", "job-2"), {"method": "jobs", "jobs": ["job-1", "job-2"]}),
    ],
)
def test_jobs_that_are_there_bring_model_and_data_set(
    server: Server, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], params: dict[str, Any]
) -> None:
    server.answer = platform = Platform()
    assert ensemble(monkeypatch, *options, "--json") == 0
    assert platform.body == {"kind": "ensemble", "params": params}


@pytest.mark.parametrize(
    "options",
    [(), ("zoo:linear",), ("zoo:linear", "line.csv", "--tune", "job-1"), ("--tune", "job-1", "--job", "job-2"),
     ("--tune", "job-1", "--method", "seeds")],
    ids=str,
)  # fmt: skip
def test_what_does_not_go_together_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    assert ensemble(monkeypatch, *options) == 2
