"""A training that goes on from any of its checkpoints ends bit for bit as one that was never disturbed."""

import json

import numpy as np
import pytest
from visualnn_shared.training.recipe import Optimizer, TrainParams
from visualnn_worker.fitting import checkpoints
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.reporting import NotFinite
from visualnn_worker.network import safetensors
from visualnn_worker.network.build import build

from services.worker.tests.desk import class_data, small_spec

NOISY = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 5, "kernel_regularizer": "l2"}},
    {"name": "bn", "type": "BatchNormalization"},
    {"name": "noise", "type": "GaussianNoise", "params": {"stddev": 0.1}},
    {"name": "drop", "type": "Dropout", "params": {"rate": 0.3}},
)
EVERY = {"epochs": 3, "batch_size": 8, "validation_split": 0.2, "seed": 5}


@pytest.fixture
def often(monkeypatch):
    """A checkpoint whenever the last one is written, whatever it costs."""
    monkeypatch.setattr(checkpoints, "_SHARE", 0)
    monkeypatch.setattr(checkpoints, "_WRITING_SHARE", 0)
    take = checkpoints.Checkpoints.take

    def take_and_wait(self, *args):
        take(self, *args)
        self.finish()

    monkeypatch.setattr(checkpoints.Checkpoints, "take", take_and_wait)


def test_every_checkpoint_leads_to_the_same_end(desk, often):
    at = desk()
    plain, _ = at.run(at.order("train", NOISY, params=EVERY))
    taken, recorder = at.run(at.order("train", NOISY, params=EVERY, checkpoint_s=0))
    assert plain.manifest["weights.safetensors"]["sha256"] == taken.manifest["weights.safetensors"]["sha256"]
    numbers = [number for number, _ in recorder.checkpoints]
    assert numbers == list(range(1, 12))  # after each of 3 x 4 batches but the last
    middle_and_end_of_an_epoch = recorder.checkpoints[1], recorder.checkpoints[7]
    for _number, manifest in middle_and_end_of_an_epoch:
        resumed, again = at.run(at.order("train", NOISY, params=EVERY, checkpoint=manifest))
        assert resumed.manifest["weights.safetensors"]["sha256"] == plain.manifest["weights.safetensors"]["sha256"]
        assert at.get(resumed, "history.json") == at.get(plain, "history.json")
        assert resumed.metrics == plain.metrics
        assert any("going on from a checkpoint" in log["text"] for log in again.of("log"))


PLATEAU = {"name": "plateau", "patience": 1, "factor": 0.5, "min_delta": 10.0}
WATCHED = {"early_stopping": {"patience": 2, "min_delta": 10.0}, "class_weight": "balanced", "frozen": ["fc"]}
LEARNED = {
    "preprocessing": [{"step": "standardise"}, {"step": "whiten"}],
    "augmentation": [{"step": "noise", "stddev": 0.2}],
    "stratify": True,
}
RECIPES = [
    LEARNED,
    {**WATCHED, "schedule": PLATEAU},
    {"keep": "best", "schedule": {"name": "cosine", "warmup_epochs": 0.5}, "snapshots": [1, 3], "split_seed": 9},
]


@pytest.mark.parametrize(
    "recipe", RECIPES, ids=["preprocessing, augmentation", "plateau, early stopping", "cosine, best, snapshots"]
)
def test_every_part_of_a_recipe_goes_on_from_a_checkpoint(desk, often, recipe):
    """What goes on takes no checkpoints, so taking them changes nothing either."""
    at, params = desk(), {**EVERY, "epochs": 4, "batch_size": 16, **recipe}
    whole, recorder = at.run(at.order("train", NOISY, params=params, checkpoint_s=0))
    for _number, manifest in (recorder.checkpoints[1], recorder.checkpoints[4]):
        resumed, _ = at.run(at.order("train", NOISY, params=params, checkpoint=manifest))
        assert at.get(resumed, "history.json") == at.get(whole, "history.json")
        weights = {name for name in whole.manifest if name.endswith(".safetensors")}
        assert len(weights) == 1 + len(recipe.get("snapshots", ()))
        for name in weights:
            assert resumed.manifest[name]["sha256"] == whole.manifest[name]["sha256"]


