"""Commands that need no server, through the command line's own parser."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from visualnn.cli import main
from visualnn.transport import Retries

from tests.scripted_http import Say, Server

HEAVY = "fastapi starlette uvicorn sqlalchemy celery redis httpx onnx onnxruntime keras tensorflow sklearn PIL minio"
SPEC = {
    "visualnn": 1,
    "name": "net",
    "layers": [
        {"name": "x", "type": "Input", "params": {"shape": [4]}, "inputs": []},
        {"name": "y", "type": "Dense", "params": {"units": 2}, "inputs": ["x"]},
    ],
    "outputs": ["y"],
}


class Told:
    """What a command said and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["visualnn", *arguments])
        with pytest.raises(SystemExit) as left:
            main.main()
        said = self._capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    from visualnn.cli.output import console

    console.cache_clear()  # it writes to the stderr of the test that made it
    monkeypatch.setenv("COLUMNS", "200")
    return Told(capsys, monkeypatch)


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "net.json"
    path.write_text(json.dumps(SPEC))
    return path


@pytest.mark.parametrize(
    ("model", "params", "not_trainable"),
    [("zoo:cifar-cnn", 592_554, 640), ("zoo:cifar-fnn", 646_260, 0), ("zoo:mnist-dnn", 669_706, 0)],
)
def test_a_summary_has_the_published_counts(tell: Told, model: str, params: int, not_trainable: int) -> None:
    status, out, _ = tell("summary", model, "--json")
    found = json.loads(out)
    assert status == 0
    assert (found["params"], found["non_trainable_params"]) == (params, not_trainable)
    assert sum(layer["params"] for layer in found["layers"]) == params


def test_a_summary_is_readable_too(tell: Told, spec_file: Path) -> None:
    status, out, _ = tell("summary", str(spec_file), "--batch-size", "32")
    assert status == 0
    assert "10 trainable, 0 not" in out
    assert "batch of 32, adam" in out


def test_a_model_without_problems_is_said_to_be_so(tell: Told, spec_file: Path) -> None:
    assert tell("check", str(spec_file))[:2] == (0, "net: no problems in 2 layers\n")


def test_every_problem_of_a_model_is_listed_with_where_received_and_hint(tell: Told, tmp_path: Path) -> None:
    broken = {**SPEC, "layers": [SPEC["layers"][0], {**SPEC["layers"][1], "params": {"units": 0, "unit": 3}}]}  # type: ignore[index]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    status, out, err = tell("check", str(tmp_path / "broken.json"))
    assert (status, out) == (2, "")
    assert "layer y, param units" in err
    assert "layer y, param unit" in err
    assert "received: 0" in err
    assert "hint:" in err


@pytest.mark.parametrize("command", ["check", "summary"])
def test_an_unknown_key_hides_no_other_problem(tell: Told, tmp_path: Path, command: str) -> None:
    broken = {**SPEC, "extra": 1, "layers": [{"name": "y", "type": "Frob", "inputs": ["q"]}]}
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    status, _, err = tell(command, str(tmp_path / "broken.json"))
    assert status == 2
    for received in ("extra", "Frob", "q"):
        assert f"received: '{received}'" in err or f"received: {received}" in err


