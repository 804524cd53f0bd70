"""``visualnn train MODEL CartPole-v1`` against a server that answers as told: no data set, and a picture."""

import json
import sys
from pathlib import Path

import pytest
from visualnn.cli import main

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "dqn", "state": "succeeded", "metrics": {"test_return": 493.5, "steps": 2048.0}}
EVENTS = (
    b'id: 1\nevent: episode\ndata: {"step": 64, "steps": 2048, "metrics": {"return": 21}, "progress": 0.1}\n\n'
    b'id: 2\nevent: episode\ndata: {"step": 128, "steps": 2048, "metrics": {"greedy_return": 99.5}, "eta_s": null}\n\n'
    b'id: 3\nevent: state\ndata: {"state": "succeeded"}\n\n'
)


def answer(asked: Asked) -> Say:
    path = asked.path.partition("?")[0]
    if path.endswith("/events"):
        return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
    if path.endswith(("/weights", "/artifacts/returns.png")):
        return Say(200, path.rpartition("/")[2].encode())
    return Say(200, json.dumps(JOB).encode())


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", "train", "zoo:dqn-cartpole", *words])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


def test_an_environment_is_learnt_in_and_its_curve_is_saved_beside_the_weights(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path
) -> None:
    server.answer = answer
    assert run(monkeypatch, "CartPole-v1", "--steps", "2048", "--seed", "3", "--out", "agent.weights.h5") == 0
    assert (here / "agent.returns.png").read_bytes() == b"returns.png"
    assert (here / "agent.weights.h5").read_bytes() == b"weights"
    (posted,) = [one for one in server.asked if one.path.endswith("/jobs")]
    body = json.loads(posted.body)
    assert body == {
        "kind": "dqn", "model": "zoo:dqn-cartpole",
        "params": {"environment": "CartPole-v1", "steps": 2048, "seed": 3},
    }  # fmt: skip
    assert not [one for one in server.asked if "/datasets" in one.path]
    told = capsys.readouterr()
    assert "test_return" in told.out
    assert "agent.returns.png" in told.out
    assert "step 128/2048  greedy_return 99.5" in told.err + told.out


@pytest.mark.usefixtures("here")
def test_an_environment_that_is_misspelt_is_told_before_anything_is_asked(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(server.asked)
    assert run(monkeypatch, "CartPole-v2") != 0
    assert "did you mean 'CartPole-v1'" in capsys.readouterr().err
    assert len(server.asked) == before
