"""``visualnn check MODEL DATASET`` against a server that answers as told: its list, and its verdict as the status."""

import json
import sys
from pathlib import Path

import pytest
from visualnn.cli import main

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "check", "state": "succeeded", "metrics": {"pass": 1.0}}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}
EVENTS = b'id: 1\nevent: state\ndata: {"state": "succeeded"}\n\n'


def item(name: str, verdict: str, reason: str, hint: str | None = None) -> dict[str, object]:
    return {"name": name, "verdict": verdict, "reason": reason, "hint": hint, "layer": None, "values": {}}


class Platform:
    def __init__(self, verdict: str) -> None:
        items = [
            item("initial_loss", "pass", "the first loss is 2.31, chance gives 2.303 (-ln(1/10))"),
            item("gradients", verdict, "the gradient of mix by input is off by 0.2", "look at its own gradient"),
        ]
        self.report = {"verdict": verdict, "notes": ["the input takes [64] here"], "items": items}
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Say:
        self.asked.append(asked)
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/events"):
            return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
        if path.endswith("/artifacts/check.json"):
            return Say(200, json.dumps(self.report).encode())
        return Say(200, json.dumps(DATASET if path.startswith("/datasets") else JOB).encode())


pytestmark = pytest.mark.usefixtures("here")


def check(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", "check", "zoo:linear", "line.csv", *options])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


@pytest.mark.parametrize(("verdict", "status"), [("pass", 0), ("warn", 0), ("fail", 1)])
def test_the_list_is_printed_and_a_failure_is_the_status(
    verdict: str, status: int, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = Platform(verdict)
    assert check(monkeypatch) == status
    out = capsys.readouterr().out
    assert f"zoo:linear on line.csv: {verdict}" in out or f"linear on line.csv: {verdict}" in out
    assert "chance gives 2.303" in out
    assert "off by 0.2; look at its own gradient" in out
    assert "note: the input takes [64] here" in out


def test_the_report_is_json_and_the_loss_is_asked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = platform = Platform("pass")
    loss = '{"name": "huber", "delta": 2}'
    assert check(monkeypatch, "--loss", loss, "--samples", "10", "--json") == 0
    assert json.loads(capsys.readouterr().out)["items"][1]["name"] == "gradients"
    (posted,) = [one for one in platform.asked if one.method == "POST" and one.path.endswith("/jobs")]
    body = json.loads(posted.body)
    assert (body["kind"], body["params"]) == ("check", {"loss": json.loads(loss), "samples": 10})


def test_a_check_takes_what_a_recipe_says_of_data_and_losses(
    server: Server, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    server.answer = platform = Platform("pass")
    recipe = {"epochs": 3, "learning_rate": 0.5, "preprocessing": [{"step": "fill"}], "labels_of": {"a": "b"}}
    Path("recipe.json").write_text(json.dumps({**recipe, "loss": "mae", "sampels": 3}))
    assert check(monkeypatch, "--recipe", "recipe.json", "--loss", "mse") == 0
    (asked,) = [one for one in platform.asked if one.method == "POST" and one.path.endswith("/jobs")]
    assert json.loads(asked.body)["params"] == {
        "preprocessing": [{"step": "fill"}], "labels_of": {"a": "b"}, "loss": "mse", "sampels": 3,
    }  # fmt: skip
