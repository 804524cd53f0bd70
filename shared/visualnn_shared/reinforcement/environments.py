"""The environments of gymnasium that a dqn job may learn in, as data: nothing but a worker needs gymnasium itself.

Those of its classic control and toy text families that have a finite number of actions. A test holds every line against
gymnasium.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Literal

EnvironmentName = Literal[
    "CartPole-v1", "MountainCar-v0", "Acrobot-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "CliffWalking-v1",
    "CliffWalkingSlippery-v1", "Taxi-v4", "Blackjack-v1",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Environment:
    """What an agent sees and does there.

    ``shape`` is that of an observation of real numbers (gymnasium's Box). Where observations are states that are
    counted (Discrete, or a tuple of them) ``states`` has how many there are of each, and a network sees a row with a 1
    at each one's place.
    """

    title: str
    actions: tuple[str, ...]
    """Their names by number."""
    limit: int
    """Decisions after which an episode is cut off; gymnasium's own where it has one."""
    shape: tuple[int, ...] = ()
    states: tuple[int, ...] = ()
    solved: float | None = None
    """The mean return at which it counts as solved (gymnasium's reward_threshold)."""

    @property
    def raw(self) -> int:
        """Numbers of one observation as gymnasium gives it."""
        return len(self.states) or prod(self.shape)

    def seen(self, frame_stack: int = 1) -> tuple[int, ...]:
        """The shape that a network sees: the newest frames one after the other along the last axis."""
        one = (sum(self.states),) if self.states else self.shape
        return (*one[:-1], one[-1] * frame_stack)


_WAYS = ("left", "down", "right", "up")
_COMPASS = ("up", "right", "down", "left")

ENVIRONMENTS: Mapping[EnvironmentName, Environment] = MappingProxyType({
    "CartPole-v1": Environment("Cart and pole", ("left", "right"), 500, shape=(4,), solved=475.0),
    "MountainCar-v0": Environment("Car in a valley", ("left", "none", "right"), 200, shape=(2,), solved=-110.0),
    "Acrobot-v1": Environment("Acrobot", ("-1", "0", "+1"), 500, shape=(6,), solved=-100.0),
    "FrozenLake-v1": Environment("Frozen lake, 4 x 4", _WAYS, 100, states=(16,), solved=0.7),
    "FrozenLake8x8-v1": Environment("Frozen lake, 8 x 8", _WAYS, 200, states=(64,), solved=0.85),
    "CliffWalking-v1": Environment("Along a cliff", _COMPASS, 200, states=(48,)),
    "CliffWalkingSlippery-v1": Environment("Along a slippery cliff", _COMPASS, 200, states=(48,)),
    "Taxi-v4": Environment(
        "Taxi", ("south", "north", "east", "west", "pick up", "drop off"), 200, states=(500,), solved=8.0
    ),
    "Blackjack-v1": Environment("Blackjack", ("stick", "hit"), 100, states=(32, 11, 2)),
})  # fmt: skip
"""Every environment, by gymnasium's name."""
