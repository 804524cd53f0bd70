"""A net whose outputs have labels of their own: every kind of job, against the same net in bare Keras."""

import csv
import io
import json

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits
from visualnn_shared import zoo
from visualnn_shared.ensembling.combining import combine
from visualnn_shared.errors import Invalid
from visualnn_worker.fitting import checkpoints
from visualnn_worker.kinds import weights_file
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights

from services.worker.tests.desk import Desk

NET = zoo.load("digits-heads")
OUTPUTS = ("digit", "parity", "ink")
WEIGHTS = {"ink": 0.02}
RECIPE = {"epochs": 12, "batch_size": 64, "loss_weights": WEIGHTS, "seed": 3}


def digits():
    """As docs/06-training.md makes them, a fifth for the test."""
    data = load_digits()
    x, parity = data.images / 16, np.where(data.target % 2, "odd", "even")
    arrays = {"x": x, "y_digit": data.target, "y_parity": parity, "y_ink": x.sum((1, 2))}
    order = np.random.default_rng(0).permutation(len(x))
    parts = {"train": order[360:], "test": order[:360]}
    return {f"{name}_{part}": array[rows] for name, array in arrays.items() for part, rows in parts.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    at = Desk(tmp_path_factory.mktemp("heads"), digits())
    result, recorder = at.run(at.order("train", NET, params=RECIPE))
    return at, result, recorder


@pytest.fixture
def weights(trained):
    return trained[1].manifest["weights.safetensors"]["key"]


def test_every_output_learns_what_its_own_labels_say(trained):
    at, result, recorder = trained
    assert result.metrics["test_accuracy"] > 0.9
    assert result.metrics["test_parity_accuracy"] > 0.9
    assert result.metrics["test_ink_mae"] < 1.0  # of about 20; its standard deviation is 2.7
    last = json.loads(at.get(result, "history.json"))[-1]
    parts = {f"{name}_loss" for name in OUTPUTS}
    assert set(last) >= {"loss", "accuracy", "parity_accuracy", "ink_mae", *parts}
    whole = last["digit_loss"] + last["parity_loss"] + 0.02 * last["ink_loss"]
    assert last["loss"] == pytest.approx(whole, rel=1e-4)
    assert set(recorder.of("epoch")[-1]["metrics"]) >= parts
    assert result.chosen["labels_of"]["value"] == {name: name for name in OUTPUTS}


def test_the_same_net_in_bare_keras_has_the_same_losses(trained):
    """The same first weights and the same order of samples: shuffling off in both."""
    at, data = trained[0], digits()
    result, _ = at.run(at.order("train", NET, params={**RECIPE, "epochs": 2, "shuffle": False}))
    first = read_weights(build(NET, RECIPE["seed"]))
    x = image = keras.Input((64,))
    layers = {layer.name: keras.layers.Dense(**layer.params, name=layer.name) for layer in NET.layers[1:]}
    for name in ("fc1", "fc2"):
        x = layers[name](x)
    model = keras.Model(image, [layers[name](x) for name in OUTPUTS])
    for name, layer in layers.items():
        layer.set_weights([first[f"{name}/kernel"], first[f"{name}/bias"]])
    model.compile(
        keras.optimizers.Adam(), loss=["sparse_categorical_crossentropy", "binary_crossentropy", "mse"],
        loss_weights=[1.0, 1.0, 0.02], metrics=[["accuracy"], ["accuracy"], ["mae"]],
    )  # fmt: skip
    y = [data["y_digit_train"], data["y_parity_train"] == "odd", data["y_ink_train"]]
    y = [np.asarray(one, np.float32) for one in y]
    kept = model.fit(data["x_train"].reshape(-1, 64).astype(np.float32), y, 64, 2, shuffle=False, verbose=0).history
    history = json.loads(at.get(result, "history.json"))
    names = {"loss": "loss", "accuracy": "digit_accuracy", "parity_accuracy": "parity_accuracy", "ink_mae": "ink_mae"}
    for ours, theirs in names.items():
        assert [epoch[ours] for epoch in history] == pytest.approx(kept[theirs], rel=2e-4), ours


def test_each_classifier_has_a_report_and_pictures(trained):
    at, result, _ = trained
    files = {f"classes{mark}.json" for mark in ("", ".parity")}
    files |= {f"{name}{mark}{theme}.png" for name in ("confusion", "gallery", "worst") for mark in ("", ".parity")
              for theme in ("", "-dark")}  # fmt: skip
    assert files <= set(result.manifest)
    assert not any(".ink" in name for name in result.manifest)  # numbers have no classes
    for name, output in (("classes.json", "digit"), ("classes.parity.json", "parity")):
        report = json.loads(at.get(result, name))
        measured = result.metrics["test_accuracy" if output == "digit" else f"test_{output}_accuracy"]
        assert (report["output"], report["accuracy"]) == (output, pytest.approx(measured, abs=1e-6))
        assert np.sum(report["confusion"]) == 360
    assert json.loads(at.get(result, "classes.parity.json"))["names"] == ["even", "odd"]


def test_an_evaluation_measures_every_output(trained, weights):
    at, result, _ = trained
    found, _ = at.run(at.order("evaluate", params={"job": "job-1", "split": "test"}, weights=weights))
    wanted = {name: value for name, value in result.metrics.items() if name.startswith("test_")}
    assert found.metrics == pytest.approx(wanted, rel=1e-5)


def test_predictions_stand_beside_each_outputs_own_labels(trained, weights):
    at, _result, _ = trained
    found, _ = at.run(at.order("predict", params={"job": "job-1", "split": "test"}, weights=weights))
    data = digits()
    with np.load(io.BytesIO(at.get(found, "predictions.npz"))) as arrays:
        assert np.array_equal(arrays["label"], data["y_digit_test"])
        assert np.array_equal(arrays["label:parity"], data["y_parity_test"] == "odd")
        parity, ink = arrays["parity"], arrays["ink"]
    rows = list(csv.DictReader(io.StringIO(at.get(found, "predictions.csv").decode())))
    assert [row["label"] for row in rows] == [str(label) for label in data["y_digit_test"]]
    assert [row["parity.label"] for row in rows] == data["y_parity_test"].tolist()
    assert [row["parity.class"] for row in rows] == ["odd" if share >= 0.5 else "even" for share in parity.ravel()]
    assert [float(row["ink"]) for row in rows] == pytest.approx(ink.ravel().tolist())
    assert [float(row["ink.label"]) for row in rows] == pytest.approx(data["y_ink_test"].tolist())


def test_a_resume_ends_bit_for_bit_as_if_undisturbed(trained, monkeypatch):
    """Balanced classes of both classifiers, and a stop by another output's metric, included."""
    monkeypatch.setattr(checkpoints, "_SHARE", 0)
    monkeypatch.setattr(checkpoints, "_WRITING_SHARE", 0)
    at = trained[0]
    params = {**RECIPE, "epochs": 2, "batch_size": 256, "validation_split": 0.2, "class_weight": "balanced",
              "stratify": True, "early_stopping": {"monitor": "val_parity_accuracy", "patience": 5}}  # fmt: skip
    whole, recorder = at.run(at.order("train", NET, params=params, checkpoint_s=0))
    resumed, _ = at.run(at.order("train", NET, params=params, checkpoint=recorder.checkpoints[1][1]))
    assert at.get(resumed, "history.json") == at.get(whole, "history.json")
    name = "weights.safetensors"
    assert resumed.manifest[name]["sha256"] == whole.manifest[name]["sha256"]
    best = max(json.loads(at.get(whole, "history.json")), key=lambda epoch: epoch["val_parity_accuracy"])
    assert whole.metrics["val_parity_accuracy"] == best["val_parity_accuracy"]  # more is better there too


def test_a_check_looks_at_each_outputs_first_loss(trained):
    at = trained[0]
    params = {"loss_weights": WEIGHTS, "steps": 30, "entries": 2}
    found, _ = at.run(at.order("check", NET, params=params))
    items = json.loads(at.get(found, "check.json"))["items"]
    first = {item["layer"]: item for item in items if item["name"] == "initial_loss"}
    assert first["digit"]["values"]["expected"] == pytest.approx(np.log(10), abs=1e-6)
    assert first["parity"]["values"]["expected"] == pytest.approx(np.log(2), abs=1e-6)
    assert first["ink"]["verdict"] == "skip"
    assert not [item for item in items if item["name"] == "gradients" and item["verdict"] == "fail"]


def test_an_ensemble_answers_for_every_output(trained, weights, tmp_path):
    """Of a net and itself: the mean of equal answers is the answer, so that every figure is known."""
    at, alone, _ = trained
    refs = [{"key": weights, "job": f"job-{number}", "seed": number} for number in range(2)]
    spec = combine([NET] * 2, "two").spec
    result, _ = at.run(at.order("ensemble", spec, params={"method": "seeds"}, members=refs))
    (tmp_path / "w").write_bytes(at.get(result, "weights.safetensors"))
    serving = weights_file.read(tmp_path / "w")[1].serving
    outputs = [one.name for one in serving.outputs]
    assert [serving.of(name).task for name in outputs] == ["classification", "binary", "regression"]
    assert [serving.of(name).label for name in outputs] == list(OUTPUTS)
    assert serving.of(outputs[1]).classes == ("even", "odd")
    assert {"classes.json", f"classes.{outputs[1]}.json"} <= set(result.manifest)
    wanted = {name: value for name, value in alone.metrics.items() if name.startswith("test_")}
    assert {name: result.metrics[name] for name in wanted} == pytest.approx(wanted, rel=1e-5)


def test_labels_that_do_not_suit_are_told_before_anything_is_trained(trained):
    at = trained[0]
    with pytest.raises(Invalid) as caught:
        at.run(at.order("train", NET, params={"losses": {"parity": "hinge"}, "labels_of": {"ink": "digits"}}))
    assert len(caught.value.problems) == 2
