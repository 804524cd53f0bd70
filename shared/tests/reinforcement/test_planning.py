"""What a dqn job may be, and everything that is said of one that may not."""

from itertools import pairwise

import pytest
from pydantic import ValidationError
from visualnn_shared import zoo
from visualnn_shared.errors import Invalid, SpecInvalid
from visualnn_shared.reinforcement.environments import ENVIRONMENTS
from visualnn_shared.reinforcement.planning import plan_dqn
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import DqnParams

CARTPOLE = zoo.load("dqn-cartpole")


def net(inputs=(4,), units=2, dtype="float32", activation="linear") -> Spec:
    chain = [
        {"name": "in", "type": "Input", "params": {"shape": list(inputs), "dtype": dtype}},
        {"name": "fc", "type": "Dense", "params": {"units": 8, "activation": "relu"}},
        {"name": "values", "type": "Dense", "params": {"units": units, "activation": activation}},
    ]
    for before, after in pairwise(chain):
        after["inputs"] = [before["name"]]
    return read_spec({"visualnn": 1, "name": "net", "layers": chain, "outputs": ["values"]})


def plan(model=CARTPOLE, **params):
    return plan_dqn(model, DqnParams(**{"environment": "CartPole-v1", **params}))


def test_what_is_left_out_is_filled_in_and_told():
    planned = plan()
    optimizer = planned.params.optimizer
    assert (optimizer.name, optimizer.model_extra["global_clipnorm"]) == ("adam", 10.0)
    assert planned.chosen["learning_rate"]["value"] == planned.params.learning_rate == 0.0023
    assert (planned.stop_at, planned.chosen["stop_at"]["value"]) == (475.0, 475.0)
    assert planned.serving.classes == ("left", "right")
    assert planned.shape == planned.serving.inputs[0].shape == (4,)
    assert planned.recipe.optimizer == optimizer


def test_what_is_given_stays_and_is_not_told_as_chosen():
    rates = plan(optimizer={"name": "sgd", "clipnorm": 1.0}, learning_rate=0.1, stop_at=100.0)
    extra = rates.params.optimizer.model_extra
    assert (extra["learning_rate"], extra["clipnorm"], "global_clipnorm" in extra) == (0.1, 1.0, False)
    assert rates.chosen == {}
    assert plan(optimizer="rmsprop").params.learning_rate == 0.001
    assert plan(optimizer={"name": "adam", "learning_rate": 0.5}).params.learning_rate == 0.5
    assert plan(evaluate_every=None).stop_at is None
    assert "global_clipnorm" not in plan(gradient_norm=None).params.optimizer.model_extra


@pytest.mark.parametrize(
    ("model", "params", "places", "words"),
    [
        (zoo.load("mnist-dnn"), {}, {("input", "shape"), ("prob", None), ("prob", "activation")}, "[4]"),
        (net((4,), 3), {}, {("values", None)}, "left, right"),
        (net((4,), 2, activation="softmax"), {}, {("values", "activation")}, "must be linear"),
        (net((4,), 2, dtype="int32"), {}, {("in", "dtype")}, "real numbers"),
        (net((4,), 2), {"frame_stack": 2}, {("in", "shape")}, "2 frames"),
        (net((4,), 4), {"environment": "FrozenLake-v1"}, {("in", "shape")}, "16 numbers"),
        (zoo.load("two-input"), {}, {(None, None), ("prob", None), ("prob", "activation")}, "one input"),
    ],
)  # fmt: skip
def test_a_net_that_does_not_suit_the_environment_is_refused_in_every_place(model, params, places, words):
    with pytest.raises(Invalid) as raised:
        plan(model, **params)
    problems = raised.value.problems
    assert {(one.where.layer, one.where.param) for one in problems} == places
    assert all(one.where.field == "model" for one in problems)
    assert words in " ".join(f"{one.rule} {one.hint}" for one in problems)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"epsilon_start": 0.1, "epsilon_final": 0.2}, "epsilon_final"),
        ({"batch_size": 100, "replay_size": 99}, "batch_size"),
        ({"steps": 1000, "learning_starts": 1000}, "learning_starts"),
        ({"parallel": 3}, "train_every"),
        ({"evaluate_every": 100}, "evaluate_every"),
        ({"evaluate_every": None, "stop_at": 10.0}, "stop_at"),
        ({"replay_size": 10_000_000, "frame_stack": 64}, "replay_size"),
        ({"target_every": 100}, "target_every"),
        ({"optimizer": "lbfgs"}, "optimizer"),
        ({"optimizer": {"name": "adam", "use_ema": True}}, "optimizer.use_ema"),
        ({"optimizer": {"name": "adam", "beta": 1}}, "optimizer.beta"),
    ],
)
def test_counts_that_contradict_each_other_are_refused(params, field):
    with pytest.raises(Invalid) as raised:
        plan(**params)
    assert f"params.{field}" in [one.where.field for one in raised.value.problems]


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(Invalid) as raised:
        plan(net((5,), 3), parallel=3, epsilon_start=0.0)
    assert len(raised.value.problems) == 5


def test_params_are_read_strictly():
    for wrong in ({"environment": "Pong-v5"}, {"steps": "5"}, {"discount": 1.5}, {"epochs": 3}, {"loss": "mae"}):
        with pytest.raises(ValidationError):
            DqnParams(**{"environment": "CartPole-v1", **wrong})


def test_a_broken_net_is_said_to_be_broken():
    with pytest.raises(SpecInvalid):
        plan(CARTPOLE.model_copy(update={"outputs": ("nobody",)}))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_net_of_the_shapes_that_an_environment_tells_suits_it(name):
    one = ENVIRONMENTS[name]
    planned = plan(net(one.seen(2), len(one.actions)), environment=name, frame_stack=2)
    assert planned.serving.classes == one.actions
