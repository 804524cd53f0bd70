"""Batches that are shared out among devices train as on one, on each backend; real child processes show it."""

import json
import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import Invalid
from visualnn_shared.training.recipe import TrainParams
from visualnn_worker.parallel import shares
from visualnn_worker.parallel.choosing import choose

from services.worker.tests.desk import small_spec

DEVICES = 3
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module", params=[pytest.param(one, marks=pytest.mark.slow) for one in ("tensorflow", "jax")])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``on_devices.py`` found: on a CPU that is three devices."""
    more = request.getfixturevalue("jax").environment if request.param == "jax" else {"KERAS_BACKEND": "tensorflow"}
    folder = tmp_path_factory.mktemp(request.param)
    done = subprocess.run(
        [sys.executable, "-m", "services.worker.tests.parallel.on_devices", str(folder)],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1", **more}, capture_output=True, text=True, timeout=280,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {"backend": request.param, **json.loads(done.stdout.splitlines()[-1])}


def test_a_training_on_several_devices_has_the_curve_and_the_weights_of_one_device(found: dict[str, Any]) -> None:
    """Batches of 6 on 3 devices; the last one of each epoch has 2 samples, fewer than there are devices."""
    one, several = found["plain"], found["shared"]
    for before, after in zip(one["history"], several["history"], strict=True):
        assert before.keys() == after.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
        np.testing.assert_allclose([before[name] for name in before], [after[name] for name in before], **CLOSE)
    for name, weights in one["weights"].items():
        np.testing.assert_allclose(several["weights"][name], weights, **CLOSE)
    assert several["test"] == pytest.approx(one["test"], rel=1e-4)


def test_outputs_with_labels_of_their_own_train_as_on_one_device(found: dict[str, Any]) -> None:
    one, several = found["heads"]
    assert set(one) == {"out/kernel", "out/bias", "size/kernel", "size/bias"}
    for name, values in one.items():
        np.testing.assert_allclose(several[name], values, err_msg=name, **CLOSE)


def test_the_devices_are_told(found: dict[str, Any]) -> None:
    assert found["seen"][0]["devices"] == DEVICES
    assert found["shared"]["chosen"]["value"] == ["cpu:0", "cpu:1", "cpu:2"]
    assert (found["shared"]["run"], found["shared"]["epoch"]) == (DEVICES, DEVICES)
    assert found["plain"]["chosen"] is None


def test_a_resume_in_the_middle_of_an_epoch_is_bit_for_bit_the_same_and_says_where_it_cannot_be(
    found: dict[str, Any],
) -> None:
    whole, same, alone = (found[name] for name in ("shared", "resumed", "alone"))
    assert (same["sha256"], same["history"]) == (whole["sha256"], whole["history"])
    assert not any("bit for bit" in line for line in same["logs"])
    assert any("3 devices, this attempt has 1" in line and "not bit for bit" in line for line in alone["logs"])
    losses = [[epoch["loss"] for epoch in one["history"]] for one in (whole, alone)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_what_cannot_be_is_refused_all_at_once_before_training(found: dict[str, Any]) -> None:
    (problems,) = found["refused"]
    assert "devices must be at most what the worker has: 3" in problems[-1]
    assert "received 6" in problems[-1]
    assert "VISUALNN_WORKER_CPU_DEVICES" in problems[-1]
    float16 = [one for one in problems if "precision must be float32 or mixed_bfloat16" in one]
    assert len(float16) == (found["backend"] == "tensorflow")


NET = resolve(small_spec(
    {"name": "mask", "type": "Masking", "params": {}}, {"name": "bn", "type": "BatchNormalization"},
    {"name": "lstm", "type": "LSTM", "params": {"units": 2}}, inputs=[5, 2],
))  # fmt: skip
CHOICES = [
    ("jax", 1, "all", ["one"], ("one",)), ("torch", 6, 1, ["g0", "g1"], ("g0",)),
    ("jax", 6, "all", ["g0", "g1", "g2", "g3"], ("g0", "g1", "g2")), ("jax", 7, "all", ["g0", "g1"], ("g0",)),
    ("jax", 8, 2, ["g0", "g1", "g2"], ("g0", "g1")), ("torch", 8, "all", ["cpu:0"], ("cpu:0",)),
]  # fmt: skip


@pytest.mark.parametrize(("backend", "batch", "asked", "names", "expected"), CHOICES)
def test_devices_are_chosen(backend: str, batch: int, asked: Any, names: list[str], expected: tuple[str, ...]) -> None:
    assert choose(TrainParams(batch_size=batch, devices=asked), backend, names, NET) == expected


@pytest.mark.parametrize(
    ("backend", "asked", "texts"),
    [
        ("torch", 4, ["devices must be 1 on PyTorch", "devices must be at most what the worker has: 2"]),
        ("torch", "all", ["devices must be 1 on PyTorch"]),
        ("tensorflow", 2, ["batch normalisation must see no mask"]),
    ],
)
def test_what_a_backend_cannot_do_is_refused(backend: str, asked: Any, texts: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        choose(TrainParams(batch_size=8, devices=asked), backend, ["gpu:0", "gpu:1"], NET)
    assert [one.rule[: len(text)] for one, text in zip(refused.value.problems, texts, strict=True)] == texts


def test_a_checkpoint_of_several_devices_goes_into_a_variable_of_one() -> None:
    variable = keras.Variable(np.zeros(2, np.float32))
    shares.put(variable, np.array([[1, 2], [10, 20]], np.float32))
    assert shares.held(variable).tolist() == [11, 22]
    assert shares.fits(variable, np.zeros((3, 2)))
    assert not shares.fits(variable, np.zeros((3, 3)))
