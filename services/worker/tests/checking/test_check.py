"""The list of a check on nets that are right, and on nets with one thing wrong: that one is found, where it is."""

import json

import keras
import numpy as np
import pytest
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.checking import gradients as checked
from visualnn_worker.checking.bench import numbers
from visualnn_worker.network import build as building

from services.worker.tests.desk import class_data, small_spec

QUICK = {"entries": 6, "steps": 250, "learning_rate": 0.02}
NET = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "relu", "kernel_regularizer": "l2"}},
    {"name": "drop", "type": "Dropout", "params": {"rate": 0.5}},
    {"name": "mix", "type": "Dense", "params": {"units": 6, "activation": "tanh"}},
)


def report(at, spec=NET, **params):
    result, recorder = at.run(at.order("check", spec, params={**QUICK, **params}))
    found = json.loads(at.get(result, "check.json"))
    items = {}
    for item in found["items"]:
        items.setdefault(item["name"], []).append(item)
    return found, items, result, recorder


def test_a_net_that_is_right_passes_everything(desk):
    found, items, result, recorder = report(desk())
    assert {name: one[0]["verdict"] for name, one in items.items()} == dict.fromkeys(
        ("data", "initial_loss", "activations", "regularization", "gradients", "overfit"), "pass"
    ), found
    assert found["verdict"] == "pass"
    assert result.metrics == {"pass": 6.0, "warn": 0.0, "fail": 0.0, "skip": 0.0}
    first = items["initial_loss"][0]["values"]
    assert first["expected"] == pytest.approx(np.log(3), abs=1e-6)
    rows = items["gradients"][0]["values"]["layers"]
    assert [row["layer"] for row in rows] == ["fc", "drop", "mix", "out", "loss"]
    assert {row["layer"]: row["limit"] for row in rows} == {
        "fc": 1e-4, "drop": 1e-7, "mix": 1e-7, "out": 1e-7, "loss": 1e-7}  # fmt: skip
    assert all(row["error"] <= row["limit"] and row["skipped"] is None for row in rows)
    assert any(log["text"].startswith("pass: overfit") for log in recorder.of("log"))


