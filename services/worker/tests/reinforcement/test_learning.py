"""Deep Q-learning: its loss against NumPy, replay, and a job that ends as if it had never been interrupted."""

import json

import keras
import numpy as np
import pytest
from PIL import Image
from visualnn_shared import zoo
from visualnn_shared.training.weights import WEIGHTS
from visualnn_worker.network import safetensors
from visualnn_worker.network.build import build
from visualnn_worker.reinforcement import compiled
from visualnn_worker.reinforcement.history import LossNotFinite
from visualnn_worker.reinforcement.learner import Learner
from visualnn_worker.reinforcement.replay import Replay
from visualnn_worker.reinforcement.training import epsilon

from services.worker.tests.desk import small_spec
from services.worker.tests.reinforcement.test_games import plan_for

RNG = np.random.default_rng(2)
CARTPOLE = zoo.load("dqn-cartpole")
SHORT = {
    "environment": "CartPole-v1", "steps": 512, "learning_starts": 64, "train_every": 32, "gradient_steps": 8,
    "target_every": 16, "parallel": 4, "batch_size": 16, "replay_size": 200, "evaluate_every": 256,
    "evaluate_episodes": 2, "episodes": 3, "epsilon_steps": 300, "seed": 4,
}  # fmt: skip


def transitions(count: int) -> dict[str, np.ndarray]:
    return {
        "observation": RNG.normal(size=(count, 4)).astype(np.float32),
        "next": RNG.normal(size=(count, 4)).astype(np.float32),
        "action": RNG.integers(2, size=count).astype(np.int32),
        "reward": (4 * RNG.normal(size=count)).astype(np.float32),
        "ended": (RNG.random(count) < 0.3).astype(np.float32),
    }


