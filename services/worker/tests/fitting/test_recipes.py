"""Clipping, accumulation, averages, precision, L-BFGS and other first weights: against formulas, and resumed."""

import json

import numpy as np
import pytest
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.reading import read_spec
from visualnn_worker.fitting import checkpoints
from visualnn_worker.fitting.lbfgs import Lbfgs
from visualnn_worker.kinds import weights_file

from services.worker.tests.desk import class_data, small_spec

NET = small_spec({"name": "fc", "type": "Dense", "params": {"units": 5, "activation": "tanh"}})
PLAIN = {"epochs": 1, "batch_size": 40, "shuffle": False, "seed": 3}


def tensors(at, result):
    path = at.folder / "w.safetensors"
    path.write_bytes(at.get(result, "weights.safetensors"))
    return weights_file.read(path)[0]


def flat(at, result):
    found = tensors(at, result)
    return np.concatenate([found[name].reshape(-1) for name in sorted(found)])


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


def test_gradients_are_clipped_as_their_names_say(desk):
    at = desk()

    def moved(**clip):
        """What one step at rate 1 changes, tensor by tensor: the gradient."""
        optimizer = {"name": "sgd", "learning_rate": 1.0, **clip}
        after = tensors(at, at.run(at.order("train", NET, params={**PLAIN, "optimizer": optimizer}))[0])
        return {name: start[name] - after[name] for name in after}

    start = tensors(at, at.run(at.order("train", NET, params={**PLAIN, "optimizer": {
        "name": "sgd", "learning_rate": 1e-30}}))[0])  # fmt: skip
    whole = moved()
    size = np.sqrt(sum((one**2).sum() for one in whole.values()))
    assert size > 0.05  # else nothing is clipped
    for name, one in moved(clipvalue=0.01).items():
        np.testing.assert_allclose(one, np.clip(whole[name], -0.01, 0.01), atol=2e-6)
    for name, one in moved(clipnorm=0.02).items():
        norm = np.linalg.norm(whole[name])
        np.testing.assert_allclose(one, whole[name] * min(1, 0.02 / norm), atol=2e-6)
    for name, one in moved(global_clipnorm=0.03).items():
        np.testing.assert_allclose(one, whole[name] * 0.03 / size, atol=2e-6)


def test_two_accumulated_batches_step_as_one_of_both(desk):
    at = desk()
    params = {**PLAIN, "epochs": 3}
    whole, _ = at.run(at.order("train", NET, params={**params, "optimizer": {"name": "sgd", "learning_rate": 0.1}}))
    halves, _ = at.run(at.order("train", NET, params={**params, "batch_size": 20, "optimizer": {
        "name": "sgd", "learning_rate": 0.1, "gradient_accumulation_steps": 2}}))  # fmt: skip
    np.testing.assert_allclose(flat(at, whole), flat(at, halves), atol=1e-5)


def test_what_is_left_and_measured_is_the_average_of_the_weights(desk):
    at = desk()
    rate = {"name": "sgd", "learning_rate": 0.2}
    steps = [flat(at, at.run(at.order("train", NET, params={**PLAIN, "epochs": n, "optimizer": rate}))[0])
             for n in (1, 2, 3)]  # fmt: skip
    averaged = {**rate, "use_ema": True, "ema_momentum": 0.5}
    result, _ = at.run(at.order("train", NET, params={**PLAIN, "epochs": 3, "optimizer": averaged}))
    wanted = 0.5 * (0.5 * steps[0] + 0.5 * steps[1]) + 0.5 * steps[2]
    np.testing.assert_allclose(flat(at, result), wanted, atol=1e-5)
    params = {**PLAIN, "epochs": 3, "optimizer": averaged, "validation_split": 0.25, "batch_size": 8}
    result, _ = at.run(at.order("train", NET, params=params))
    best, _ = at.run(at.order("train", NET, params={**params, "keep": "best"}))
    assert result.metrics["val_loss"] == best.metrics["val_loss"]  # it gets better each epoch
    np.testing.assert_array_equal(flat(at, result), flat(at, best))


AVERAGED = {"name": "adam", "use_ema": True, "ema_momentum": 0.7, "gradient_accumulation_steps": 3}
RESUMED = {
    "average, accumulation": {"optimizer": AVERAGED, "validation_split": 0.2, "batch_size": 8, "epochs": 3},
    "average, cosine, best": {
        "optimizer": AVERAGED, "validation_split": 0.2, "batch_size": 8, "epochs": 3, "keep": "best",
        "schedule": {"name": "cosine", "warmup_epochs": 0.5},
    },
    "half precision": {"precision": "mixed_float16", "batch_size": 16, "epochs": 3},
    "L-BFGS": {"optimizer": "lbfgs", "batch_size": 16, "epochs": 5, "validation_split": 0.2},
}  # fmt: skip