@keras.ops.custom_gradient
def _doubled(x):
    """x squared, whose gradient is told as 3 x."""

    def grad(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        return upstream * 3.0 * x

    return x * x, grad


class Planted(keras.layers.Layer):
    """A layer whose gradient is wrong."""

    def call(self, x):
        return _doubled(x)


def test_a_wrong_gradient_is_found_in_the_layer_that_has_it(desk, monkeypatch):
    make = building.make

    def planted(layer):
        return [Planted(name="mix", dtype=keras.config.dtype_policy())] if layer.name == "mix" else make(layer)

    monkeypatch.setattr(building, "make", planted)
    monkeypatch.setattr(building, "_owns_weights", lambda layer: bool(layer.weights) and layer.name != "mix")
    spec = small_spec(
        {"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "tanh"}},
        {"name": "mix", "type": "Activation", "params": {"activation": "linear"}},
        {"name": "after", "type": "Dense", "params": {"units": 6, "activation": "tanh"}},
    )
    found, items, _, _ = report(desk(), spec, steps=1)
    assert found["verdict"] == "fail"
    wrong = [item for item in items["gradients"] if item["verdict"] == "fail"]
    assert [item["layer"] for item in wrong] == ["mix"]
    assert "by input is off by" in wrong[0]["reason"]
    rows = {row["layer"]: row for row in items["gradients"][0]["values"]["layers"]}
    assert rows["mix"]["error"] == pytest.approx(0.2, rel=1e-4)  # |3x - 2x| / (|3x| + |2x|)


def test_every_kind_of_layer_agrees_with_differences(desk):
    rng = np.random.default_rng(2)
    at = desk({"x_train": rng.normal(size=(24, 8, 8, 1)).astype(np.float32), "y_train": np.arange(24) % 3})
    spec = small_spec(
        {"name": "conv", "type": "Conv2D", "params": {"filters": 3, "kernel_size": 3, "activation": "relu"}},
        {"name": "bn", "type": "BatchNormalization"},
        {"name": "pool", "type": "MaxPooling2D", "params": {"pool_size": 2}},
        {"name": "rows", "type": "Reshape", "params": {"target_shape": [9, 3]}},
        {"name": "lstm", "type": "LSTM", "params": {"units": 4}},
        {"name": "norm", "type": "LayerNormalization"},
        inputs=[8, 8, 1],
    )
    _, items, _, _ = report(at, spec, steps=1)
    assert [item["verdict"] for item in items["gradients"]] == ["pass"], items["gradients"]
    rows = items["gradients"][0]["values"]["layers"]
    assert {"conv", "bn", "pool", "lstm", "norm", "out", "loss"} <= {row["layer"] for row in rows if row["entries"]}
    kept = next(row for row in rows if row["layer"] == "conv")
    assert kept["corners"] < kept["entries"] / 2


def planted_data(change):
    arrays = class_data()
    change(arrays)
    return arrays


def huge(arrays):
    arrays["x_train"] = arrays["x_train"] * 1000


def broken(arrays):
    arrays["x_train"][3, 1] = np.nan


def same(arrays):
    arrays["x_train"] = np.full_like(arrays["x_train"], 0.5)


@pytest.mark.parametrize(
    ("change", "name", "verdicts", "text"),
    [
        (huge, "data", {"warn"}, "standard deviation"),
        (same, "data", {"fail"}, "every value is the same"),
        (same, "overfit", {"fail", "warn"}, "not learnt by heart"),
    ],
)
def test_data_that_nets_do_not_learn_from_is_named(desk, monkeypatch, change, name, verdicts, text):
    monkeypatch.setattr(checked, "check_gradients", lambda _bench: [])
    _, items, _, _ = report(desk(planted_data(change)), steps=60)
    assert items[name][0]["verdict"] in verdicts, items[name]
    assert text in items[name][0]["reason"]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        ({"kernel_initializer": "zeros", "activation": "tanh"}, "hardly differ"),
        ({"activation": "tanh", "kernel_initializer": {"name": "random_normal", "stddev": 50.0}},
         "ends of its function"),
        ({"activation": "relu", "bias_initializer": {"name": "constant", "value": -100.0}},
         "are 0 for every sample"),
    ],
    ids=["zeros", "large", "dead"],
)  # fmt: skip
def test_a_bad_beginning_is_named_with_its_layer(desk, layer, text):
    spec = small_spec({"name": "fc", "type": "Dense", "params": {"units": 8, **layer}})
    _, items, _, _ = report(desk(), spec, steps=1)
    warned = [item for item in items["activations"] if item["layer"] == "fc"]
    assert [item["verdict"] for item in warned] == ["warn"]
    assert text in warned[0]["reason"]


def test_a_net_made_for_other_sizes_is_checked_at_the_data_sets(desk):
    found, items, _, _ = report(desk(class_data(shape=(6,))), steps=150)
    assert found["notes"] == ["the input takes [6] here, as the data set has; the network has [4]"]
    assert items["gradients"][0]["verdict"] == "pass"
    assert [item["verdict"] for item in items["data"]] == ["fail", "pass"]
    assert "a training refuses these samples" in items["data"][0]["hint"]
    assert found["verdict"] == "fail"


def test_a_net_that_is_sure_of_what_it_cannot_know_begins_above_chance(desk):
    _, items, _, _ = report(desk(planted_data(huge)), small_spec(), steps=1)
    assert items["initial_loss"][0]["verdict"] == "fail"
    assert "chance gives 1.099 (-ln(1/3))" in items["initial_loss"][0]["reason"]


def test_what_cannot_be_trained_is_not_checked(desk):
    with pytest.raises(Invalid, match="at most 3"):
        report(desk(class_data(classes=5)))


