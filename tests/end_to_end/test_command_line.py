"""The ``visualnn`` command as a user types it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import load_file
from visualnn_standalone.platform import Platform

from tests.end_to_end.support import BRISK_TIMERS, processes_of, until, visualnn

on_embedded = pytest.mark.parametrize("platform", ["embedded"], indirect=True)
LINEAR = ("zoo:linear", "--optimizer", "sgd", "--loss", "mse", "--epochs", "500")


def test_train_without_a_server_starts_and_ends_one(tmp_path: Path, line: Path) -> None:
    folder = tmp_path / "data"
    model, *options = LINEAR
    told = visualnn(
        "train", model, str(line), "--out", "w.safetensors", *options, "--data-dir", str(folder), "--json", cwd=tmp_path
    )
    assert told.returncode == 0, told.stderr
    result = json.loads(told.stdout)
    assert result["state"] == "succeeded"
    assert result["metrics"]["loss"] < 0.01
    assert processes_of(folder) == {}
    weights = load_file(tmp_path / "w.safetensors")
    (kernel,) = (tensor for name, tensor in weights.items() if name.endswith("/kernel"))
    (bias,) = (tensor for name, tensor in weights.items() if name.endswith("/bias"))
    assert kernel.item() == pytest.approx(2, abs=0.01)
    assert bias.item() == pytest.approx(-1, abs=0.03)
    told = visualnn("predict", "w.safetensors", "--input", "10", "--json", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    (prediction,) = json.loads(told.stdout)["predictions"]
    assert prediction["values"][0] == pytest.approx(19, abs=0.1)


@on_embedded
def test_train_register_and_predict_on_a_server(platform: Platform, tmp_path: Path, digits: Path) -> None:
    env = {"VISUALNN_URL": platform.url}
    told = visualnn(
        "train", "zoo:digits-dnn", str(digits), "--epochs", "8", "--batch-size", "64",
        "--operator", "cli-digits", "--out", "d.safetensors",
        cwd=tmp_path, env=env,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "test_accuracy" in told.stdout
    assert "chosen, because you left it out" in told.stdout
    assert "epoch 8/8" in told.stderr
    by_server = visualnn(
        "predict", "cli-digits", "--file", str(digits), "--limit", "50", "--json", cwd=tmp_path, env=env
    )
    by_file = visualnn("predict", "d.safetensors", "--file", str(digits), "--limit", "50", "--json", cwd=tmp_path)
    assert (by_server.returncode, by_file.returncode) == (0, 0), by_server.stderr + by_file.stderr
    served, local = (json.loads(told.stdout)["predictions"] for told in (by_server, by_file))
    assert len(served) == len(local) == 50
    for one, other in zip(served, local, strict=True):
        assert one["class"] == other["class"]
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-6)
    listed = json.loads(visualnn("operators", "--json", cwd=tmp_path, env=env).stdout)
    assert "cli-digits" in [one["name"] for one in listed]
    job = json.loads(visualnn("jobs", "--json", "--state", "succeeded", cwd=tmp_path, env=env).stdout)[0]["id"]
    judged = visualnn("evaluate", job, str(digits), "--json", cwd=tmp_path, env=env)
    assert judged.returncode == 0, judged.stderr
    assert json.loads(judged.stdout)["metrics"]["test_accuracy"] > 0.9


def test_ctrl_c_cancels_the_job_and_ends_the_platform(tmp_path: Path, line: Path) -> None:
    folder = tmp_path / "data"
    with (tmp_path / "err").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "visualnn.cli.main", "train", "zoo:linear", str(line), "--epochs", "100000"],
            cwd=tmp_path,
            env={**os.environ, **BRISK_TIMERS, "VISUALNN_DATA_DIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    until(lambda: "epoch " in (tmp_path / "err").read_text(), 240, "the first epoch")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=240)
    said = (tmp_path / "err").read_text()
    assert process.returncode == 130, said
    assert "is cancelled" in said
    assert "Traceback" not in said
    assert processes_of(folder) == {}


@on_embedded
def test_what_the_server_refuses_is_listed_without_a_traceback(platform: Platform, tmp_path: Path, line: Path) -> None:
    env = {"VISUALNN_URL": platform.url}
    told = visualnn("train", "zoo:mnist-dnn", str(line), "--json", cwd=tmp_path, env=env)
    assert told.returncode == 2
    assert json.loads(told.stdout)["error"]["problems"]
    assert "where:" in told.stderr or "received:" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    told = visualnn("jobs", cwd=tmp_path, env={"VISUALNN_URL": "http://127.0.0.1:1"})
    assert told.returncode == 1
    assert "http://127.0.0.1:1" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_demo_ends_with_its_figure_and_a_picture(tmp_path: Path) -> None:
    told = visualnn("demo", "--data-dir", str(tmp_path / "data"), cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    last = told.stdout.splitlines()[-1]
    assert last.startswith("demo: OK test_accuracy=0.9"), told.stdout
    with Image.open(tmp_path / "data" / "demo" / "digits.png") as picture:
        assert picture.size[0] > 400
        assert len(picture.getcolors(1 << 20) or ()) > 10
    assert processes_of(tmp_path / "data") == {}