def test_with_json_an_error_is_json_on_stdout_and_text_on_stderr(tell: Told) -> None:
    status, out, err = tell("summary", "zoo:nope", "--json")
    assert status == 2
    assert json.loads(out)["error"]["status"] == 404
    assert "nope" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("summary", "nothing-here.json"), "no such file"),
        (("summary", "nothing here"), "visualnn zoo"),
        (("layers", "Conv9D"), "Conv9D"),
        (("convert", "zoo:linear", "a.json"), "--to keras or --to native"),
        (("convert", "zoo:linear", "a.xyz"), "--to"),
        (("convert", "zoo:linear", "a.onnx"), "weights must be given"),
        (("convert", "zoo:linear", "a.prototxt", "--weights-out", "a.caffemodel"), "--weights"),
        (("convert", "zoo:linear", "a.prototxt", "--weights-out", "a.npz"), ".safetensors or .caffemodel"),
        (("convert", "zoo:linear", "a.onnx", "--weights-out", "a.caffemodel"), "of the format caffe"),
        (("convert", "zoo:linear", "a.prototxt", "--weights-out", "a.prototxt"), "different files"),
        (("convert", "zoo:linear", "a.safetensors"), "--weights"),
        (("convert", "zoo:linear", "a.safetensors", "--to", "native"), "--weights"),
        (("predict", "zoo:linear"), "--input"),
        (("train", "zoo:linear"), "DATASET"),
        (("train", "nope.json", "nope.csv"), "no such file"),
        (("train", "zoo:linear", "nope.csv"), "no such file"),
        (("train", "zoo:linear", "dataset-1", "--out", "nowhere/w.safetensors"), "a folder that exists"),
        (("train", "zoo:linear", "dataset-1", "--out", "."), "must not be a folder"),
        (("train", "zoo:linear", "dataset-1", "--out", "/dev/null"), "must not be a device"),
        (("train", "zoo:linear", "dataset-1", "--out", "w.keras", "--format", "h5"), "of one format"),
        (("train", "zoo:linear", "dataset-1", "--format", "zzz"), "safetensors"),
        (("jobs", "weights", "job-1", "nowhere/w"), "a folder that exists"),
        (("jobs", "weights", "job-1", "w.npz", "--format", "onnx"), "of one format"),
        (("convert", "zoo:linear", "nowhere/a.prototxt"), "a folder that exists"),
        (("evaluate", "w.safetensors", "dataset-1"), "id of a train job"),
        (("up", "--workers", "0"), "workers"),
        (("up", "--host", "0.0.0.0"), "loopback"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_wrong_request_ends_with_status_2_and_says_what(
    tell: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = tell(*arguments)
    assert status == 2
    assert said in out + err
    assert "Traceback" not in out + err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_weights_file_is_named(tell: Told, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"not at all")
    status, _, err = tell("predict", str(tmp_path / "w.safetensors"), "--input", "1")
    assert status == 2
    assert "safetensors" in err


def test_an_error_of_ours_is_told_without_a_traceback(tell: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("visualnn_shared.zoo.load", broken)
    status, _, err = tell("zoo", "linear")
    assert status == 1
    assert "ZeroDivisionError: division by zero; VISUALNN_TRACEBACK=1" in err
    monkeypatch.setenv("VISUALNN_TRACEBACK", "1")
    monkeypatch.setattr(sys, "argv", ["visualnn", "zoo", "linear"])
    with pytest.raises(ZeroDivisionError):
        main.main()


def test_the_built_in_networks_are_listed_and_printed(tell: Told) -> None:
    status, out, _ = tell("zoo", "--json")
    assert status == 0
    assert {"mnist-dnn", "cifar-cnn", "imdb-lstm"} <= {one["name"] for one in json.loads(out)}
    _, out, _ = tell("zoo", "two-input")
    assert json.loads(out)["visualnn"] == 1
    assert "zoo:two-input" in tell("zoo")[1]


def test_the_list_of_networks_tells_what_a_running_platform_trained(
    tell: Told, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {"accuracy": 0.98765, "job": "job-1", "dataset": "dataset-1", "dataset_name": "digits"}
    row = {"name": "linear", "title": "Line", "input": {"x": [1]}, "classes": None, "params": 2, "trained": best}
    other = {**row, "name": "two-input", "trained": None}
    server.answer = lambda _asked: Say(200, json.dumps({"items": [row, other]}).encode())
    monkeypatch.setenv("VISUALNN_URL", server.url)
    monkeypatch.setenv("COLUMNS", "200")
    status, out, _ = tell("zoo")
    assert (status, [one.path for one in server.asked]) == (0, ["/api/v1/zoo"])
    assert "accuracy here" in out
    line = next(line for line in out.splitlines() if "zoo:linear" in line)
    assert [cell.strip() for cell in line.strip("│").split("│")][-2:] == ["98.77%", "digits"]
    assert json.loads(tell("zoo", "--json")[1])[0]["trained"] == best


def test_the_list_of_networks_needs_no_platform(tell: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUALNN_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(Retries, "wait_s", lambda *_: 0.0)
    status, out, told = tell("zoo")
    assert (status, "zoo:two-input" in out, "accuracy here" in out) == (0, True, False)
    assert "without accuracies" in told


def test_layers_are_listed_and_each_one_shown(tell: Told) -> None:
    _, out, _ = tell("layers", "--json")
    assert len(json.loads(out)) > 30
    _, out, _ = tell("layers", "Conv2D", "--json")
    assert "kernel_size" in [param["name"] for param in json.loads(out)["params"]]
    assert "kernel_size" in tell("layers", "Conv2D")[1]
    assert "Conv2D" in tell("layers")[1]


def test_a_conversion_goes_out_and_back_and_tells_what_it_did(tell: Told, tmp_path: Path) -> None:
    keras = tmp_path / "net.keras.json"
    status, out, err = tell(
        "convert", "zoo:mnist-cnn", str(keras), "--to", "keras", "--report", str(tmp_path / "report.json"), "--json"
    )
    assert status == 0, err
    assert json.loads(out)["format"] == "keras"
    assert json.loads((tmp_path / "report.json").read_text())["target"] == "keras"
    status, _, err = tell("convert", str(keras), str(tmp_path / "back.vnn.json"))
    assert status == 0, err
    there, back = (json.loads(tell("summary", name, "--json")[1]) for name in ("zoo:mnist-cnn", str(keras)))
    assert there["params"] == back["params"]


def test_weights_of_a_caffe_net_go_out_and_back(tell: Told, tmp_path: Path) -> None:
    from visualnn_converter import conversion
    from visualnn_shared.analysis.walk import resolve
    from visualnn_shared.zoo import load

    spec, rng = load("mnist-cnn"), np.random.default_rng(0)
    weights = {
        f"{layer.name}/{one.name}": rng.random([int(n) for n in one.shape], np.float32)
        for layer in resolve(spec).layers
        for one in layer.weights
    }
    net, model, whole = (tmp_path / f"net.{ending}" for ending in ("prototxt", "caffemodel", "safetensors"))
    net.write_bytes(conversion.write(spec, "caffe").data)
    model.write_bytes(conversion.write_weights(spec, "caffe", weights))

    status, out, err = tell("convert", str(net), str(whole), "--to", "native", "--weights", str(model))
    assert (status, err) == (0, "")
    found = load_file(whole)
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[name], weights[name]) for name in weights)

    again, more = tmp_path / "again.prototxt", tmp_path / "again.caffemodel"
    status, out, err = tell("convert", str(whole), str(again), "--weights-out", str(more), "--json")
    assert status == 0, err
    assert json.loads(out)["weights"] == str(more)
    assert more.read_bytes() == model.read_bytes()

    keras, beside = tmp_path / "keras.json", tmp_path / "keras.safetensors"
    given = ("--to", "keras", "--weights", str(model), "--weights-out", str(beside))
    assert tell("convert", str(net), str(keras), *given)[0] == 0
    assert load_file(beside).keys() == weights.keys()
    status, _, err = tell("convert", str(net), str(tmp_path / "net.onnx"), "--weights", str(model))
    assert (status, err) == (0, "")
    status, _, err = tell("convert", str(net), str(keras), "--to", "keras", "--weights", str(model))
    assert status == 0
    assert "--weights-out" in err


def test_weights_of_another_net_are_refused_and_nothing_is_written(tell: Told, tmp_path: Path) -> None:
    from visualnn_converter import conversion
    from visualnn_shared.zoo import load

    (tmp_path / "net.prototxt").write_bytes(conversion.write(load("mnist-cnn"), "caffe").data)
    (tmp_path / "net.caffemodel").write_bytes(b"\xa2\x06\x03\x0a\x01a")
    status, _, err = tell("convert", str(tmp_path / "net.prototxt"), str(tmp_path / "net.safetensors"),
                          "--weights", str(tmp_path / "net.caffemodel"))  # fmt: skip
    assert status == 2
    assert "blobs of every layer" in err
    assert not (tmp_path / "net.safetensors").exists()


def test_help_and_local_commands_load_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from visualnn.cli import main\n"
        "sys.argv = ['visualnn', *sys.argv[1:]]\n"
        "try:\n    main.main()\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        f"print(sorted(set({HEAVY!r}.split()) & set(sys.modules)), file=sys.stderr)"
    )
    for arguments in (["--help"], ["layers"], ["zoo"], ["summary", "zoo:cifar-cnn"]):
        told = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        assert told.stderr.splitlines()[-1] == "[]", arguments


def test_every_command_explains_itself(tell: Told) -> None:
    _, out, _ = tell("--help")
    commands = "up demo summary convert train evaluate predict jobs operators zoo layers formats models datasets check"
    for name in commands.split():
        assert name in out
        status, own, _ = tell(name, "--help")
        assert status == 0
        assert "--json" in own, name


def test_a_keras_file_takes_its_weights_along(tell: Told, spec_file: Path, tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"y/kernel": np.ones((4, 2), "f4"), "y/bias": np.ones(2, "f4")}, tmp_path / "w.safetensors")
    keras, weights, onnx = (tmp_path / name for name in ("net.keras", "net.weights.h5", "net.onnx"))
    for made in (keras, weights):
        assert tell("convert", str(spec_file), str(made), "--weights", str(tmp_path / "w.safetensors"))[0] == 0
    assert tell("convert", str(keras), str(onnx))[0] == 0
    from_keras = onnx.read_bytes()
    assert tell("convert", str(spec_file), str(onnx), "--weights", str(weights))[0] == 0
    assert len(onnx.read_bytes()) == len(from_keras)
    assert json.loads(tell("summary", str(keras), "--json")[1])["params"] == 10


def test_a_keras_file_of_another_model_gives_no_weights(tell: Told, spec_file: Path, tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"y/kernel": np.ones((4, 2), "f4"), "y/bias": np.ones(2, "f4")}, tmp_path / "w.safetensors")
    made, other, target = tmp_path / "net.weights.h5", tmp_path / "other.json", tmp_path / "other.keras"
    tell("convert", str(spec_file), str(made), "--weights", str(tmp_path / "w.safetensors"))
    other.write_text(spec_file.read_text().replace('"units": 2', '"units": 3'))
    status, _, err = tell("convert", str(other), str(target), "--weights", str(made))
    assert (status, target.exists()) == (2, False)
    assert "must have the shape [4, 3]" in err
    assert "must have the shape [3]" in err