def test_regression_and_several_outputs_are_checked_too(desk):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype(np.float32)
    at = desk({"x_train": x, "y_train": (x @ [1, 2, 0, -1]).astype(np.float32)})
    spec = read_spec({
        "visualnn": 1, "name": "two", "outputs": ["a", "b"],
        "layers": [
            {"name": "in", "type": "Input", "params": {"shape": [4]}},
            {"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "tanh"}, "inputs": ["in"]},
            {"name": "a", "type": "Dense", "params": {"units": 1}, "inputs": ["fc"]},
            {"name": "b", "type": "Dense", "params": {"units": 1}, "inputs": ["fc"]},
        ],
    })  # fmt: skip
    _, items, _, _ = report(at, spec, losses={"b": "mae"})
    verdicts = {name: one[0]["verdict"] for name, one in items.items()}
    assert (verdicts["initial_loss"], verdicts["regularization"]) == ("skip", "skip")
    assert (verdicts["gradients"], verdicts["overfit"]) == ("pass", "pass"), items
    assert [item["layer"] for item in items["overfit"]] == ["a", "b"]
    assert numbers(keras.ops.ones(2)).dtype == np.float32  # float64 is left behind


def heads_spec(*heads):
    """Four features, a hidden layer, and heads of one input: (name, units, activation)."""
    layers = [
        {"name": "in", "type": "Input", "params": {"shape": [4]}},
        {"name": "fc", "type": "Dense", "params": {"units": 16, "activation": "tanh"}, "inputs": ["in"]},
        *({"name": name, "type": "Dense", "params": {"units": units, "activation": activation}, "inputs": ["fc"]}
          for name, units, activation in heads),
    ]  # fmt: skip
    names = [name for name, _units, _activation in heads]
    return read_spec({"visualnn": 1, "name": "heads", "outputs": names, "layers": layers})


def test_each_output_is_judged_by_its_own_loss(desk, monkeypatch):
    """One output's loss is a thousand times the other's, whose labels nothing in the samples tells."""
    monkeypatch.setattr(checked, "check_gradients", lambda _bench: [])
    x = np.random.default_rng(1).normal(size=(40, 4)).astype(np.float32)
    x[1::2] = x[::2]  # two of each, labelled differently
    at = desk({"x_train": x, "y_train_ink": (x[:, 0] * 50).astype(np.float32), "y_train_odd": np.arange(40) % 2})
    spec = heads_spec(("ink", 1, "linear"), ("odd", 2, "softmax"))
    _, items, _, _ = report(at, spec, samples=40, steps=200, learning_rate=0.1)
    first, last = (items[name] for name in ("initial_loss", "overfit"))
    assert [(one["layer"], one["values"].get("expected")) for one in first] == [("ink", None), ("odd", 0.693147)]
    assert [(one["layer"], one["verdict"]) for one in last] == [("ink", "pass"), ("odd", "fail")], last
    assert last[0]["values"]["first"] > 100 * last[1]["values"]["first"]
    _, items, _, _ = report(at, spec, steps=1, loss_weights={"odd": 0.0})
    assert [one["layer"] for one in items["overfit"]] == ["ink"]  # nobody asks the other to learn


def test_attributes_of_0_and_1_must_be_learnt_by_heart(desk, monkeypatch):
    monkeypatch.setattr(checked, "check_gradients", lambda _bench: [])
    rng = np.random.default_rng(1)
    at = desk({"x_train": rng.normal(size=(40, 4)).astype(np.float32), "y_train": rng.integers(0, 2, (40, 3))})
    spec = heads_spec(("tags", 3, "sigmoid"))
    for steps, verdicts in ((15, {"warn", "fail"}), (400, {"pass"})):
        _, items, _, _ = report(at, spec, steps=steps, samples=10, learning_rate=0.03)
        assert items["overfit"][0]["verdict"] in verdicts, items["overfit"]
        assert "depends on the labels" not in items["overfit"][0]["reason"]


def test_a_check_prepares_samples_as_a_training_does(desk, monkeypatch):
    monkeypatch.setattr(checked, "check_gradients", lambda _bench: [])
    at = desk(planted_data(broken))
    with pytest.raises(Invalid, match="missing must be filled in"):
        report(at, steps=1)
    _, items, _, _ = report(at, steps=1, preprocessing=[{"step": "fill"}, {"step": "standardise"}])
    values = items["data"][0]["values"]
    assert (values["mean"], values["std"]) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-3))
