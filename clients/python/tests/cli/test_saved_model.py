"""``convert --to savedmodel``: a folder or a zip, made by Keras here and run by TensorFlow alone."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner
from visualnn.cli.failure import report
from visualnn.cli.main import app
from visualnn.cli.output import console
from visualnn_converter import conversion
from visualnn_shared.errors import Invalid

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # Keras
)
SPEC: dict[str, Any] = {
    "visualnn": 1,
    "name": "net",
    "layers": [
        {"name": "a", "type": "Input", "params": {"shape": [None, 3]}, "inputs": []},
        {"name": "in", "type": "Input", "params": {"shape": [4]}, "inputs": []},
        {"name": "r", "type": "GRU", "params": {"units": 4}, "inputs": ["a"]},
        {"name": "s", "type": "Add", "params": {}, "inputs": ["r", "in"]},
        {"name": "y", "type": "Dense", "params": {"units": 2}, "inputs": ["s"]},
    ],
    "outputs": ["y", "s"],
}
SERVE = """
import json, sys, numpy, tensorflow
given = [numpy.float32(one) for one in json.loads(sys.stdin.read())]
model = tensorflow.saved_model.load(sys.argv[1])
answer = model.serve([tensorflow.constant(one) for one in given])
assert "visualnn" not in sys.modules
print(json.dumps([one.numpy().tolist() for one in answer]))
"""


def _told(*arguments: str) -> tuple[int, str]:
    console.cache_clear()
    found = CliRunner().invoke(app, list(arguments))
    status = found.exit_code
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        status = report(found.exception, as_json=False)  # type: ignore[arg-type]
    return status, found.stdout


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.json").write_text(json.dumps(SPEC))
    return tmp_path


def test_a_folder_answers_in_tensorflow_as_the_net_does_in_keras(source: Path) -> None:
    status, said = _told("convert", "net.json", "net.keras", "--initial-weights", "--seed", "3")
    assert status == 0, said
    status, said = _told("convert", "net.keras", "out", "--to", "savedmodel", "--verify")
    assert status == 0, said
    assert "verified: max error" in said
    assert {one.name for one in (source / "out").iterdir()} >= {"saved_model.pb", "variables", "assets.extra"}
    rows: list[Any] = [[[[0.5, -1, 2], [1, 0, 3]], [[1, 1, 1], [0, -2, 1]]], [[1, 2, 3, 4], [0, 0, 1, -1]]]
    told = subprocess.run(
        [sys.executable, "-c", SERVE, "out"], input=json.dumps(rows), capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    model = keras.saving.load_model("net.keras")
    expected = model([keras.ops.array(one, "float32") for one in rows])
    for one, other in zip(json.loads(told.stdout), expected, strict=True):
        np.testing.assert_allclose(one, keras.ops.convert_to_numpy(other), atol=1e-5)


def test_what_cannot_be_made_leaves_nothing(source: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _told("convert", "net.json", "net.savedmodel.zip")[0] == 2
    assert "weights must be given for every variable" in capfd.readouterr().err
    (source / "full").mkdir()
    (source / "full" / "x").write_text("mine")
    assert _told("convert", "net.json", "full", "--to", "savedmodel", "--initial-weights")[0] == 2
    assert "must be new, or empty" in capfd.readouterr().err
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert _told("convert", "net.json", "new", "--to", "savedmodel", "--initial-weights")[0] == 2
    assert "where Keras runs on TensorFlow" in capfd.readouterr().err
    assert sorted(one.name for one in source.iterdir()) == ["full", "net.json"]


def test_a_zip_holds_the_folder(source: Path) -> None:
    assert _told("convert", "net.json", "net.savedmodel.zip", "--initial-weights")[0] == 0
    with zipfile.ZipFile(source / "net.savedmodel.zip") as archive:
        assert archive.testzip() is None
        assert {"saved_model.pb", "variables/", "assets/", "assets.extra/spec.json"} <= set(archive.namelist())


def test_the_converter_lists_it_as_a_workers_and_says_who_makes_it() -> None:
    (listed,) = [one for one in conversion.formats() if one["name"] == "savedmodel"]
    assert (listed["reads"], listed["writes"], listed["worker_writes"]) == (False, False, True)
    with pytest.raises(Invalid) as caught:
        conversion.convert(json.dumps(SPEC).encode(), "savedmodel")
    assert "kind export" in str(caught.value.problems[0].hint)
