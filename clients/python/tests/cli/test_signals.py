"""SIGTERM to a command that waits for its job, where the platform is somebody else's."""

import json
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from visualnn.cli import main

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "train", "metrics": {}}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}
pytestmark = pytest.mark.usefixtures("here")


class Platform:
    """Its job runs until it is cancelled; the first look at its events ends the command."""

    def __init__(self) -> None:
        self.state, self.ended = "running", False

    def __call__(self, asked: Asked) -> Say:
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith("/cancel") or (asked.method == "DELETE" and "/jobs/" in path):
            self.state = "cancelled"
        if path.endswith("/events"):
            if not self.ended:
                self.ended = True
                os.kill(os.getpid(), signal.SIGTERM)
            said = f'id: 1\nevent: state\ndata: {{"state": "{self.state}"}}\n\n'
            return Say(200, said.encode(), {"Content-Type": "text/event-stream"})
        shown = DATASET if path.startswith("/datasets") else {**JOB, "state": self.state}
        return Say(200, json.dumps(shown).encode())


def _not_taken(*_: object) -> None:
    pytest.fail("the command took no SIGTERM")


@pytest.fixture(autouse=True)
def unharmed() -> Iterator[None]:
    """A signal that the command does not take fails the test, and ends no others."""
    before = signal.signal(signal.SIGTERM, _not_taken)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    "command",
    [
        ("train", "zoo:linear", "line.csv"),
        ("check", "zoo:linear", "line.csv"),
        ("tune", "zoo:linear", "line.csv", "--trials", "2", "--param", "learning_rate=log:1e-4:0.1"),
    ],
    ids=lambda command: command[0],
)
def test_sigterm_cancels_the_job_and_leaves_the_handler_as_it_was(
    command: tuple[str, ...], server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = platform = Platform()
    monkeypatch.setattr(sys, "argv", ["visualnn", *command])
    with pytest.raises(SystemExit) as left:
        main.main()
    assert (platform.state, left.value.code) == ("cancelled", 130), capsys.readouterr()
    assert signal.getsignal(signal.SIGTERM) is _not_taken
