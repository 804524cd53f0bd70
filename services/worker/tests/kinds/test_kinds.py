"""Train, evaluate and predict on real files: what they leave is complete, and agrees with itself and with Keras."""

import csv
import io
import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from visualnn_shared.errors import Invalid, NotFound
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.preprocess import apply_inputs
from visualnn_shared.training.serving import Serving
from visualnn_worker.insight.fonts import wide_font
from visualnn_worker.kinds import weights_file

from services.worker.tests.desk import Desk, class_data, small_spec

NET = small_spec({"name": "h/1", "type": "Dense", "params": {"units": 8, "activation": "relu"}})
PARAMS = {"epochs": 60, "batch_size": 8, "optimizer": {"name": "adam", "learning_rate": 0.02}}
FILES = {
    "weights.safetensors", "model.keras", "model.weights.h5",
    "history.json", "serving.json", "samples.npz", "evaluation.json",
    "classes.json", "confusion.png", "confusion-dark.png", "curves.json", "curves.png", "curves-dark.png",
    "tensorboard.zip", "run.json",
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    at = Desk(tmp_path_factory.mktemp("trained"), class_data())
    result, recorder = at.run(at.order("train", NET, params=PARAMS))
    return at, result, recorder


def test_a_training_leaves_a_complete_result(trained, tmp_path):
    at, result, _ = trained
    drawn = {name.replace(".png", ".zh-CN.png") for name in FILES if name.endswith(".png") and wide_font()}
    assert set(result.manifest) - {"insight.json"} == FILES | drawn  # looks come with time
    assert result.metrics["test_accuracy"] > 0.9
    history = json.loads(at.get(result, "history.json"))
    assert [entry["epoch"] for entry in history] == list(range(1, 61))
    assert history[-1]["loss"] < history[0]["loss"]
    evaluation = json.loads(at.get(result, "evaluation.json"))
    assert evaluation == {
        "split": "test", "samples": 10,
        "metrics": {"loss": result.metrics["test_loss"], "accuracy": result.metrics["test_accuracy"]},
    }  # fmt: skip
    assert result.chosen["loss"]["value"] == "sparse_categorical_crossentropy"


def test_all_three_weight_files_hold_the_same_net(trained, tmp_path):
    at, result, _ = trained
    for name in ("weights.safetensors", "model.keras", "model.weights.h5"):
        (tmp_path / name).write_bytes(at.get(result, name))
    tensors, about = weights_file.read(tmp_path / "weights.safetensors")
    assert set(tensors) == {"h/1/kernel", "h/1/bias", "out/kernel", "out/bias"}
    assert about.spec == NET
    assert about.job == "job-1"
    model = keras.models.load_model(tmp_path / "model.keras")
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        raw, said, label = samples["x:in"], samples["y:out"], samples["label"]
    assert len(raw) == 10
    x = apply_inputs(about.serving, {"in": raw})["in"]
    np.testing.assert_allclose(model.predict(x, verbose=0), said, atol=1e-6)
    hidden = np.maximum(x @ tensors["h/1/kernel"] + tensors["h/1/bias"], 0)
    logits = hidden @ tensors["out/kernel"] + tensors["out/bias"]
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(said, shares, atol=1e-5)
    assert (said.argmax(1) == label).mean() > 0.8
    model.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(model.predict(x, verbose=0), said, atol=1e-6)
    assert Serving.model_validate_json(at.get(result, "serving.json")) == about.serving


def test_an_evaluation_repeats_what_training_measured(trained):
    at, result, _ = trained
    weights = result.manifest["weights.safetensors"]["key"]
    found, recorder = at.run(at.order("evaluate", params={"job": "job-1", "split": "all"}, weights=weights))
    assert found.metrics["test_loss"] == pytest.approx(result.metrics["test_loss"], rel=1e-5)
    assert found.metrics["test_accuracy"] == result.metrics["test_accuracy"]
    assert [part["split"] for part in json.loads(at.get(found, "evaluation.json"))] == ["train", "test"]
    assert recorder.of("metrics")[0]["metrics"] == found.metrics


def test_a_prediction_is_the_stored_one_for_the_same_samples(trained):
    at, result, _ = trained
    weights = result.manifest["weights.safetensors"]["key"]
    params = {"job": "job-1", "split": "test", "batch_size": 4}
    found, _ = at.run(at.order("predict", params=params, weights=weights))
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        wanted = samples["y:out"]
    with np.load(io.BytesIO(at.get(found, "predictions.npz"))) as predictions:
        np.testing.assert_allclose(predictions["out"], wanted, atol=1e-6)
        labels = predictions["label"]
    rows = list(csv.DictReader(io.StringIO(at.get(found, "predictions.csv").decode())))
    assert [row["class"] for row in rows] == [str(i) for i in wanted.argmax(1)]
    assert [float(row["score"]) for row in rows] == pytest.approx(wanted.max(1), abs=1e-6)
    assert [row["label"] for row in rows] == [str(label) for label in labels]
    assert found.metrics == {"samples": 10.0}


def test_weights_that_are_not_there_are_named(desk):
    at = desk()
    with pytest.raises(NotFound, match="job-9"):
        at.run(at.order("predict", params={"job": "job-9"}))


def test_pictures_and_two_inputs_are_fed_by_name_in_any_order(desk):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train_right": rng.integers(0, 255, (30, 3, 3), dtype=np.uint8), "x_train_left": rng.normal(size=(30, 2)),
        "y_train": np.arange(30) % 2,
    }  # fmt: skip
    spec = read_spec({
        "visualnn": 1, "name": "two", "outputs": ["out"],
        "layers": [
            {"name": "left", "type": "Input", "params": {"shape": [2]}},
            {"name": "right", "type": "Input", "params": {"shape": [9]}},
            {"name": "both", "type": "Concatenate", "inputs": ["left", "right"]},
            {"name": "out", "type": "Dense", "params": {"units": 1, "activation": "sigmoid"}, "inputs": ["both"]},
        ],
    })  # fmt: skip
    at = desk(arrays)
    result, _ = at.run(
        at.order("train", spec, params={"epochs": 1, "metrics": ["accuracy", "auc", "precision", "recall"]})
    )
    assert {"train_loss", "train_auc", "train_precision", "train_recall"} <= set(result.metrics)
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        assert samples["x:right"].shape == (16, 3, 3)
        np.testing.assert_array_equal(samples["x:left"], arrays["x_train_left"][:16].astype(samples["x:left"].dtype))
    weights = result.manifest["weights.safetensors"]["key"]
    found, _ = at.run(at.order("predict", params={"job": "job-1"}, weights=weights))
    rows = list(csv.DictReader(io.StringIO(at.get(found, "predictions.csv").decode())))
    assert {row["class"] for row in rows} <= {"0", "1"}
    assert all(float(row["score"]) >= 0.5 for row in rows)