@pytest.mark.parametrize("case", RESUMED)
def test_every_part_goes_on_from_a_checkpoint_bit_for_bit(desk, often, case):
    """What goes on takes no checkpoints, so taking them changes nothing either."""
    at = desk()
    params = {"seed": 4, **RESUMED[case]}
    whole, recorder = at.run(at.order("train", NET, params=params, checkpoint_s=0))
    assert len(recorder.checkpoints) >= 4
    for _number, manifest in (recorder.checkpoints[1], recorder.checkpoints[3]):
        resumed, _ = at.run(at.order("train", NET, params=params, checkpoint=manifest))
        assert at.get(resumed, "history.json") == at.get(whole, "history.json")
        assert resumed.manifest["weights.safetensors"]["sha256"] == whole.manifest["weights.safetensors"]["sha256"]


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_ends_near_full_precision_and_leaves_float32(desk, precision):
    at = desk()
    params = {**PLAIN, "epochs": 20, "batch_size": 8, "learning_rate": 0.02}
    full, _ = at.run(at.order("train", NET, params=params))
    mixed, _ = at.run(at.order("train", NET, params={**params, "precision": precision}))
    assert mixed.metrics["test_loss"] == pytest.approx(full.metrics["test_loss"], abs=0.05)
    found = tensors(at, mixed)
    assert {str(one.dtype) for one in found.values()} == {"float32"}
    x = class_data()["x_test"]
    logits = np.tanh(x @ found["fc/kernel"] + found["fc/bias"]) @ found["out/kernel"] + found["out/bias"]
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    right = shares[np.arange(len(x)), class_data()["y_test"]]
    assert mixed.metrics["test_loss"] == pytest.approx(-np.log(right).mean(), rel=1e-4)  # measured in float32


def rosenbrock(x):
    a, b = x
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def test_lbfgs_finds_the_end_of_a_curved_valley():
    x = np.array([-1.2, 1.0])
    f, g = rosenbrock(x)
    optimizer, before = Lbfgs(), f
    for _ in range(60):
        x, f, g = optimizer.step(x, f, g, rosenbrock)
        assert f <= before
        before = f
    np.testing.assert_allclose(x, [1, 1], atol=1e-3)


def test_lbfgs_solves_least_squares_whatever_the_batches(desk):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 4)).astype(np.float32)
    y = (x @ [1.0, -2.0, 0.5, 3.0] + 0.7 + rng.normal(0, 0.1, 50)).astype(np.float32)
    at = desk({"x_train": x, "y_train": y})
    spec = read_spec({
        "visualnn": 1, "name": "line", "outputs": ["y"],
        "layers": [
            {"name": "x", "type": "Input", "params": {"shape": [4]}},
            {"name": "y", "type": "Dense", "params": {"units": 1}, "inputs": ["x"]},
        ],
    })  # fmt: skip
    result, recorder = at.run(at.order("train", spec, params={"epochs": 40, "optimizer": "lbfgs", "batch_size": 16}))
    wanted, *_ = np.linalg.lstsq(np.c_[x, np.ones(50)].astype(float), y.astype(float), rcond=None)
    found = tensors(at, result)
    np.testing.assert_allclose(np.r_[found["y/kernel"][:, 0], found["y/bias"]], wanted, atol=1e-3)
    assert len(json.loads(at.get(result, "history.json"))) < 40
    assert any("gets no smaller" in log["text"] for log in recorder.of("log"))


def test_a_training_begins_with_the_layers_that_another_run_has(desk):
    at = desk()
    first, _ = at.run(at.order("train", NET, params={**PLAIN, "epochs": 5}))
    weights = first.manifest["weights.safetensors"]["key"]
    wider = small_spec({"name": "fc", "type": "Dense", "params": {"units": 5, "activation": "tanh"}}, classes=4)
    params = {**PLAIN, "initial_weights": "job-1", "frozen": ["fc"], "seed": 9}
    result, recorder = at.run(at.order("train", wider, params=params, weights=weights))
    before, after = tensors(at, first), tensors(at, result)
    np.testing.assert_array_equal(before["fc/kernel"], after["fc/kernel"])
    assert after["out/kernel"].shape == (5, 4)
    assert any("1 layers begin with the weights of job-1: fc" in log["text"] for log in recorder.of("log"))
    other = small_spec({"name": "fc", "type": "Dense", "params": {"units": 7}}, classes=4)
    with pytest.raises(Invalid, match="same name"):
        at.run(at.order("train", other, params=params | {"frozen": []}, weights=weights))
