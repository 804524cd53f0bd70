"""Games: one environment of gymnasium each, played an episode after the other, each with a seed of its own.

An environment's state is its episode's number and the actions so far: the same seed and the same actions lead to the
same state. That is what a checkpoint holds, and nothing has to be pickled.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.reinforcement.planning import DqnPlan

Raw = NDArray[np.float32]
"""Observations as gymnasium gives them, the stacked frames one after the other, the newest last."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a step led to."""

    reward: float
    ended: bool
    """The game says that it is over: nothing comes after."""
    cut: bool
    """The episode is only cut off by its limit: something would have come."""


@dataclass(slots=True)
class Game:
    """One environment. ``seed`` and ``purpose`` say which episodes are played in it."""

    plan: DqnPlan
    purpose: int
    episode: int = 0
    actions: list[int] = field(default_factory=list)
    """Of the episode so far."""
    total: float = 0.0
    """The return of the episode so far."""
    _env: Any = None
    _frames: deque[Raw] = field(default_factory=deque)

    def begin(self, episode: int) -> None:
        """Start the episode of this number."""
        if self._env is None:
            self._env = _make(self.plan)
        seed = np.random.SeedSequence((self.plan.params.seed, self.purpose, episode)).generate_state(1)[0]
        observation, _info = self._env.reset(seed=int(seed))
        self.episode, self.total = episode, 0.0
        self.actions.clear()
        stack = self.plan.params.frame_stack
        self._frames = deque([_flat(observation)] * stack, maxlen=stack)

    def go_on(self, episode: int, actions: list[int]) -> None:
        """Start the episode, and do what was done."""
        self.begin(episode)
        for action in actions:
            self.step(action)

    def step(self, action: int) -> Moved:
        """Do it, ``frame_skip`` times."""
        self.actions.append(action)
        reward, ended, cut = 0.0, False, False
        for _ in range(self.plan.params.frame_skip):
            observation, gained, ended, cut, _info = self._env.step(action)
            reward += float(gained)
            if ended or cut:
                break
        self._frames.append(_flat(observation))
        self.total += reward
        return Moved(reward, bool(ended), bool(cut))

    @property
    def raw(self) -> Raw:
        """What is seen now."""
        return np.concatenate(self._frames) if len(self._frames) > 1 else self._frames[0]

    def close(self) -> None:
        if self._env is not None:
            self._env.close()
            self._env = None


def _make(plan: DqnPlan) -> Any:
    import gymnasium

    limit = plan.environment.limit
    return gymnasium.make(plan.params.environment, max_episode_steps=limit, disable_env_checker=True)


def _flat(observation: Any) -> Raw:
    return np.atleast_1d(np.asarray(observation, np.float32)).ravel()


def seen(plan: DqnPlan, raw: Raw) -> NDArray[np.float32]:
    """Observations (n, raw numbers) as the network sees them, (n, *shape): states as rows of 0 and 1."""
    environment, stack = plan.environment, plan.params.frame_stack
    if environment.states:
        starts = np.cumsum((0, *environment.states[:-1]))
        width = sum(environment.states)
        places = raw.reshape(len(raw), stack, -1).astype(np.int64) + starts + width * np.arange(stack)[:, None]
        rows = np.zeros((len(raw), width * stack), np.float32)
        np.put_along_axis(rows, places.reshape(len(raw), -1), 1.0, axis=1)
        return rows
    if stack == 1:
        return raw.reshape(-1, *plan.shape)
    frames = raw.reshape(len(raw), stack, *environment.shape)
    return np.concatenate([frames[:, place] for place in range(stack)], axis=-1)
