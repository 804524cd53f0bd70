"""Experience replay: the newest transitions, drawn from evenly (Lin 1992; Mnih et al. 2015)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.reinforcement.planning import DqnPlan

from visualnn_worker.reinforcement.games import Raw, seen

Arrays = dict[str, NDArray[Any]]
_PREFIX = "replay/"


class Replay:
    """A ring of transitions, observations as gymnasium gives them; ``added`` counts all that ever came in."""

    def __init__(self, plan: DqnPlan) -> None:
        self._plan = plan
        size, width = plan.params.replay_size, plan.environment.raw * plan.params.frame_stack
        self._size = size
        self._rows: Arrays = {
            "before": np.zeros((size, width), np.float32),
            "after": np.zeros((size, width), np.float32),
            "action": np.zeros(size, np.int32),
            "reward": np.zeros(size, np.float32),
            "ended": np.zeros(size, np.float32),
        }
        self.added = 0

    def __len__(self) -> int:
        return min(self.added, self._size)

    def add(self, before: Raw, action: int, reward: float, after: Raw, ended: bool) -> None:
        """One transition; ``ended`` means that nothing can be gained after it."""
        place = self.added % self._size
        rows = {"before": before, "after": after, "action": action, "reward": reward, "ended": ended}
        for name, value in rows.items():
            self._rows[name][place] = value
        self.added += 1

    def draw(self, rng: np.random.Generator, batches: int, size: int) -> Arrays:
        """Batches of transitions, with replacement, arrays of (batches, size, ...): observation and next as a network
        sees them, action, reward, ended."""
        which = rng.integers(len(self), size=batches * size)
        rows = {name: array[which] for name, array in self._rows.items()}
        drawn = {
            "observation": seen(self._plan, rows["before"]), "next": seen(self._plan, rows["after"]),
            "action": rows["action"], "reward": rows["reward"], "ended": rows["ended"],
        }  # fmt: skip
        return {name: array.reshape(batches, size, *array.shape[1:]) for name, array in drawn.items()}

    @property
    def arrays(self) -> Arrays:
        """Copies for a checkpoint."""
        held = {f"{_PREFIX}{name}": array[: len(self)].copy() for name, array in self._rows.items()}
        return held | {f"{_PREFIX}added": np.array([self.added], np.int64)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what ``arrays`` was."""
        self.added = int(arrays[f"{_PREFIX}added"][0])
        for name, array in self._rows.items():
            array[: len(self)] = arrays[f"{_PREFIX}{name}"]
