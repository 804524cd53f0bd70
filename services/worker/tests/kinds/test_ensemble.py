"""The last step of an ensemble: the one net answers with the mean of its members, and what it gained is measured."""

import io
import json

import keras
import numpy as np
import pytest
from PIL import Image
from visualnn_shared.ensembling.combining import combine, with_scores
from visualnn_shared.ensembling.report import EnsembleReport
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.fitting.swa import average, reestimate
from visualnn_worker.kinds import weights_file
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import set_weights

from services.worker.tests.desk import Desk, class_data, small_spec

NET = small_spec(
    {"name": "h/1", "type": "Dense", "params": {"units": 6, "activation": "relu", "kernel_regularizer": "l2"}},
    {"name": "bn", "type": "BatchNormalization"},
)
RECIPE = {"epochs": 4, "batch_size": 8, "learning_rate": 0.05, "validation_split": 0.25, "split_seed": 0}
LOGITS = read_spec({
    "visualnn": 1, "name": "logits", "outputs": ["out:0"],
    "layers": [{"name": "in", "type": "Input", "params": {"shape": [4]}},
               {"name": "out", "type": "Dense", "params": {"units": 3}, "inputs": ["in"]}],
})  # fmt: skip
CROSS = {"name": "sparse_categorical_crossentropy", "from_logits": True}


def members(at, spec, recipes, name="weights.safetensors"):
    """A training for each recipe: its result, and the order's reference to it."""
    found = [at.run(at.order("train", spec, params=recipe))[0] for recipe in recipes]
    refs = [{"key": one.manifest[name]["key"], "job": f"job-{n}", "seed": n} for n, one in enumerate(found)]
    return found, refs


def ensemble(at, refs, spec, method="seeds"):
    return at.run(at.order("ensemble", spec, params={"method": method}, members=refs))


def stored(at, result, folder, name="weights.safetensors"):
    path = folder / "stored.safetensors"
    path.write_bytes(at.get(result, name))
    return weights_file.read(path)


def answers(tensors, trained, x):
    network = build(trained.spec)
    set_weights(network, tensors)
    return keras.ops.convert_to_numpy(network.model(x, training=False))


@pytest.fixture(scope="module")
def of_seeds(tmp_path_factory):
    """Three trainings that differ in their seed, and their ensemble."""
    at = Desk(tmp_path_factory.mktemp("ensemble"), class_data(80, 20))
    trained, refs = members(at, NET, [{**RECIPE, "seed": seed} for seed in range(3)])
    result, recorder = ensemble(at, refs, combine([NET] * 3, "small: ensemble of 3").spec)
    return at, trained, result, recorder


def test_the_one_net_answers_with_the_mean_of_its_members(of_seeds, tmp_path):
    at, trained, result, _ = of_seeds
    x = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    each = [answers(*stored(at, one, tmp_path), x) for one in trained]
    tensors, about = stored(at, result, tmp_path)
    assert about.spec == combine([NET] * 3, "small: ensemble of 3").spec
    assert "member2_h/1/kernel" in tensors
    np.testing.assert_allclose(answers(tensors, about, x), np.mean(each, 0), atol=1e-6)
    (tmp_path / "model.keras").write_bytes(at.get(result, "model.keras"))
    model = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(model.predict(x, verbose=0), np.mean(each, 0), atol=1e-6)
    with np.load(io.BytesIO(at.get(result, "samples.npz"))) as samples:
        assert samples["y:out"].shape == (16, 3)


def test_the_gain_is_that_of_predictions_averaged_by_hand(of_seeds, tmp_path):
    at, trained, result, recorder = of_seeds
    report = EnsembleReport.model_validate_json(at.get(result, "ensemble.json"))
    assert [(gain.split, gain.samples) for gain in report.gains] == [("val", 20), ("test", 20)]
    data = class_data(80, 20)
    each = [answers(*stored(at, one, tmp_path), data["x_test"]) for one in trained]
    right = np.arange(20), data["y_test"]
    for member, shares in zip(report.members, each, strict=True):
        assert member.metrics["test"]["loss"] == pytest.approx(-np.log(shares[right]).mean(), rel=1e-4)
    test = report.gains[1]
    assert test.ensemble["loss"] == pytest.approx(-np.log(np.mean(each, 0)[right]).mean(), rel=1e-4)
    assert test.ensemble["accuracy"] == pytest.approx((np.mean(each, 0).argmax(1) == data["y_test"]).mean())
    mean = np.mean([one.metrics["test"]["loss"] for one in report.members])
    assert test.over_mean["loss"] == pytest.approx(mean - test.ensemble["loss"])
    assert test.over_mean["loss"] > 0  # by Jensen's inequality
    best = min(report.members, key=lambda one: one.metrics["val"]["loss"])
    assert report.best == best.number
    assert test.over_best["accuracy"] == pytest.approx(test.ensemble["accuracy"] - best.metrics["test"]["accuracy"])
    assert result.metrics["test_loss"] == test.ensemble["loss"]
    assert result.chosen["best_member"]["value"] == f"job-{best.number - 1}"
    assert any("better than the mean by +" in log["text"] for log in recorder.of("log"))
    assert Image.open(io.BytesIO(at.get(result, "gain.png"))).width >= 600


