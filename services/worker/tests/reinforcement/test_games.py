"""Environments as games: the table against gymnasium itself, seeds, frames, and going on from a checkpoint."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, Tuple
from visualnn_shared.reinforcement.environments import ENVIRONMENTS
from visualnn_shared.reinforcement.planning import DqnPlan, plan_dqn
from visualnn_shared.training.recipe import DqnParams
from visualnn_worker.reinforcement.games import Game, seen

from services.worker.tests.desk import small_spec


def plan_for(name: str, **params) -> DqnPlan:
    one = ENVIRONMENTS[name]
    shape = list(one.seen(params.get("frame_stack", 1)))
    spec = small_spec({"name": "fc", "type": "Dense", "params": {"units": 4}}, inputs=shape)
    values = spec.layers[-1].model_copy(update={"params": {"units": len(one.actions)}})
    spec = spec.model_copy(update={"layers": (*spec.layers[:-1], values)})
    return plan_dqn(spec, DqnParams(environment=name, **params))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_table_says_of_an_environment_what_gymnasium_does(name):
    ours, theirs = ENVIRONMENTS[name], gymnasium.make(name)
    space = theirs.observation_space
    if isinstance(space, Box):
        assert (ours.shape, ours.states) == (space.shape, ())
    else:
        parts = space.spaces if isinstance(space, Tuple) else (space,)
        assert all(isinstance(part, Discrete) and part.start == 0 for part in parts)
        assert (ours.shape, ours.states) == ((), tuple(int(part.n) for part in parts))
    assert isinstance(theirs.action_space, Discrete)
    assert len(ours.actions) == theirs.action_space.n
    assert ours.solved == theirs.spec.reward_threshold
    assert theirs.spec.max_episode_steps in (None, ours.limit)
    assert not theirs.spec.nondeterministic
    theirs.close()


def test_every_environment_of_these_families_with_countable_actions_is_in_the_table():
    families = ("gymnasium.envs.classic_control", "gymnasium.envs.toy_text")
    for name, spec in gymnasium.registry.items():
        newest = gymnasium.envs.registration.find_highest_version(spec.namespace, spec.name) == spec.version
        if newest and str(spec.entry_point).startswith(families):
            countable = isinstance(gymnasium.make(name).action_space, Discrete)
            assert (name in ENVIRONMENTS) == countable, name


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_same_episode_and_the_same_actions_lead_to_the_same_place(name):
    plan = plan_for(name, frame_stack=3, frame_skip=2, seed=5)
    one, other = Game(plan, 0), Game(plan, 0)
    one.begin(7)
    rng = np.random.default_rng(3)
    for _ in range(10):
        moved = one.step(int(rng.integers(len(plan.environment.actions))))
        if moved.ended or moved.cut:
            break
    other.begin(2)
    other.go_on(7, list(one.actions))
    assert np.array_equal(one.raw, other.raw)
    assert (one.total, one.actions, one.episode) == (other.total, other.actions, other.episode)


def test_seeds_purposes_and_episodes_begin_elsewhere():
    begun = set()
    for seed, purpose, episode in [(0, 0, 1), (1, 0, 1), (0, 1, 1), (0, 0, 2)]:
        game = Game(plan_for("CartPole-v1", seed=seed), purpose)
        game.begin(episode)
        begun.add(game.raw.tobytes())
    assert len(begun) == 4


def test_an_action_is_repeated_its_rewards_are_summed_and_a_limit_is_no_end():
    game = Game(plan_for("MountainCar-v0", frame_skip=4), 0)
    game.begin(1)
    moves = [game.step(1)]
    while not (moves[-1].ended or moves[-1].cut):
        moves.append(game.step(1))
    assert [move.reward for move in moves] == [-4.0] * 50  # 200 frames
    assert (moves[-1].ended, moves[-1].cut, game.total) == (False, True, -200.0)


def test_frames_are_seen_one_after_the_other_the_oldest_first():
    game = Game(plan_for("CartPole-v1", frame_stack=2), 0)
    game.begin(1)
    first = game.raw[4:].copy()
    assert np.array_equal(game.raw[:4], first)
    game.step(0)
    assert np.array_equal(game.raw[:4], first)
    assert not np.array_equal(game.raw[4:], first)
    assert np.array_equal(seen(game.plan, game.raw[None])[0], game.raw)


@pytest.mark.parametrize(
    ("name", "stack", "raw", "ones"),
    [
        ("FrozenLake-v1", 1, [5], [5]),
        ("FrozenLake-v1", 2, [5, 0], [5, 16]),
        ("Blackjack-v1", 1, [14, 10, 1], [14, 32 + 10, 43 + 1]),
        ("Blackjack-v1", 2, [0, 1, 0, 31, 10, 1], [0, 33, 43, 45 + 31, 45 + 42, 45 + 44]),
    ],
)
def test_states_are_seen_as_rows_of_0_and_1(name, stack, raw, ones):
    row = seen(plan_for(name, frame_stack=stack), np.array([raw], np.float32))
    assert np.flatnonzero(row[0]).tolist() == ones
    assert row.sum() == len(ones)
