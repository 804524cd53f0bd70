"""Losses against their formulas and against Keras, alone and of several outputs, and what a training does with them."""

import io
import json
import math

import keras
import numpy as np
import pytest
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.loss_options import clean_loss
from visualnn_shared.training.names import Loss
from visualnn_shared.training.recipe import LossChoice, TrainParams
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.losses import loss_of
from visualnn_worker.kinds import weights_file
from visualnn_worker.network.build import build

from services.worker.tests.desk import class_data

RNG = np.random.default_rng(3)
SCORES = RNG.normal(0, 2, (6, 4)).astype(np.float32)
INDEX = np.array([0, 1, 2, 3, 1, 0], np.int32)
ROWS = np.eye(4, dtype=np.float32)[INDEX]
SHARES = (np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)).astype(np.float32)
SIGNS = 2 * ROWS - 1
RIGHT = SCORES[np.arange(6), INDEX]


def given(loss, **options):
    return clean_loss(LossChoice(name=loss, **options))[0]


def svm(margin):
    """Sum over the wrong classes, sample by sample."""
    total = 0.0
    for row, right in zip(SCORES.tolist(), INDEX, strict=True):
        total += sum(max(0.0, s - row[right] + margin) for j, s in enumerate(row) if j != right)
    return total / len(SCORES)


def pairs(d, alike, margin):
    return np.mean([x * x if y else max(0.0, margin - x) ** 2 for x, y in zip(d, alike, strict=True)])


