"""Caffe's solver as a recipe of training, and back; what the other side cannot say is told with its value."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_converter.solver import looks_like_solver, read_solver
from visualnn_converter.solver_writing import write_solver
from visualnn_shared.errors import ConversionImpossible, Invalid
from visualnn_shared.training.optimizers import clean_optimizer
from visualnn_shared.training.recipe import TrainParams

BASE = 'net: "n.prototxt" base_lr: 0.01 max_iter: 100\n'
OPTIMIZERS = [
    ("", {"name": "sgd", "momentum": 0.0}),
    ("momentum: 0.9", {"name": "sgd", "momentum": 0.9}),
    ('type: "Nesterov" momentum: 0.9', {"name": "sgd", "momentum": 0.9, "nesterov": True}),
    ("solver_type: NESTEROV momentum: 0.9", {"name": "sgd", "momentum": 0.9, "nesterov": True}),
    ('type: "Adam" momentum: 0.9 momentum2: 0.99 delta: 1e-6',
     {"name": "adam", "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-6}),
    ('type: "AdaDelta" momentum: 0.95 delta: 1e-6', {"name": "adadelta", "rho": 0.95, "epsilon": 1e-6}),
    ('type: "RMSProp" rms_decay: 0.98 delta: 0.001', {"name": "rmsprop", "rho": 0.98, "epsilon": 1e-6}),
    ('type: "AdaGrad" delta: 0.001', {"name": "adagrad", "initial_accumulator_value": 0.0, "epsilon": 1e-6}),
    ("weight_decay: 0.001", {"name": "sgd", "momentum": 0.0, "weight_decay": 0.001}),
    ("iter_size: 4 clip_gradients: 20",
     {"name": "sgd", "momentum": 0.0, "gradient_accumulation_steps": 4, "global_clipnorm": 5.0}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), OPTIMIZERS)
def test_each_type_of_solver_is_an_optimizer(text: str, expected: dict[str, Any]) -> None:
    params, _ = read_solver((BASE + text).encode())
    assert params["optimizer"] == pytest.approx({**expected, "learning_rate": 0.01})
    assert TrainParams.model_validate(params)


SCHEDULES = [
    ('lr_policy: "step" gamma: 0.1 stepsize: 30', "lr_policy = step (gamma 0.1, stepsize 30)"),
    ('lr_policy: "exp" gamma: 0.99', "lr_policy = exp (gamma 0.99)"),
    ('lr_policy: "inv" gamma: 0.0001 power: 0.75', "lr_policy = inv (gamma 0.0001, power 0.75)"),
    ('lr_policy: "multistep" gamma: 0.1 stepvalue: 5 stepvalue: 9',
     "lr_policy = multistep (gamma 0.1, stepvalue 5 9)"),
    ('lr_policy: "poly" power: 2', "lr_policy = poly (power 2, max_iter 100)"),
    ('lr_policy: "sigmoid" gamma: -0.1 stepsize: 7', "lr_policy = sigmoid (gamma -0.1, stepsize 7)"),
    ("momentum: 0.9 weight_decay: 0.0005", "weight_decay = 0.0005, L2"),
    ('weight_decay: 0.5 regularization_type: "L1"', "weight_decay = 0.5, L1"),
    ("test_iter: 10 test_iter: 20", "test_iter = [10, 20]"),
    ("snapshot: 500", "snapshot = 500"),
    ("glitter: 3", "glitter = 3, line 2"),
    ('type: "AdaGrad" momentum: 0.5', "momentum = 0.5"),
    ("gamma: 0.5", "gamma = 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what"), SCHEDULES)
def test_what_a_recipe_cannot_say_is_told_with_its_value(text: str, what: str) -> None:
    _, report = read_solver((BASE + text).encode())
    assert what in [one.what for one in report.dropped]


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ('lr_policy: "step" gamma: 0.1 stepsize: 30', {"name": "step", "epochs": 3, "factor": 0.1}),
        ('lr_policy: "exp" gamma: 0.9', {"name": "exponential", "factor": 0.9**10}),
    ],
)
def test_steps_and_exponentials_are_schedules_of_epochs_both_ways(text: str, schedule: dict[str, Any]) -> None:
    params, report = read_solver((BASE + text).encode(), samples=640, batch_size=64)
    assert params["schedule"] == pytest.approx(schedule)
    assert TrainParams.model_validate(params)
    assert "lr_policy" not in " ".join(one.what for one in report.dropped)
    again, _ = write_solver(params, samples=640)
    assert read_solver(again, samples=640, batch_size=64)[0]["schedule"] == pytest.approx(schedule)


def test_a_schedule_that_does_not_fall_on_epochs_is_told() -> None:
    params, report = read_solver(
        (BASE + 'lr_policy: "step" gamma: 0.1 stepsize: 35').encode(), samples=640, batch_size=64
    )
    assert "schedule" not in params
    assert "lr_policy = step (gamma 0.1, stepsize 35)" in [one.what for one in report.dropped]


def test_iterations_are_epochs_where_samples_and_batch_size_are_given() -> None:
    params, report = read_solver(BASE.encode(), samples=640, batch_size=64)
    assert (params["epochs"], params["batch_size"]) == (10, 64)
    assert "max_iter" not in " ".join(one.rule for one in report.rewritten)
    params, report = read_solver(BASE.encode(), samples=1000, batch_size=64)
    assert params["epochs"] == 7
    assert "max_iter 100 as 7 epochs" in [one.rule for one in report.rewritten]
    params, report = read_solver(BASE.encode())
    assert "epochs" not in params
    assert "max_iter = 100" in [one.what for one in report.dropped]


PROBLEMS = [
    ("base_lr: -1", "base_lr must be given, and above 0", 1, 1),
    ("max_iter: 3", "base_lr must be given, and above 0", None, None),
    ('base_lr: 1\n  type: "Magic"', "type must be one of SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam", 2, 3),
    ('base_lr: 1 lr_policy: "sometimes"',
     "lr_policy must be one of fixed, step, exp, inv, multistep, poly, sigmoid", 1, 12),
    ('base_lr: "fast"', "base_lr must be a number", 1, 1),
    ("base_lr: 1 max_iter: 0.5", "max_iter must be an integer", 1, 12),
    ("base_lr: 1 solver_mode: TPU", "solver_mode must be CPU or GPU", 1, 12),
    ("base_lr: 1 {", "every { must be closed by a }", 1, 9),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "line", "column"), PROBLEMS[:-1])
def test_what_is_wrong_is_told_with_line_and_column(text: str, rule: str, line: int | None, column: int | None) -> None:
    with pytest.raises(ConversionImpossible) as error:
        read_solver(text.encode())
    assert (rule, line, column) in [(one.rule, one.where.line, one.where.column) for one in error.value.problems]


def test_the_solver_of_caffes_own_lenet_is_read(corpus: Path) -> None:
    data = (corpus / "caffe" / "lenet_solver.prototxt").read_bytes()
    assert looks_like_solver(data)
    params, report = read_solver(data, samples=60_000, batch_size=64)
    assert params == {
        "optimizer": {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9}, "batch_size": 64, "epochs": 11,
        "device": "any",
    }  # fmt: skip
    told = " ".join(one.what for one in report.dropped)
    for field in ("inv (gamma 0.0001, power 0.75)", "weight_decay = 0.0005", "test_iter = 100", "display", "snapshot"):
        assert field in told


RATES = st.floats(1e-6, 1)
RECIPES = st.one_of(
    st.fixed_dictionaries({"name": st.just("sgd"), "momentum": st.floats(0.1, 0.99), "nesterov": st.booleans()}),
    st.fixed_dictionaries({"name": st.just("sgd"), "weight_decay": st.floats(1e-6, 0.1)}),
    st.fixed_dictionaries({"name": st.just("adam"), "beta_1": st.floats(0, 0.99), "beta_2": st.floats(0, 0.999),
                           "epsilon": st.floats(1e-9, 0.1)}),
    st.fixed_dictionaries({"name": st.just("adadelta"), "rho": st.floats(0, 0.99), "epsilon": st.floats(1e-9, 0.1)}),
    st.fixed_dictionaries({"name": st.just("rmsprop"), "rho": st.floats(0, 0.99), "epsilon": st.floats(1e-9, 0.1)}),
    st.fixed_dictionaries({"name": st.just("adagrad"), "initial_accumulator_value": st.just(0.0),
                           "epsilon": st.floats(1e-9, 0.1)}),
)  # fmt: skip
MORE = st.fixed_dictionaries(
    {}, optional={"gradient_accumulation_steps": st.integers(2, 9), "global_clipnorm": st.floats(0.01, 100)}
)


@settings(max_examples=60, deadline=None)
@given(
    recipe=RECIPES, more=MORE, rate=RATES, batch=st.integers(1, 50), epochs=st.integers(1, 20), seed=st.integers(0, 9)
)
def test_a_recipe_comes_back_from_a_solver(
    recipe: dict[str, Any], more: dict[str, Any], rate: float, batch: int, epochs: int, seed: int
) -> None:
    params = {"batch_size": batch, "epochs": epochs, "seed": seed}
    params["optimizer"] = {**recipe, **more, "learning_rate": rate}
    samples = 10 * batch * more.get("gradient_accumulation_steps", 1)
    text, _ = write_solver(params, samples=samples)
    again, _ = read_solver(text, samples=samples, batch_size=batch)
    given, found = TrainParams.model_validate(params), TrainParams.model_validate(again)
    assert (found.epochs, found.batch_size, found.seed) == (epochs, batch, seed)
    wanted, came = (clean_optimizer(one.optimizer, None)[0].model_dump() for one in (given, found))
    assert {key: came[key] for key in wanted if key != "nesterov"} == pytest.approx(
        {key: value for key, value in wanted.items() if key != "nesterov"}
    )
    assert came.get("nesterov", False) == wanted.get("nesterov", False)


OBSTACLES = [
    ({"optimizer": "adamw"}, "optimizer.name"), ({"optimizer": {"name": "adam", "amsgrad": True}}, "optimizer.amsgrad"),
    ({"optimizer": {"name": "sgd", "clipvalue": 1.0}}, "optimizer.clipvalue"),
    ({"optimizer": {"name": "adam", "weight_decay": 0.1}}, "optimizer.weight_decay"),
    ({"optimizer": "adagrad"}, "optimizer.initial_accumulator_value"),
]  # fmt: skip


@pytest.mark.parametrize(("params", "field"), OBSTACLES)
def test_what_no_solver_has_is_an_obstacle(params: dict[str, Any], field: str) -> None:
    with pytest.raises(ConversionImpossible) as error:
        write_solver(params)
    assert [one.where.field for one in error.value.problems] == [field]


def test_a_recipe_that_is_none_is_refused_as_a_job_would_be() -> None:
    with pytest.raises(Invalid):
        write_solver({"epochs": -1, "sparkle": True})


def _caffe_step(type: str, w: float, grads: list[float], lr: float, m: float, m2: float, delta: float) -> float:
    """Caffe's update rules, written down from its solvers."""
    h = u = v = 0.0
    for t, g in enumerate(grads, start=1):
        if type == "SGD":
            v = m * v + lr * g
            w -= v
        elif type == "Nesterov":
            old, v = v, m * v + lr * g
            w -= (1 + m) * v - m * old
        elif type == "AdaGrad":
            h += g * g
            w -= lr * g / (np.sqrt(h) + delta)
        elif type == "RMSProp":
            h = 0.98 * h + 0.02 * g * g
            w -= lr * g / (np.sqrt(h) + delta)
        elif type == "AdaDelta":
            h = m * h + (1 - m) * g * g
            step = g * np.sqrt((u + delta) / (h + delta))
            u = m * u + (1 - m) * step * step
            w -= lr * step
        else:
            v, h = m * v + (1 - m) * g, m2 * h + (1 - m2) * g * g
            w -= lr * np.sqrt(1 - m2**t) / (1 - m**t) * v / (np.sqrt(h) + delta)
    return w


@pytest.mark.parametrize("type", ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"])
def test_keras_steps_as_caffe_would(type: str) -> None:
    import keras

    text = f'base_lr: 0.1 type: "{type}" momentum: 0.9 momentum2: 0.99 rms_decay: 0.98 delta: 1e-6'
    params, _ = read_solver(text.encode())
    settings = dict(params["optimizer"])
    classes = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adadelta": "Adadelta", "adam": "Adam"}
    optimizer = getattr(keras.optimizers, classes[settings.pop("name")])(**settings)
    weight, grads = keras.Variable(1.0), [0.5, -0.2, 0.7, 0.1, -0.4]
    for gradient in grads:
        optimizer.apply([keras.ops.convert_to_tensor(np.float32(gradient))], [weight])
    assert float(weight.numpy()) == pytest.approx(_caffe_step(type, 1.0, grads, 0.1, 0.9, 0.99, 1e-6), abs=1e-4)