def test_the_line_y_2x_minus_1_is_learnt(desk):
    x = np.array([[-1.0], [0.0], [1.0], [2.0], [3.0], [4.0]], np.float32)
    at = desk({"x_train": x, "y_train": 2 * x - 1})
    spec = read_spec({
        "visualnn": 1, "name": "linear", "outputs": ["y"],
        "layers": [
            {"name": "x", "type": "Input", "params": {"shape": [1]}},
            {"name": "y", "type": "Dense", "params": {"units": 1}, "inputs": ["x"]},
        ],
    })  # fmt: skip
    result, _ = at.run(at.order("train", spec, params={"epochs": 500, "optimizer": "sgd", "loss": "mse"}))
    path = at.folder / "w"
    path.write_bytes(at.get(result, "weights.safetensors"))
    tensors, _about = weights_file.read(path)
    assert tensors["y/kernel"].item() == pytest.approx(2, abs=0.01)
    assert tensors["y/bias"].item() == pytest.approx(-1, abs=0.03)


def test_a_data_set_that_does_not_fit_is_refused_with_every_problem(desk):
    at = desk(class_data(classes=5, shape=(7,)))
    with pytest.raises(Invalid) as caught:
        at.run(at.order("train", NET, params=PARAMS))
    assert len(caught.value.problems) >= 2


SERVE = """
import sys, numpy, tensorflow
model, given = tensorflow.saved_model.load(sys.argv[1]), numpy.load(sys.argv[2])
answer = model.signatures["serving_default"](tensorflow.constant(given))
numpy.savez(sys.argv[3], served=model.serve(tensorflow.constant(given)), signature=next(iter(answer.values())))
assert "visualnn_shared" not in sys.modules
"""


def test_an_export_is_a_saved_model_that_tensorflow_alone_serves(trained, tmp_path):
    at, result, _ = trained
    weights = result.manifest["weights.safetensors"]["key"]
    order = at.order("export", params={"job": "job-1"}, weights=weights).model_copy(update={"dataset": None})
    found, _ = at.run(order)
    assert set(found.manifest) == {"model.savedmodel.zip"}
    with zipfile.ZipFile(io.BytesIO(at.get(found, "model.savedmodel.zip"))) as archive:
        archive.extractall(tmp_path / "m")
    serving = Serving.model_validate_json((tmp_path / "m/assets.extra/serving.json").read_text())
    assert json.loads((tmp_path / "m/assets.extra/spec.json").read_text())["name"] == "small"
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        np.save(tmp_path / "x.npy", np.float32(apply_inputs(serving, {"in": samples["x:in"]})["in"]))
        expected = samples["y:out"]
    paths = [str(tmp_path / name) for name in ("m", "x.npy", "y.npz")]
    told = subprocess.run([sys.executable, "-c", SERVE, *paths], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    with np.load(tmp_path / "y.npz") as answers:
        np.testing.assert_allclose(answers["served"], expected, atol=1e-5)
        np.testing.assert_allclose(answers["signature"], expected, atol=1e-5)


def test_an_export_without_tensorflow_is_refused_in_words(trained, monkeypatch):
    at, result, _ = trained
    weights = result.manifest["weights.safetensors"]["key"]
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(Invalid) as caught:
        at.run(at.order("export", params={"job": "job-1"}, weights=weights))
    assert "where Keras runs on TensorFlow; received 'jax'" in str(caught.value)