def test_a_snapshot_is_what_a_training_of_so_many_epochs_ends_with(desk, tmp_path):
    at, found = desk(), []
    recipe = {**EVERY, "optimizer": {"name": "sgd", "learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5}}
    for params, name in (
        ({**recipe, "snapshots": [2]}, "snapshot-00002.safetensors"), ({**recipe, "epochs": 2}, "weights.safetensors"),
    ):  # fmt: skip
        result, _ = at.run(at.order("train", NOISY, params=params))
        (tmp_path / name).write_bytes(at.get(result, name))
        found.append(safetensors.read(tmp_path / name)[0])
    assert found[0].keys() == found[1].keys()
    assert all(np.array_equal(array, found[1][name]) for name, array in found[0].items())


def test_a_training_that_gets_no_better_stops_and_keeps_its_best_epoch(desk):
    at = desk()
    # A rate so large that every epoch after the first is worse.
    params = {"epochs": 9, "optimizer": "sgd", "learning_rate": 90.0, "early_stopping": {"patience": 2}, "seed": 3}
    result, recorder = at.run(at.order("train", small_spec(), params={**params, "validation_split": 0.2}))
    history = json.loads(at.get(result, "history.json"))
    losses = [epoch["val_loss"] for epoch in history]
    assert len(history) == losses.index(min(losses)) + 3 < 9
    told = "\n".join(log["text"] for log in recorder.of("log"))
    assert f"stopped after epoch {len(history)} of 9" in told
    assert f"kept the weights of epoch {losses.index(min(losses)) + 1}" in told
    last, _ = at.run(at.order("train", small_spec(), params={**params, "validation_split": 0.2, "keep": "last"}))
    assert last.metrics["test_loss"] != result.metrics["test_loss"]
    assert (result.metrics["val_loss"], last.metrics["val_loss"]) == (min(losses), losses[-1])


def test_frozen_layers_keep_their_first_weights(desk, tmp_path):
    at, found = desk(), []
    for epochs in (1, 3):
        result, _ = at.run(at.order("train", NOISY, params={**EVERY, "epochs": epochs, "frozen": ["f*"]}))
        path = tmp_path / f"{epochs}.safetensors"
        path.write_bytes(at.get(result, "weights.safetensors"))
        found.append(safetensors.read(path)[0])
    same = {name for name in found[0] if np.array_equal(found[0][name], found[1][name])}
    assert same == {"fc/kernel", "fc/bias"}


def test_classes_weigh_as_in_keras_own_fit(desk):
    at = desk()
    params = {"epochs": 2, "batch_size": 8, "optimizer": "sgd", "shuffle": False, "seed": 2}
    result, _ = at.run(at.order("train", small_spec(), params={**params, "class_weight": [1.0, 2.0, 0.5]}))
    arrays = class_data()
    network = build(small_spec(), 2)
    compile_model(network, TrainParams(optimizer="sgd", loss="sparse_categorical_crossentropy").model_copy(
        update={"optimizer": Optimizer(name="sgd")}))  # fmt: skip
    history = network.model.fit(
        arrays["x_train"], arrays["y_train"], batch_size=8, epochs=2, shuffle=False, verbose=0,
        class_weight={0: 1.0, 1: 2.0, 2: 0.5},
    ).history  # fmt: skip
    ours = [epoch["loss"] for epoch in json.loads(at.get(result, "history.json"))]
    np.testing.assert_allclose(ours, history["loss"], rtol=1e-5)


def test_only_the_seed_decides_and_it_does(desk):
    at = desk()
    params = [{**EVERY, "epochs": 1, "seed": seed} for seed in (1, 1, 2)]
    manifests = [at.run(at.order("train", NOISY, params=each))[0].manifest for each in params]
    shas = [manifest["weights.safetensors"]["sha256"] for manifest in manifests]
    assert shas[0] == shas[1] != shas[2]


def test_checkpoints_older_than_the_recorded_one_are_deleted(desk, often):
    at = desk()
    order = at.order("train", NOISY, params=EVERY, checkpoint_s=0)
    from visualnn_worker.page import Page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "recorded", property(lambda self: 9))
        at.run(order)
    kept = [info.key for info in at.store.list(f"{order.prefix}checkpoint-")]
    assert [key.split("/")[-2] for key in kept] == ["checkpoint-10", "checkpoint-11", "checkpoint-9"]


def test_a_damaged_checkpoint_is_not_gone_on_from(desk, often):
    at = desk()
    _, recorder = at.run(at.order("train", NOISY, params=EVERY, checkpoint_s=0))
    manifest = recorder.checkpoints[0][1]
    entry = next(iter(manifest.values()))
    at.store.put(entry["key"], b"x" * entry["size"])
    from visualnn_shared.errors import Unavailable

    with pytest.raises(Unavailable, match="other bytes"):
        at.run(at.order("train", NOISY, params=EVERY, checkpoint=manifest))


def test_a_loss_that_is_no_number_says_where(desk):
    data = class_data()
    at = desk({**data, "x_train": data["x_train"] * np.float32(1e30)})
    spec = small_spec({"name": "h", "type": "Dense", "params": {"units": 4}})
    with pytest.raises(NotFinite) as caught:
        at.run(
            at.order("train", spec, params={"epochs": 50, "batch_size": 8, "optimizer": "sgd", "learning_rate": 100})
        )
    assert caught.value.epoch >= 1
    assert 1 <= caught.value.batch <= 5


def test_progress_epochs_and_metrics_are_said(desk):
    at = desk()
    result, recorder = at.run(at.order("train", NOISY, params=EVERY))
    epochs = recorder.of("epoch")
    assert [e["epoch"] for e in epochs] == [1, 2, 3]
    assert set(epochs[0]["metrics"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    batches = recorder.of("batch")
    assert batches
    assert {"epoch", "batch", "batches", "metrics", "learning_rate", "progress", "eta_s"} == set(batches[0])
    progress = [row["progress"] for row in recorder.rows if row.get("progress") is not None]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert {"test_loss", "test_accuracy", "val_loss", "loss", "accuracy", "epoch"} <= set(result.metrics)


def test_training_moves_what_is_trainable_and_nothing_else(desk, tmp_path):
    at = desk()
    spec = small_spec({"name": "fc", "type": "Dense", "params": {"units": 5, "trainable": False}})
    first, later = (at.run(at.order("train", spec, params={"epochs": n, "batch_size": 8}))[0] for n in (1, 2))
    (tmp_path / "1").write_bytes(at.get(first, "weights.safetensors"))
    (tmp_path / "2").write_bytes(at.get(later, "weights.safetensors"))
    one, two = (safetensors.read(tmp_path / n)[0] for n in "12")
    np.testing.assert_array_equal(one["fc/kernel"], two["fc/kernel"])
    assert (one["out/kernel"] != two["out/kernel"]).any()