DISTANCE, ALIKE = np.array([[0.2], [0.7], [1.5], [0.1]], np.float32), np.array([[1], [0], [1], [0]], np.float32)
CASES = {
    "sparse": (given("sparse_categorical_crossentropy"), INDEX, SHARES, -np.log(SHARES[np.arange(6), INDEX]).mean()),
    "sparse, logits": (
        given("sparse_categorical_crossentropy", from_logits=True), INDEX, SCORES,
        -np.log(SHARES[np.arange(6), INDEX]).mean()),
    "smoothed": (
        given("categorical_crossentropy", label_smoothing=0.2), ROWS, SHARES,
        -((ROWS * 0.8 + 0.05) * np.log(SHARES)).sum(1).mean()),
    "attributes, logits": (
        given("binary_crossentropy", from_logits=True), ROWS, SCORES, np.log1p(np.exp(-SIGNS * SCORES)).mean()),
    "mse": ("mse", ROWS, SCORES, ((ROWS - SCORES) ** 2).mean()),
    "mae": ("mae", ROWS, SCORES, np.abs(ROWS - SCORES).mean()),
    "huber": (
        given("huber", delta=0.5), ROWS, SCORES,
        np.where(np.abs(ROWS - SCORES) <= 0.5, (ROWS - SCORES) ** 2 / 2, 0.5 * np.abs(ROWS - SCORES) - 0.125).mean()),
    "hinge": ("hinge", SIGNS, SCORES, np.maximum(0, 1 - SIGNS * SCORES).mean()),
    "squared hinge": ("squared_hinge", SIGNS, SCORES, (np.maximum(0, 1 - SIGNS * SCORES) ** 2).mean()),
    "categorical hinge": (
        "categorical_hinge", ROWS, SCORES, np.maximum(0, ((1 - ROWS) * SCORES).max(1) - RIGHT + 1).mean()),
    "svm": ("multiclass_hinge", INDEX, SCORES, svm(1.0)),
    "svm, margin 2.5": (given("multiclass_hinge", margin=2.5), INDEX, SCORES, svm(2.5)),
    "kl": ("kl_divergence", np.full((6, 4), 0.25, np.float32), SHARES, (0.25 * np.log(0.25 / SHARES)).sum(1).mean()),
    "poisson": ("poisson", ROWS, SHARES, (SHARES - ROWS * np.log(SHARES + 1e-7)).mean()),
    "cosine": (
        "cosine_similarity", ROWS, SCORES,
        -((ROWS * SCORES).sum(1) / np.linalg.norm(SCORES, axis=1)).mean()),
    "contrastive": ("contrastive", ALIKE, DISTANCE, pairs(DISTANCE[:, 0], ALIKE[:, 0], 1.0)),
    "contrastive, margin 2": (
        given("contrastive", margin=2.0), ALIKE, DISTANCE, pairs(DISTANCE[:, 0], ALIKE[:, 0], 2.0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_loss_is_its_formula(case):
    loss, labels, predictions, wanted = CASES[case]
    assert float(loss_of(loss)(labels, predictions)) == pytest.approx(float(wanted), rel=1e-5)


def test_ctc_sums_over_every_way_to_write_the_symbols():
    # Three positions, symbols 1 and 2, blank 0; "1 2" is written 12_, 1_2, _12, 112, 122.
    scores = RNG.normal(size=(1, 3, 3)).astype(np.float32)
    shares = np.exp(scores[0]) / np.exp(scores[0]).sum(1, keepdims=True)
    ways = [(1, 2, 0), (1, 0, 2), (0, 1, 2), (1, 1, 2), (1, 2, 2)]
    wanted = -math.log(sum(math.prod(shares[t, s] for t, s in enumerate(way)) for way in ways))
    assert float(loss_of("ctc")(np.array([[1, 2]]), scores)) == pytest.approx(wanted, rel=1e-4)


def test_every_loss_of_a_recipe_is_known():
    assert {loss_of(name).name for name in Loss.__args__} == set(Loss.__args__)


def head(units, activation="linear"):
    return read_spec({
        "visualnn": 1, "name": "net", "outputs": ["out"],
        "layers": [
            {"name": "in", "type": "Input", "params": {"shape": [4]}},
            {"name": "out", "type": "Dense", "params": {"units": units, "activation": activation}, "inputs": ["in"]},
        ],
    })  # fmt: skip


def tensors(at, result):
    path = at.folder / "w.safetensors"
    path.write_bytes(at.get(result, "weights.safetensors"))
    return weights_file.read(path)


PARAMS = {"epochs": 3, "batch_size": 8, "optimizer": "sgd", "learning_rate": 0.1}


def test_logits_lead_to_the_same_weights_as_a_softmax(desk):
    at = desk()
    loss = {"name": "sparse_categorical_crossentropy", "from_logits": True}
    plain, _ = at.run(at.order("train", head(3, "softmax"), params=PARAMS))
    logits, _ = at.run(at.order("train", head(3), params={**PARAMS, "loss": loss}))
    (one, _), (two, about) = tensors(at, plain), tensors(at, logits)
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-4, atol=1e-6)
    assert logits.metrics["test_accuracy"] == plain.metrics["test_accuracy"]
    assert about.serving.scores_by == "softmax"
    weights = plain.manifest["weights.safetensors"]["key"], logits.manifest["weights.safetensors"]["key"]
    said = []
    for key in weights:
        found, _ = at.run(at.order("predict", params={"job": "job-1"}, weights=key))
        said.append([row.split(",")[2] for row in at.get(found, "predictions.csv").decode().splitlines()[1:]])
    np.testing.assert_allclose(np.array(said[0], float), np.array(said[1], float), atol=1e-4)


@pytest.mark.filterwarnings("ignore:.*received `from_logits=True`:UserWarning")  # TensorFlow says so too
def test_a_softmax_before_a_loss_from_logits_is_warned_of(desk):
    at = desk()
    loss = {"name": "sparse_categorical_crossentropy", "from_logits": True}
    _, recorder = at.run(at.order("train", head(3, "softmax"), params={**PARAMS, "epochs": 1, "loss": loss}))
    warned = [log["text"] for log in recorder.of("log") if log["level"] == "warning"]
    assert any("from logits should follow no softmax" in text for text in warned)


def test_an_svm_and_its_own_loss_learn_and_leave_a_file_that_keras_reads_alone(desk):
    at = desk()
    params = {**PARAMS, "epochs": 40, "loss": {"name": "multiclass_hinge", "margin": 2.0}}
    result, _ = at.run(at.order("train", head(3), params=params))
    assert result.metrics["test_accuracy"] > 0.7
    path = at.folder / "model.keras"
    path.write_bytes(at.get(result, "model.keras"))
    assert keras.saving.load_model(path).count_params() == 15


def test_accuracy_of_attributes_is_that_of_each(desk):
    data = class_data()
    flags = (data["x_train"] > 1).astype(np.float32)
    at = desk({"x_train": data["x_train"], "y_train": flags})
    result, _ = at.run(at.order("train", head(4, "sigmoid"), params={**PARAMS, "epochs": 1}))
    (found, about) = tensors(at, result)
    said = data["x_train"] @ found["out/kernel"] + found["out/bias"] > 0
    assert about.params.loss == "binary_crossentropy"
    assert result.metrics["train_accuracy"] == pytest.approx((said == (flags > 0)).mean())


@pytest.mark.parametrize(("loss", "low"), [("hinge", 0), ("squared_hinge", -1)])
def test_a_binary_svm_is_judged_by_signs(desk, loss, low):
    data = class_data(classes=2)
    truth = data["y_test"].copy()
    data = {**data, "y_train": data["y_train"] * (1 - low) + low, "y_test": data["y_test"] * (1 - low) + low}
    at = desk(data)
    params = {**PARAMS, "epochs": 6, "batch_size": 8, "loss": loss, "class_weight": "balanced"}
    params["metrics"] = ["accuracy", "auc", "precision", "recall"]
    result, recorder = at.run(at.order("train", head(1, "tanh"), params=params))
    (found, about) = tensors(at, result)
    margins = np.tanh(data["x_test"] @ found["out/kernel"] + found["out/bias"])[:, 0]
    said = margins > 0
    assert 0.5 < (said == truth).mean() == pytest.approx(result.metrics["test_accuracy"])
    assert result.metrics["test_precision"] == pytest.approx((said & (truth > 0)).sum() / said.sum())
    assert result.metrics["test_recall"] == pytest.approx((said & (truth > 0)).sum() / truth.sum())
    hinge = np.maximum(0, 1 - (2 * truth - 1) * margins)
    expected = (hinge if loss == "hinge" else hinge**2).mean()
    assert result.metrics["test_loss"] == pytest.approx(expected, rel=1e-4)
    report = json.loads(at.get(result, "classes.json"))
    assert report["names"] == ["0", "1"] if low == 0 else ["-1", "1"]
    assert report["confusion"] == [[int(((truth == a) & (said == b)).sum()) for b in (0, 1)] for a in (0, 1)]
    assert about.serving.classes == tuple(report["names"])
    assert not [log for log in recorder.of("log") if "from logits" in log["text"]]


def test_ctc_trains(desk):
    rng = np.random.default_rng(0)
    y = rng.integers(1, 4, (32, 3))
    x = np.repeat(np.eye(4)[y], 2, axis=1) + rng.normal(0, 0.05, (32, 6, 4))
    spec = read_spec({
        "visualnn": 1, "name": "read", "outputs": ["out"],
        "layers": [
            {"name": "in", "type": "Input", "params": {"shape": [6, 4]}},
            {"name": "out", "type": "Conv1D", "params": {"filters": 4, "kernel_size": 3, "padding": "same"},
             "inputs": ["in"]},
        ],
    })  # fmt: skip
    at = desk({"x_train": x.astype(np.float32), "y_train": y})
    result, _ = at.run(at.order("train", spec, params={
        "epochs": 12, "batch_size": 8, "loss": "ctc", "optimizer": "adam", "learning_rate": 0.05}))  # fmt: skip
    history = json.loads(at.get(result, "history.json"))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    weights = result.manifest["weights.safetensors"]["key"]
    found, _ = at.run(at.order("evaluate", params={"job": "job-1", "split": "train"}, weights=weights))
    assert found.metrics["train_loss"] == pytest.approx(result.metrics["train_loss"], rel=1e-4)


TWO = read_spec({
    "visualnn": 1, "name": "two heads", "outputs": ["main/out", "aux"],
    "layers": [
        {"name": "in", "type": "Input", "params": {"shape": [4]}},
        {"name": "fc", "type": "Dense", "params": {"units": 6, "activation": "relu"}, "inputs": ["in"]},
        {"name": "aux", "type": "Dense", "params": {"units": 3}, "inputs": ["fc"]},
        {"name": "main/out", "type": "Dense", "params": {"units": 3, "activation": "softmax"}, "inputs": ["fc"]},
    ],
})  # fmt: skip
WEIGHED = {"losses": {"aux": "multiclass_hinge"}, "loss_weights": {"aux": 0.3}, "validation_split": 0.2}


def test_the_loss_of_each_of_several_outputs_is_a_mean_over_samples():
    """A last batch of one sample, far off, in training, validation and evaluation; the weights stay as they are."""
    spec = read_spec({"visualnn": 1, "name": "heads", "outputs": ["a", "b"], "layers": [
        {"name": "in", "type": "Input", "params": {"shape": [4]}},
        {"name": "a", "type": "Dense", "params": {"units": 3, "activation": "softmax"}, "inputs": ["in"]},
        {"name": "b", "type": "Dense", "params": {"units": 1}, "inputs": ["in"]}]})  # fmt: skip
    network, rng = build(spec, 1), np.random.default_rng(0)
    x, number = rng.normal(size=(65, 4)).astype(np.float32), rng.integers(3, size=65).astype(np.int32)
    size = np.append(rng.normal(size=64), 50.0).astype(np.float32)[:, None]
    params = TrainParams(
        loss="sparse_categorical_crossentropy", losses={"b": "mse"}, loss_weights={"b": 0.1},
        optimizer={"name": "sgd", "learning_rate": 0.0}, metrics=("accuracy",), output_metrics={"b": ("mae",)},
    )  # fmt: skip
    compile_model(network, params)
    shares, numbers = (np.asarray(one, np.float64) for one in network.model.predict(x, verbose=0))
    a, b = -np.log(shares[np.arange(65), number]).mean(), ((numbers - size) ** 2).mean()
    wanted = {"a_loss": a, "b_loss": b, "loss": a + 0.1 * b, "b_mae": np.abs(numbers - size).mean()}
    data = {"x": x, "y": [number, size], "batch_size": 32}
    kept = network.model.fit(**data, validation_data=(x, [number, size]), epochs=2, shuffle=False, verbose=0).history
    seen = [{name: kept[mark + name][epoch] for name in wanted} for epoch in range(2) for mark in ("", "val_")]
    found = network.model.evaluate(**data, verbose=0, return_dict=True)
    for one in (*seen, {name: found[name] for name in wanted}):
        assert one == pytest.approx(wanted, rel=1e-4)


def test_several_outputs_have_losses_and_weights_of_their_own(desk):
    at, params = desk(), {**PARAMS, **WEIGHED, "epochs": 4, "early_stopping": {"monitor": "val_accuracy"}}
    result, recorder = at.run(at.order("train", TWO, params=params))
    for epoch in json.loads(at.get(result, "history.json")):
        assert epoch["loss"] == pytest.approx(epoch["main/out_loss"] + 0.3 * epoch["aux_loss"], rel=1e-4)
        assert {"accuracy", "val_accuracy", "val_aux_loss"} <= epoch.keys()
    tested = result.metrics
    assert tested["test_loss"] == pytest.approx(tested["test_main/out_loss"] + 0.3 * tested["test_aux_loss"], rel=1e-4)
    found, about = tensors(at, result)
    hidden = np.maximum(class_data()["x_test"] @ found["fc/kernel"] + found["fc/bias"], 0)
    said = (hidden @ found["main/out/kernel"] + found["main/out/bias"]).argmax(1)
    assert tested["test_accuracy"] == pytest.approx((said == class_data()["y_test"]).mean())
    assert [spec.name for spec in about.serving.outputs] == ["main/out", "aux"]
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        assert samples["y:aux"].shape == samples["y:main/out"].shape
    weights = result.manifest["weights.safetensors"]["key"]
    again, _ = at.run(at.order("evaluate", params={"job": "job-1", "split": "test"}, weights=weights))
    assert again.metrics["test_aux_loss"] == pytest.approx(tested["test_aux_loss"], rel=1e-5)
    assert recorder.of("epoch")[0]["metrics"].keys() >= {"accuracy", "aux_loss"}
