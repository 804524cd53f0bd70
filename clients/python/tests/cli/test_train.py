"""``visualnn train`` against a server that answers as told."""

import json
import sys
from pathlib import Path

import pytest
from visualnn.cli import main, waiting

from tests.scripted_http import Asked, Say, Server

JOB = {"id": "job-1", "kind": "train", "state": "queued", "model": {"id": "model-1", "version": 1}}
DONE = {**JOB, "state": "succeeded", "metrics": {"epoch": 500, "loss": 0.25}}
DATASET = {"id": "dataset-1", "name": "line.csv", "sha256": "0" * 64, "schema": {}, "splits": {"train": 6}}
EVENTS = b'id: 1\nevent: state\ndata: {"state": "succeeded"}\n\n'


class Platform:
    """Trains at once. ``broken`` paths answer 404, or not at all where ``gone``."""

    def __init__(self, waits: int = 0, broken: str = "-", *, gone: bool = False) -> None:
        self.waits, self.broken, self.gone = waits, broken, gone
        self.ended = False

    def __call__(self, asked: Asked) -> Say:
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        if path.endswith(self.broken):
            return Say(None) if self.gone else Say(404, b"{}")
        if path.endswith("/events"):
            self.ended = True
            return Say(200, EVENTS, {"Content-Type": "text/event-stream"})
        if path.endswith("/weights"):
            return Say(200, b"the weights")
        if path.startswith("/datasets"):
            return Say(200, json.dumps(DATASET).encode())
        self.waits -= 1
        waiting_for = "a worker for the queue train.cpu" if self.waits > 0 else None
        return Say(200, json.dumps(DONE if self.ended else {**JOB, "waiting_for": waiting_for}).encode())


pytestmark = pytest.mark.usefixtures("here")


def train(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["visualnn", "train", "zoo:linear", "line.csv", *options])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


@pytest.mark.parametrize(
    ("options", "file", "format"),
    [
        ((), "linear.safetensors", "safetensors"),
        (("--out", "w.keras"), "w.keras", "keras"),
        (("--out", "w.h5"), "w.h5", "h5"),
        (("--out", "w.weights.h5"), "w.weights.h5", "h5"),
        (("--out", "w.npz", "--format", "npz"), "w.npz", "npz"),
        (("--out", "weights"), "weights", "safetensors"),
        (("--format", "onnx"), "linear.onnx", "onnx"),
    ],
)
def test_the_format_of_the_weights_follows_the_file_name(
    server: Server, monkeypatch: pytest.MonkeyPatch, here: Path, options: tuple[str, ...], file: str, format: str
) -> None:
    server.answer = Platform()
    assert train(monkeypatch, *options) == 0
    assert (here / file).read_bytes() == b"the weights"
    assert server.asked[-1].path == f"/api/v1/jobs/job-1/weights?format={format}"


def test_a_built_in_network_is_stored_by_the_server_which_does_so_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = Platform()
    assert train(monkeypatch) == 0
    assert not [one for one in server.asked if one.path.endswith("/models")]
    (posted,) = [one for one in server.asked if one.path.endswith("/jobs")]
    assert json.loads(posted.body)["model"] == "zoo:linear"


def test_a_recipe_is_read_from_a_file_and_options_come_first(
    server: Server, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    server.answer = Platform()
    (here / "recipe.json").write_text('{"epochs": 7, "seed": 3, "schedule": {"name": "cosine"}}')
    assert train(monkeypatch, "--recipe", "recipe.json", "--epochs", "2") == 0
    (posted,) = [one for one in server.asked if one.path.endswith("/jobs")]
    assert json.loads(posted.body)["params"] == {"epochs": 2, "seed": 3, "schedule": {"name": "cosine"}}


@pytest.mark.parametrize("text", ["{", "[1]", "\xff"])
def test_a_recipe_that_is_none_is_refused_before_anything_is_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path, text: str
) -> None:
    (here / "recipe.json").write_text(text, encoding="latin-1")
    assert train(monkeypatch, "--recipe", "recipe.json") == 2
    assert "a recipe must be" in capsys.readouterr().err
    assert server.asked == []


def test_a_result_lists_metrics_and_nothing_else(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = Platform()
    train(monkeypatch)
    out = capsys.readouterr().out
    assert "loss" in out
    assert "epoch" not in out


def test_a_worker_that_is_just_starting_alarms_nobody(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = Platform(waits=5)
    assert train(monkeypatch) == 0
    assert "waits" not in capsys.readouterr().err


def test_a_worker_that_does_not_come_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(waiting, "_STARTING_S", 0.05)
    server.answer = Platform(waits=1000)
    assert train(monkeypatch) == 0
    assert "job job-1 waits: a worker for the queue train.cpu" in capsys.readouterr().err


def test_weights_that_cannot_be_saved_are_not_lost(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = Platform(broken="/weights")
    assert train(monkeypatch, "--out", "w.keras") == 2
    assert "visualnn jobs weights job-1 FILE --format keras" in capsys.readouterr().err


def test_a_job_whose_server_is_lost_is_named_with_the_way_to_follow_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answer = Platform(broken="/events", gone=True)
    assert train(monkeypatch) == 1
    assert "visualnn jobs wait job-1" in capsys.readouterr().err


def test_ids_are_never_broken_over_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from visualnn.cli.output import print_table

    monkeypatch.setenv("COLUMNS", "80")
    job = "job-01jd2k3m4n5p6q7r8s9t0v1w2x"
    print_table(
        "", ["=job", "kind", "state", ">done", ">attempt", ""], [(job, "train", "failed", "0%", 1, "why " * 40)]
    )
    assert job in capsys.readouterr().out


def test_help_names_defaults_and_what_may_be_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert train(monkeypatch, "--help") == 0
    said = capsys.readouterr().out
    for text in ("chosen to fit, and told", "MODEL's name", "VISUALNN_DATA_DIR or", "the optimizer's own"):
        assert text in said
    for name in ("adamw", "cosine_similarity", "top_5_accuracy", "npz", "onnx"):
        assert name in said
