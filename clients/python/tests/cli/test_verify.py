"""``convert --verify``: what it prints, what it writes, and that a failed one leaves nothing behind."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner
from visualnn.cli.failure import report
from visualnn.cli.main import app
from visualnn.cli.output import console
from visualnn_shared.analysis.check import checked
from visualnn_shared.errors import Invalid
from visualnn_standalone.verify.drawing import as_given, draw_weights
from visualnn_standalone.verify.samples import read_samples

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SPEC: dict[str, Any] = {
    "visualnn": 1,
    "name": "net",
    "layers": [
        {"name": "x", "type": "Input", "params": {"shape": [8, 8, 3]}, "inputs": []},
        {"name": "c", "type": "Conv2D", "params": {"filters": 4, "kernel_size": 3, "strides": 2}, "inputs": ["x"]},
        {"name": "b", "type": "BatchNormalization", "params": {}, "inputs": ["c"]},
        {"name": "r", "type": "ReLU", "params": {}, "inputs": ["b"]},
        {"name": "f", "type": "Flatten", "params": {}, "inputs": ["r"]},
        {"name": "y", "type": "Dense", "params": {"units": 5, "activation": "softmax"}, "inputs": ["f"]},
    ],
    "outputs": ["y"],
}


class Told:
    """A command's status and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        console.cache_clear()
        found = CliRunner().invoke(app, list(arguments))
        status = found.exit_code
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            status = report(found.exception, as_json=False)  # type: ignore[arg-type]
        return status, found.stdout, found.stderr


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Told(tmp_path)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Spec and weights in one file."""
    path = tmp_path / "net.safetensors"
    save_file(draw_weights(checked(json.dumps(SPEC)), 1), path, {"visualnn.spec": json.dumps(SPEC)})
    return path


def test_a_keras_file_becomes_an_onnx_file_that_answers_the_same(tell: Told, trained: Path, tmp_path: Path) -> None:
    assert tell("convert", str(trained), "m.keras")[0] == 0
    status, out, err = tell("convert", "m.keras", "m.onnx", "--verify", "--report", "r.json")
    assert status == 0, err
    assert "verified: max error" in out
    assert "Keras" in out
    assert "ONNX Runtime" in out
    found = json.loads((tmp_path / "r.json").read_text())["certificate"]
    assert found["passed"]
    assert found["max_abs"] < 1e-4
    assert (found["source"]["runtime"]["independent"], found["target"]["runtime"]["independent"]) == (True, True)
    assert found["top1"] == 1.0
    assert len(found["source"]["sha256"]) == 64
    session = onnxruntime.InferenceSession("m.onnx", providers=["CPUExecutionProvider"])
    assert session.run(None, {"x": np.zeros((1, 8, 8, 3), np.float32)})[0].shape == (1, 5)


def test_the_numpy_reference_says_its_opinion_and_can_run_what_is_read(tell: Told, trained: Path) -> None:
    status, out, err = tell("convert", str(trained), "m.onnx", "--verify", "--reference", "numpy")
    assert status == 0, err
    assert f"NumPy reference NumPy {np.__version__}, float64, " in out  # in place of Keras
    assert f"reference  NumPy reference (NumPy {np.__version__}, float64) agrees with the source" in out
    status, out, _err = tell("convert", str(trained), "n.onnx", "--verify", "--reference", "keras")
    assert "reference  none: --reference keras" in out


def test_weights_are_bit_equal_after_a_caffemodel_and_back(tell: Told, trained: Path, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    status, out, err = tell("convert", str(trained), "m.prototxt", "--weights-out", "m.caffemodel", "--verify")
    assert status == 0, err
    assert "OpenCV DNN" in out
    status, out, err = tell("convert", "m.prototxt", "b.safetensors", "--weights", "m.caffemodel", "--verify")
    assert status == 0, err
    there, back = load_file(trained), load_file("b.safetensors")
    assert there.keys() == back.keys()
    assert all(np.array_equal(there[name], back[name]) for name in there)


def test_a_failed_gate_ends_with_status_2_and_leaves_no_target(tell: Told, trained: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    status, out, err = tell("convert", str(trained), "m.onnx", "--verify", "--gate", "0", "--report", "r.json")
    assert status == 2
    assert "NOT verified" in out
    assert "m.onnx is not written" in err
    assert {path.name for path in set(tmp_path.iterdir()) - before} == {"r.json"}
    found = json.loads((tmp_path / "r.json").read_text())["certificate"]
    assert not found["passed"]
    assert found["divergence"]["layer"] is None  # rounding, in no single layer
    status, out, _ = tell("convert", str(trained), "m.onnx", "--verify", "--gate", "0", "--json")
    assert status == 2
    assert json.loads(out)["file"] is None
    assert not (tmp_path / "m.onnx").exists()


def test_a_certificate_that_only_visualnn_gives_is_loud_and_may_be_refused(
    tell: Told, trained: Path, tmp_path: Path
) -> None:
    status, out, err = tell("convert", str(trained), "m.keras2.json", "--to", "keras2", "--verify")
    assert status == 0, err
    assert "verified BY ITSELF ONLY" in out
    assert "WARNING    NOT INDEPENDENT" in out
    status, out, err = tell("convert", str(trained), "n.keras2.json", "--to", "keras2", "--require-independent")
    assert status == 2
    assert "n.keras2.json is not written: --require-independent" in err
    assert not (tmp_path / "n.keras2.json").exists()
    status, out, err = tell("convert", str(trained), "m.onnx", "--require-independent")
    assert status == 0, err
    assert "verified: max error" in out
    assert "WARNING" not in out


def test_samples_are_verified_beside_the_drawn_ones(tell: Told, trained: Path, tmp_path: Path) -> None:
    np.savez("s.npz", x=np.ones((3, 8, 8, 3)))
    status, out, err = tell("convert", str(trained), "m.onnx", "--samples", "s.npz", "--json")
    assert status == 0, err
    found = json.loads(out)["report"]["certificate"]
    assert found["batch"] == 5
    assert [one["output"] for one in found["outputs"]] == ["y", "y on s.npz"]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.ones((3, 8, 8, 1))}, "shape [8, 8, 3]"),
        ({"z": np.ones((3, 8, 8, 3))}, "an array for every input"),
        ({"x": np.array(["a"])}, "must be numbers"),
        ({"x": np.zeros((0, 8, 8, 3))}, "one at least"),
    ],
)
def test_samples_that_do_not_fit_are_refused(tell: Told, trained: Path, tmp_path: Path, arrays: Any, said: str) -> None:
    np.savez("s.npz", **arrays)

    with pytest.raises(Invalid) as refused:
        as_given(read_samples(Path("s.npz").read_bytes(), "s.npz"), checked(json.dumps(SPEC)))
    assert any(said in one.rule for one in refused.value.problems)


def test_samples_are_never_unpickled(tell: Told, tmp_path: Path) -> None:

    np.save("s.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(Invalid):
        read_samples(Path("s.npy").read_bytes(), "s.npy")
    with pytest.raises(Invalid):
        read_samples(b"PK\x03\x04 and no zip", "s.npz")


def test_an_impossible_conversion_writes_its_report_and_no_file(tell: Told, tmp_path: Path) -> None:
    wide = {**SPEC["layers"][1], "params": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}}
    (tmp_path / "net.json").write_text(json.dumps({**SPEC, "layers": [SPEC["layers"][0], wide], "outputs": ["c"]}))
    status, *_ = tell("convert", "net.json", "m.prototxt", "--report", "r.json")
    assert status == 2
    assert {path.name for path in tmp_path.iterdir()} == {"net.json", "r.json"}
    (line,) = json.loads((tmp_path / "r.json").read_text())["impossible"]
    assert line["layer"] == "c"
    assert "--allow-rewrite" in line["hint"]


def test_a_net_without_weights_is_verified_with_drawn_ones(tell: Told, tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text(json.dumps(SPEC))
    status, out, err = tell("convert", "net.json", "m.json", "--to", "keras", "--verify")
    assert status == 0, err
    assert "weights drawn from the seed" in out


def test_weights_given_beside_a_file_that_has_its_own_are_those_that_are_verified(
    tell: Told, trained: Path, tmp_path: Path
) -> None:
    assert tell("convert", str(trained), "m.keras")[0] == 0
    save_file(draw_weights(checked(json.dumps(SPEC)), 9), "other.safetensors")
    status, out, err = tell("convert", "m.keras", "m.onnx", "--weights", "other.safetensors", "--verify")
    assert status == 0, err
    assert "run with those given instead" in out


DATA_NET = """
name: "small"
layer { name: "data" type: "Data" top: "data" data_param { batch_size: 4 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
"""


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")  # Keras
def test_a_net_without_sizes_and_weights_gets_them_from_options(
    tell: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, out = tmp_path / "net.prototxt", tmp_path / "net.onnx"
    net.write_text(DATA_NET)
    assert tell("summary", str(net))[0] == 2
    status, said, _ = tell("summary", str(net), "--input-shape", "4,5,1", "--json")
    assert (status, json.loads(said)["params"]) == (0, 4 * 5 * 3 + 3)
    status, _, _ = tell("convert", str(net), str(out), "--input-shape", "4,5,1")
    assert (status, out.exists()) == (2, False)
    assert "--initial-weights" in capsys.readouterr().err
    status, said, _ = tell("convert", str(net), str(out), "--input-shape", "4,5,1", "--initial-weights", "--verify")
    assert (status, "verified" in said) == (0, True)
    first = out.read_bytes()
    for seed, same in (("0", True), ("1", False)):
        options = ("--input-shape", '{"data": [4, 5, 1]}', "--initial-weights", "--seed", seed)
        assert tell("convert", str(net), str(out), *options)[0] == 0
        assert (out.read_bytes() == first) is same


def test_a_shape_that_is_none_is_refused(tell: Told, tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    net.write_text(DATA_NET)
    for text in ("abc", "4,,1", "[4", "-1,5,1"):
        status, _, err = tell("convert", str(net), str(tmp_path / "net.json"), "--to", "keras", "--input-shape", text)
        assert (status, "Traceback" in err) == (2, False), text


@pytest.mark.parametrize("options", [("--initial-weights",), ("--verify",)])
def test_weights_too_large_to_draw_are_refused_before_any_is_drawn(
    tell: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    wide = {"name": "x", "type": "Input", "params": {"shape": [100_000_000]}, "inputs": []}
    dense = {"name": "y", "type": "Dense", "params": {"units": 100_000_000}, "inputs": ["x"]}
    (tmp_path / "net.json").write_text(json.dumps({**SPEC, "layers": [wide, dense]}))
    status, *_ = tell("convert", "net.json", "m.json", "--to", "keras", *options)
    assert (status, (tmp_path / "m.json").exists()) == (2, False)
    assert "the weights to draw (bytes) must be at most 4,294,967,296" in capsys.readouterr().err


def _small(folder: Path) -> None:
    layers = [{**SPEC["layers"][0], "params": {"shape": [4]}}, {**SPEC["layers"][5], "inputs": ["x"]}]
    (folder / "net.json").write_text(json.dumps({**SPEC, "layers": layers}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gate", "0.1"), "--gate must come with --verify"),
        (("--reference", "auto"), "--reference must come with --verify"),
        (("--seed", "0"), "--seed must come with --verify or --initial-weights"),
        (("--gate", "0.1", "--initial-weights"), "--gate must come with --verify"),
        (("--stage", "deploy"), "must be left out for files that are not Caffe's"),
        (("--level", "0"), "must be left out for files that are not Caffe's"),
        (("--phase", "TEST", "--verify"), "must be left out for files that are not Caffe's"),
        (("--to", "bogus"), "savedmodel, svg, tensorflow"),
        (("--to", "svg", "--verify"), "SVG picture holds no weights"),
        (("--to", "keras-script", "--require-independent"), "holds no weights"),
        (("--to", "tfjs", "--verify"), "compare TensorFlow.js layers model where its own runtime is"),
        (("--report", "net.json"), "--report must be another file than SRC"),
    ],
)
def test_what_would_have_no_effect_is_refused_and_nothing_is_written(
    tell: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    _small(tmp_path)
    status, *_ = tell("convert", "net.json", "m.json", *(() if "--to" in options else ("--to", "keras")), *options)
    assert (status, [path.name for path in tmp_path.iterdir()]) == (2, ["net.json"])
    err = capsys.readouterr().err
    assert said in err
    assert "verifying" not in err


def test_a_source_is_never_overwritten_whatever_leads_to_it(
    tell: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _small(tmp_path)
    before = (tmp_path / "net.json").read_bytes()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.json").symlink_to("net.json")
    for path in ("net.json", "folder/../net.json", "link.json", str(tmp_path / "net.json")):
        assert tell("convert", "net.json", path, "--to", "keras")[0] == 2
        assert "DST must be another file than SRC" in capsys.readouterr().err
    assert (tmp_path / "net.json").read_bytes() == before
    assert (tmp_path / "link.json").is_symlink()
