"""State taken between two steps and put into a new net leads to the same steps, whatever the optimizer."""

import keras
import numpy as np
import pytest
from visualnn_shared.training.recipe import TrainParams
from visualnn_worker.fitting import state
from visualnn_worker.fitting.compiling import compile_model
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights

from services.worker.tests.desk import small_spec

SPEC = small_spec(
    {"name": "fc", "type": "Dense", "params": {"units": 5}},
    {"name": "bn", "type": "BatchNormalization"},
    {"name": "drop", "type": "Dropout", "params": {"rate": 0.3}},
)
OPTIMIZERS = [
    {"name": "sgd", "momentum": 0.9, "nesterov": True},
    {"name": "rmsprop", "centered": True},
    {"name": "adam", "amsgrad": True},
    {"name": "adamw"},
    {"name": "adagrad"},
    {"name": "adadelta"},
    {"name": "adamax"},
    {"name": "nadam"},
    {"name": "ftrl"},
    {"name": "lion"},
    {"name": "adam", "use_ema": True, "ema_overwrite_frequency": 2},
    {"name": "sgd", "gradient_accumulation_steps": 2},
]
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(8, 4)).astype(np.float32), np.arange(8) % 3


def compiled(optimizer, seed=1):
    network = build(SPEC, seed)
    params = TrainParams(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=("accuracy",))
    compile_model(network, params)
    network.model.run_eagerly = True  # each step traced would take a second
    return network


def train(network, steps):
    for _ in range(steps):
        network.model.train_on_batch(X, Y)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: "-".join(map(str, o.values())))
def test_a_new_net_goes_on_as_the_old_one_would(optimizer, tmp_path):
    one = compiled({**optimizer, "learning_rate": 0.05})
    train(one, 3)
    position = state.Position(1, 3, [{"epoch": 1, "loss": 0.5}])
    state.save(tmp_path / "s", state.snapshot(one.model), position)
    train(one, 3)
    arrays, found = state.load(tmp_path / "s")
    assert found == position
    other = compiled({**optimizer, "learning_rate": 0.05}, seed=99)
    state.restore(other.model, arrays, ("model", "optimizer"))
    train(other, 3)
    mine, theirs = read_weights(one), read_weights(other)
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)


def test_the_state_of_another_net_is_refused():
    arrays = state.snapshot(compiled({"name": "sgd", "learning_rate": 0.1}).model)
    wider = build(small_spec({"name": "fc", "type": "Dense", "params": {"units": 6}}))
    wider.model.compile(optimizer=keras.optimizers.SGD(), loss="mse")
    wider.model.optimizer.build(wider.model.trainable_variables)
    with pytest.raises(state.CheckpointUnfit, match="own variables"):
        state.restore(wider.model, arrays, ("model", "optimizer"))
