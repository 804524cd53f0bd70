"""Learning rates in Keras, against Keras' own schedules where it has one."""

from typing import Any

import keras
import numpy as np
import pytest
from pydantic import TypeAdapter
from visualnn_shared.training.recipe import Optimizer, TrainParams
from visualnn_shared.training.schedule import Schedule, factor
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.fitting.schedules import LowerOnPlateau, Scheduled, settle
from visualnn_worker.network.build import build

from services.worker.tests.desk import small_spec

PER_EPOCH, EPOCHS, RATE = 5, 8, 0.1
KERAS = keras.optimizers.schedules


def schedule(name: str, **fields: Any) -> Schedule:
    return TypeAdapter(Schedule).validate_python({"name": name, **fields})


@pytest.mark.parametrize(
    ("one", "peer"),
    [
        (schedule("cosine", final=0.1), KERAS.CosineDecay(RATE, 40, alpha=0.1)),
        (schedule("exponential", factor=0.8), KERAS.ExponentialDecay(RATE, 5, 0.8)),
        (schedule("step", epochs=3, factor=0.5), KERAS.ExponentialDecay(RATE, 15, 0.5, staircase=True)),
        (schedule("inverse_time", decay=0.3), KERAS.InverseTimeDecay(RATE, 5, 0.3)),
        (schedule("cyclic_cosine", cycles=4, final=0.1), KERAS.CosineDecayRestarts(RATE, 10, t_mul=1.0, alpha=0.1)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_schedule_is_the_one_that_keras_has(one: Schedule, peer: Any) -> None:
    ours = Scheduled(RATE, one, PER_EPOCH, EPOCHS)
    for step in range(PER_EPOCH * EPOCHS):
        np.testing.assert_allclose(float(ours(step)), float(peer(step)), rtol=2e-5)


@pytest.mark.parametrize("one", [schedule("one_cycle"), schedule("cosine", warmup_epochs=2.5)], ids=lambda s: s.name)
def test_keras_computes_what_numpy_does(one: Schedule) -> None:
    ours = Scheduled(RATE, one, PER_EPOCH, EPOCHS)
    for step in range(PER_EPOCH * EPOCHS):
        expected = RATE * float(factor(one, np.float64(step), PER_EPOCH, EPOCHS, np))
        np.testing.assert_allclose(float(ours(step)), expected, rtol=1e-4, atol=1e-8)


def compiled(one: Schedule) -> keras.Model:
    network = build(small_spec(), 1)
    params = TrainParams(optimizer=Optimizer(name="sgd", learning_rate=RATE), learning_rate=RATE, loss="mse",
                         schedule=one, epochs=EPOCHS)  # fmt: skip
    compile_model(network, params, PER_EPOCH)
    return network.model


def test_a_file_of_a_net_that_a_schedule_trained_needs_nothing_but_keras(tmp_path) -> None:
    model = compiled(schedule("one_cycle"))
    model.optimizer.iterations.assign(12)
    rate = float(model.optimizer.learning_rate)
    settle(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(rate)
    assert type(loaded.optimizer._learning_rate).__module__.startswith("keras")


def test_a_plateau_lowers_the_rate_as_keras_own_does() -> None:
    losses = [1.0, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6]
    rates = []
    fields = {"factor": 0.5, "patience": 2, "min_delta": 0.01}
    ours = LowerOnPlateau(schedule("plateau", least=0.02, **fields), False, [])
    for callback in (ours, keras.callbacks.ReduceLROnPlateau("loss", min_lr=0.02, mode="min", **fields)):
        model = compiled(schedule("plateau"))
        callback.set_model(model)
        callback.on_train_begin()
        rates.append([])
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"loss": loss})
            rates[-1].append(round(float(model.optimizer.learning_rate), 6))
    assert rates[0] == rates[1]
    assert rates[0][-1] == 0.02