def test_members_that_give_logits_are_averaged_as_shares(desk, tmp_path):
    at = desk(class_data(80, 20))
    trained, refs = members(at, LOGITS, [{**RECIPE, "loss": CROSS, "seed": seed} for seed in range(2)])
    serving = stored(at, trained[0], tmp_path)[1].serving
    result, _ = ensemble(at, refs, combine([with_scores(LOGITS, serving)] * 2, "two").spec)
    tensors, about = stored(at, result, tmp_path)
    assert (about.serving.scores_by, about.params.loss) == (None, "sparse_categorical_crossentropy")
    x = class_data(80, 20)["x_test"]
    logits = [answers(*stored(at, one, tmp_path), x) for one in trained]
    shares = [np.exp(one) / np.exp(one).sum(1, keepdims=True) for one in logits]
    np.testing.assert_allclose(answers(tensors, about, x), np.mean(shares, 0), atol=1e-5)
    report = json.loads(at.get(result, "ensemble.json"))
    right = np.arange(20), class_data(80, 20)["y_test"]
    assert report["members"][1]["metrics"]["test"]["loss"] == pytest.approx(-np.log(shares[1][right]).mean(), rel=1e-4)


def test_weights_of_one_training_are_averaged_and_batch_normalisation_is_estimated_anew(desk, tmp_path):
    at = desk(class_data(80, 20))
    (one,), _ = members(at, NET, [{**RECIPE, "snapshots": [3, 4]}])
    names = ["snapshot-00003.safetensors", "snapshot-00004.safetensors"]
    refs = [{"key": one.manifest[n]["key"], "job": "job-0", "epoch": e} for e, n in zip((3, 4), names, strict=True)]
    result, recorder = ensemble(at, refs, NET, "average")
    each = [stored(at, one, tmp_path, name)[0] for name in names]
    tensors, about = stored(at, result, tmp_path)
    assert about.spec == NET
    np.testing.assert_allclose(tensors["h/1/kernel"], (each[0]["h/1/kernel"] + each[1]["h/1/kernel"]) / 2, atol=1e-7)
    assert any("statistics of 1 layers of batch normalisation" in log["text"] for log in recorder.of("log"))
    report = json.loads(at.get(result, "ensemble.json"))
    assert (report["averaged"], [m["epoch"] for m in report["members"]]) == ("weights", [3, 4])
    assert not np.allclose(tensors["bn/moving_mean"], average(each)["bn/moving_mean"], atol=1e-6)


def test_statistics_are_the_means_over_all_batches(of_seeds):
    from visualnn_shared.training.choose import plan
    from visualnn_shared.training.recipe import TrainParams
    from visualnn_worker.fitting.samples import all_of

    at = of_seeds[0]
    planned = plan(NET, at.inspected.schema, at.inspected.splits, TrainParams())
    order = at.order("train", NET)
    from visualnn_shared.datasets.reading import load

    samples = all_of(load(at.folder / "data.npz", order.data.format, order.data.schema_).splits["train"],
                     planned.serving, planned.features)  # fmt: skip
    network = build(NET, 3)
    assert reestimate(network, samples, 30) == 1
    hidden = keras.Model(network.model.inputs, network.model.get_layer("h>2F1").output)
    values = hidden.predict(samples.inputs(slice(None))["in"], verbose=0)
    bn = network.model.get_layer("bn")
    np.testing.assert_allclose(bn.moving_mean, values.mean(0), atol=1e-5)
    within = [values[a : a + 30] for a in (0, 30, 60)]
    np.testing.assert_allclose(
        bn.moving_variance, sum(one.var(0) * len(one) for one in within) / len(values), atol=1e-5
    )
    assert bn.momentum == 0.99


def test_members_that_set_other_samples_aside_are_compared_by_the_test_samples_alone(of_seeds, desk):
    at, trained, _, _ = of_seeds
    (other,), _ = members(at, NET, [{**RECIPE, "epochs": 1, "split_seed": 5}])
    keys = [one.manifest["weights.safetensors"]["key"] for one in (trained[0], other)]
    refs = [{"key": key, "job": "job-0"} for key in keys]
    result, _ = ensemble(at, refs, combine([NET] * 2, "two").spec, "jobs")
    report = json.loads(at.get(result, "ensemble.json"))
    assert [gain["split"] for gain in report["gains"]] == ["test"]
    assert "different samples" in report["notes"][0]
    bare = desk(class_data(80, 0))
    _, refs = members(bare, NET, [{**RECIPE, "epochs": 1, "split_seed": seed} for seed in range(2)])
    with pytest.raises(Invalid, match="set the same samples aside"):
        ensemble(bare, refs, combine([NET] * 2, "two").spec, "jobs")
