"""``visualnn tune MODEL DATASET`` against a server that answers as told."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from visualnn.cli import main
from visualnn.cli.tune import dimension

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "tune", "state": "succeeded", "metrics": {"trials": 2}}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}
EVENTS = b'id: 1\nevent: state\ndata: {"state": "succeeded"}\n\n'


def trial(number: int, state: str, value: float | None, note: str | None = None) -> dict[str, Any]:
    values = {"params.learning_rate": 0.001 * (number + 1), "params.optimizer": "adam"}
    return {"number": number, "job": f"job-{number + 2}", "state": state, "values": values, "value": value,
            "epochs": [], "pruned_at": None, "note": note}  # fmt: skip


TRIALS = {
    "monitor": "val_loss", "higher_is_better": False, "best": trial(1, "complete", 0.25),
    "warnings": ["params.learning_rate: the best value sits on the upper border of its range"],
    "trials": [trial(0, "complete", 0.5), trial(1, "complete", 0.25), trial(2, "failed", None, "NaN")],
}  # fmt: skip


class Platform:
    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Say:
        self.asked.append(asked)
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/events"):
            return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
        if path.endswith("/trials"):
            return Say(200, json.dumps(TRIALS).encode())
        return Say(200, json.dumps(DATASET if path.startswith("/datasets") else JOB).encode())


pytestmark = pytest.mark.usefixtures("here")


def tune(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", "tune", "zoo:linear", "line.csv", *options])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


def test_the_search_is_asked_for_and_its_trials_are_listed_the_best_first(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    server.answer = platform = Platform()
    (tmp_path / "space.json").write_text('{"params.optimizer": {"type": "choice", "choices": ["sgd", "adam"]}}')
    options = ("--space", "space.json", "--param", "learning_rate=log:1e-4:1e-1", "--trials", "3", "--parallel", "2")
    assert tune(monkeypatch, *options, "--epochs", "4", "--pruner", "asha") == 0
    (posted,) = [one for one in platform.asked if one.method == "POST" and one.path.endswith("/jobs")]
    body = json.loads(posted.body)
    assert (body["kind"], body["model"]) == ("tune", "zoo:linear")
    assert body["params"] == {
        "space": {
            "params.optimizer": {"type": "choice", "choices": ["sgd", "adam"]},
            "params.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True},
        },
        "recipe": {"epochs": 4}, "trials": 3, "parallel": 2, "pruner": "asha",
    }  # fmt: skip
    out = capsys.readouterr().out
    assert out.index("0.25") < out.index("0.5")
    assert "learning_rate 0.002 " in out
    assert "note: trial 2: NaN" in out
    assert "warning: params.learning_rate: the best value sits" in out
    assert "best  trial 1; register it with: visualnn operators create NAME job-3" in out


def test_a_search_without_a_dimension_is_refused(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    assert tune(monkeypatch) == 2


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("learning_rate=log:1e-4:0.1", "params.learning_rate",
         {"type": "float", "low": 1e-4, "high": 0.1, "log": True}),
        ("validation=float:0:1", "params.validation", {"type": "float", "low": 0.0, "high": 1.0, "log": False}),
        ("model.layers.a.params.units=logint:2:64", "model.layers.a.params.units",
         {"type": "int", "low": 2, "high": 64, "log": True}),
        ("batch_size=int:8:64", "params.batch_size", {"type": "int", "low": 8, "high": 64, "log": False}),
        ("optimizer=choice:sgd,adam", "params.optimizer", {"type": "choice", "choices": ["sgd", "adam"]}),
        ("use_ema=choice:true,false", "params.use_ema", {"type": "choice", "choices": [True, False]}),
    ],
)  # fmt: skip
def test_a_dimension_is_read_from_a_line(text: str, name: str, wanted: dict[str, Any]) -> None:
    assert dimension(text) == (name, wanted)


@pytest.mark.parametrize(
    "text", ["learning_rate", "a=log:1", "a=log:x:y", "a=int:1.5:2", "a=normal:0:1", "a=float:1:2:3"]
)
def test_a_line_that_is_no_dimension_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="must be NAME="):
        dimension(text)
