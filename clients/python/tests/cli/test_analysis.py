"""Rewriting, comparing and asking whether a device holds a net, through the command line's own parser."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from visualnn_shared.zoo.builder import Net

from clients.python.tests.cli.test_local import Told, tell

__all__ = ["tell"]


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    net = Net("classifier")
    net.input("in", 8, 8, 3)
    net.add("conv", "Conv2D", filters=2, kernel_size=3, padding="same")
    net.add("flat", "Flatten")
    net.add("fc", "Dense", units=4)
    path = tmp_path / "net.json"
    path.write_text(net.spec().model_dump_json())
    return path


def test_a_rewrite_tells_the_new_output_and_writes_spec_and_weights(
    tell: Told, classifier: Path, tmp_path: Path
) -> None:
    kernel = np.arange(8 * 8 * 2 * 4, dtype=np.float32).reshape(128, 4)
    conv = {"conv/kernel": np.ones((3, 3, 3, 2), np.float32), "conv/bias": np.zeros(2, np.float32)}
    save_file({**conv, "fc/kernel": kernel, "fc/bias": np.zeros(4, np.float32)}, tmp_path / "w.safetensors")
    out, weights_out = tmp_path / "new.json", tmp_path / "new.safetensors"
    status, said, _ = tell(
        "rewrite", str(classifier), "dense-to-conv", "--input", "12x10", "--weights", str(tmp_path / "w.safetensors"),
        "--out", str(out), "--weights-out", str(weights_out), "--json",
    )  # fmt: skip
    told = json.loads(said)
    assert (status, told["output"], told["changed"]["fc"]) == (0, [5, 3, 4], "Conv2D 8 x 8")
    assert json.loads(out.read_text()) == told["spec"]
    with safe_open(weights_out, framework="numpy") as file:
        np.testing.assert_array_equal(file.get_tensor("fc/kernel"), kernel.reshape(8, 8, 2, 4))
        assert json.loads(file.metadata()["visualnn.spec"])["layers"][0]["params"]["shape"] == [12, 10, 3]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["dense-to-cnv"], "did you mean 'dense-to-conv'?"),
        (["dense-to-conv", "--input", "384"], "--input must be height x width"),
        (["dense-to-conv", "--input", "0x5"], "--input must be height x width"),
    ],
)
def test_a_wrong_rewrite_is_refused(tell: Told, classifier: Path, arguments: list[str], text: str) -> None:
    status, _, err = tell("rewrite", str(classifier), *arguments)
    assert status == 2
    assert text in err


def test_weights_of_another_net_are_refused_tensor_by_tensor(tell: Told, classifier: Path, tmp_path: Path) -> None:
    save_file(
        {"fc/kernel": np.zeros((5, 4), np.float32), "gc/bias": np.zeros(4, np.float32)}, tmp_path / "w.safetensors"
    )
    (tmp_path / "no.safetensors").write_bytes(b"nonsense")
    out = str(tmp_path / "new.safetensors")
    for file, texts in (
        ("w.safetensors", ["fc/kernel", "fc/bias", "conv/kernel", "gc/bias", "its shape is (128, 4)"]),
        ("no.safetensors", ["the weights must be a safetensors file"]),
    ):
        status, _, err = tell(
            "rewrite", str(classifier), "dense-to-conv", "--weights", str(tmp_path / file), "--weights-out", out
        )
        assert status == 2
        assert all(text in err for text in texts)
    status, _, err = tell("rewrite", str(classifier), "dense-to-conv", "--out", str(tmp_path / "nowhere" / "q.json"))
    assert status == 2
    assert "folder that exists" in err


def test_two_models_are_compared(tell: Told) -> None:
    status, said, _ = tell("diff", "zoo:mnist-dnn", "zoo:digits-dnn", "--json")
    found = json.loads(said)
    assert (status, found["same"]) == (0, False)
    assert {one["name"] for one in found["changed"]} == {"input", "fc1"}
    assert found["params"] == {"before": 669_706, "after": 301_066}
    assert "784" in tell("diff", "zoo:mnist-dnn", "zoo:digits-dnn")[1]
    assert tell("diff", "zoo:linear", "zoo:linear")[:2] == (0, "the models are the same\n")


def test_a_summary_says_whether_a_device_holds_the_net_and_what_is_likely_wrong(tell: Told) -> None:
    said = tell("summary", "zoo:cifar-cnn", "--device-memory", "100MB", "--batch-size", "64")[1]
    assert "will it fit  into 95.4 MiB: training yes, largest batch" in said
    assert "warning      a layer before batch normalisation needs no bias" in said
    fit = json.loads(tell("summary", "zoo:cifar-cnn", "--device-memory", "1MB", "--json")[1])["memory"]["fit"]
    assert (fit["training_fits"], fit["largest_training_batch"]) == (False, 0)
    status, _, err = tell("summary", "zoo:cifar-cnn", "--device-memory", "much")
    assert status == 2
    assert "for example 8GiB" in err


@pytest.mark.parametrize(
    ("optimizer", "slots"), [("sgd", 0), ("lion", 1), ('{"name": "sgd", "momentum": 0.9}', 1), ("adam", 2)]
)
def test_a_summary_counts_the_state_of_an_optimizer_with_its_parameters(
    tell: Told, classifier: Path, optimizer: str, slots: int
) -> None:
    status, said, _ = tell("summary", str(classifier), "--optimizer", optimizer, "--json")
    memory = json.loads(said)["memory"]
    assert (status, memory["optimizer_bytes"]) == (0, slots * memory["gradients_bytes"])


def test_a_difference_is_told_in_the_words_of_the_spec(tell: Told, classifier: Path, tmp_path: Path) -> None:
    spec = json.loads(classifier.read_text())
    spec["layers"][1]["params"] |= {"use_bias": False, "padding": "valid"}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(spec))
    status, said, _ = tell("diff", str(classifier), str(other))
    assert status == 0
    told = " ".join(said.split())
    assert "true" in told
    assert "True" not in told