def learner_of(seed: int = 1, **params) -> Learner:
    """A network and a target network that differ."""
    plan = plan_for("CartPole-v1", **params)
    spec = small_spec({"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "tanh"}})
    values = spec.layers[-1].model_copy(update={"params": {"units": 2}})
    spec = spec.model_copy(update={"layers": (*spec.layers[:-1], values)})
    learner = Learner(build(spec, seed), build(spec, seed), plan)
    learner.online.set_weights([w + RNG.normal(0, 0.3, w.shape) for w in learner.online.get_weights()])
    return learner


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("loss", ["huber", "mse"])
def test_the_loss_is_that_of_the_papers(double, loss):
    learner, batch = learner_of(double=double, loss=loss, discount=0.9), transitions(64)
    online, target = (np.asarray(net.predict_on_batch(batch["next"])) for net in (learner.online, learner.target))
    rows = np.arange(64)
    worth = target[rows, online.argmax(1)] if double else target.max(1)
    wanted = batch["reward"] + 0.9 * (1 - batch["ended"]) * worth
    off = wanted - np.asarray(learner.online.predict_on_batch(batch["observation"]))[rows, batch["action"]]
    each = np.where(abs(off) < 1, off**2 / 2, abs(off) - 0.5) if loss == "huber" else off**2
    assert float(learner.compute_loss(x=batch, y_pred=learner(batch))) == pytest.approx(each.mean(), rel=1e-5)


def test_only_the_network_learns_until_the_target_becomes_what_it_is():
    learner = learner_of()
    learner.run_eagerly = True  # a step that is compiled would take seconds
    before, held = learner.online.get_weights(), learner.target.get_weights()
    learner.train_on_batch(transitions(16))
    assert all(not np.array_equal(one, other) for one, other in zip(before, learner.online.get_weights(), strict=True))
    assert all(np.array_equal(one, other) for one, other in zip(held, learner.target.get_weights(), strict=True))
    learner.sync()
    assert all(
        np.array_equal(one, other)
        for one, other in zip(learner.target.get_weights(), learner.online.get_weights(), strict=True)
    )


def test_a_round_and_the_best_actions_are_those_of_keras_own_calls():
    batches = {name: array.reshape(4, 16, *array.shape[1:]) for name, array in transitions(64).items()}
    one, other = learner_of(3), learner_of(3)
    other.online.set_weights(one.online.get_weights())
    other.run_eagerly = True
    losses = [compiled.round_of(one)(batches), compiled._round(other)(batches)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for mine, theirs in zip(one.online.get_weights(), other.online.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)
    seen = batches["next"][0]
    assert np.array_equal(compiled.greedy(one.online)(seen), compiled._greedy(one.online)(seen))


def test_the_replay_forgets_the_oldest_and_goes_on_from_its_arrays():
    plan = plan_for("CartPole-v1", replay_size=64)
    replay = Replay(plan)
    for number in range(100):
        frame = np.full(4, number, np.float32)
        replay.add(frame, number % 2, float(number), frame + 1, number % 10 == 0)
    drawn = replay.draw(np.random.default_rng(0), 100, 10)
    numbers = drawn["reward"]
    assert (numbers.min(), numbers.max(), len(replay)) == (36, 99, 64)
    assert np.array_equal(drawn["observation"][..., 0], numbers)
    assert np.array_equal(drawn["next"][..., 3], numbers + 1)
    assert np.array_equal(drawn["action"], numbers % 2)
    assert np.array_equal(drawn["ended"], numbers % 10 == 0)
    other = Replay(plan)
    other.restore(replay.arrays)
    again = other.draw(np.random.default_rng(0), 100, 10)
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)


def test_exploration_falls_in_a_straight_line_once_something_is_learnt():
    plan = plan_for("CartPole-v1", learning_starts=100, epsilon_steps=1000, epsilon_final=0.1)
    assert [round(epsilon(plan, step), 3) for step in (0, 99, 100, 500, 1000, 5000)] == [1, 1, 0.91, 0.55, 0.1, 0.1]


def test_a_job_leaves_its_network_its_returns_and_their_picture(desk):
    table = desk()
    result, said = table.run(table.order("dqn", CARTPOLE, params=SHORT, dataset=None))
    wanted = {WEIGHTS, "model.keras", "model.weights.h5", "serving.json", "samples.npz", "evaluation.json",
              "returns.json", "returns.png", "run.json"}  # fmt: skip
    assert result.manifest.keys() == wanted
    returns = json.loads(table.get(result, "returns.json"))
    episodes, evaluation = returns["episodes"], json.loads(table.get(result, "evaluation.json"))
    assert len(set(episodes["episode"])) == len(episodes["episode"])
    assert episodes["step"] == sorted(episodes["step"])
    assert sum(episodes["length"]) <= 512
    assert episodes["return"] == [float(length) for length in episodes["length"]]  # a reward of 1 each step
    assert returns["evaluations"]["step"] == [256, 512]
    assert len(evaluation["returns"]) == 3
    assert result.metrics["test_return"] == pytest.approx(np.mean(evaluation["returns"]))
    assert (result.metrics["steps"], result.metrics["gradient_steps"]) == (512, 8 * 15)
    told = said.of("episode")
    assert sum("return" in one["metrics"] for one in told) == len(episodes["return"])
    assert [one["metrics"]["greedy_return"] for one in told if "greedy_return" in one["metrics"]] == returns[
        "evaluations"
    ]["mean"]
    assert told[-1]["progress"] == 1.0
    (table.folder / "curve.png").write_bytes(table.get(result, "returns.png"))
    with Image.open(table.folder / "curve.png") as picture:
        colours = {colour for _count, colour in picture.convert("RGB").getcolors(1 << 20)}
    assert {(8, 64, 129), (201, 42, 42), (34, 128, 60)} <= colours  # the mean, evaluations, the goal
    saved = table.folder / "model.keras"
    saved.write_bytes(table.get(result, "model.keras"))
    samples = table.folder / "samples.npz"
    samples.write_bytes(table.get(result, "samples.npz"))
    with np.load(samples) as stored:
        values = keras.saving.load_model(saved).predict_on_batch(stored["x:state"])
        np.testing.assert_allclose(values, stored["y:values"], rtol=1e-5, atol=1e-6)


def test_a_job_that_goes_on_from_any_checkpoint_ends_bit_for_bit_as_one_that_was_not_interrupted(desk):
    table = desk()
    net = small_spec(
        {"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "relu"}},
        {"name": "drop", "type": "Dropout", "params": {"rate": 0.2}},
    )
    values = net.layers[-1].model_copy(update={"params": {"units": 2}})
    net = net.model_copy(update={"layers": (*net.layers[:-1], values)})
    params = {**SHORT, "steps": 384, "evaluate_every": 128}

    def ended(**more):
        result, said = table.run(table.order("dqn", net, params=params, dataset=None, **more))
        path = table.folder / "w"
        path.write_bytes(table.get(result, WEIGHTS))
        tensors, _about = safetensors.read(path)
        return tensors, json.loads(table.get(result, "returns.json")), result.metrics, said

    weights, returns, metrics, said = ended(checkpoint_s=0.0)
    manifests = [manifest for _number, manifest in said.checkpoints]
    assert manifests
    for manifest in (manifests[0], manifests[-1]):
        again = ended(checkpoint=manifest)
        assert any("going on from a checkpoint" in one["text"] for one in again[3].of("log"))
        assert all(np.array_equal(weights[name], again[0][name]) for name in weights)
        assert (again[1], again[2]) == (returns, metrics)


def test_a_loss_that_is_no_number_ends_the_job_and_says_where(desk):
    table = desk()
    params = {**SHORT, "loss": "mse", "optimizer": "sgd", "learning_rate": 100.0, "gradient_norm": None}
    with pytest.raises(LossNotFinite, match="at step"):
        table.run(table.order("dqn", CARTPOLE, params=params, dataset=None))
