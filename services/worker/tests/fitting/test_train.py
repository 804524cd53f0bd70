"""A training that goes on from any of its checkpoints ends bit for bit as one that was never disturbed."""

import numpy as np
import pytest
from visualnn_worker.fitting import checkpoints
from visualnn_worker.fitting.reporting import NotFinite
from visualnn_worker.network import safetensors

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
    assert {"epoch", "batch", "batches", "metrics", "progress", "eta_s"} == set(batches[0])
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
