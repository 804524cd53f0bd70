"""What a deep Q-learning tells while it runs, and keeps: every episode, or of very many every second, fourth, ..."""

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from visualnn_shared.reinforcement.planning import DqnPlan

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.checkpoints import Checkpoints
from visualnn_worker.fitting.reporting import EPOCHS_AT_ONCE, EPOCHS_PER_S, NotFinite
from visualnn_worker.fitting.state import Position
from visualnn_worker.reinforcement.replay import Arrays
from visualnn_worker.reinforcement.training import DqnTraining, Episode, Evaluation

OVER = 100
"""Episodes of a moving mean, as in gymnasium's own thresholds."""
MOST = 20_000
"""Episodes that are kept."""
COLUMNS = ("episode", "step", "return", "mean_return", "length", "epsilon", "loss")
EVALUATED = ("step", "mean", "least", "most")
_ROWS, _LAST, _CHECKED, _EVERY = (f"history/{name}" for name in ("rows", "last", "evaluations", "every"))


class LossNotFinite(NotFinite):
    """The loss of gradient steps became NaN or infinite."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(0, step, loss)
        self.args = (f"the loss must be a finite number; received {loss} at step {step}",)
        self.next_step = "Lower the learning rate or gradient_norm, then submit a new job."


class History:
    """Listens to a training; ``channel`` and ``checkpoints`` hear of it."""

    def __init__(self, plan: DqnPlan, channel: Channel, checkpoints: Checkpoints) -> None:
        self._plan = plan
        self._channel = channel
        self._checkpoints = checkpoints
        self.rows: list[tuple[float, ...]] = []
        self.evaluations: list[tuple[float, ...]] = []
        self._last: deque[float] = deque(maxlen=OVER)
        self._every = 1
        self._began: tuple[float, int] | None = None
        self._allowance, self._allowed_at = float(EPOCHS_AT_ONCE), time.monotonic()

    def episode(self, episode: Episode) -> None:
        self._last.append(episode.gained)
        mean = sum(self._last) / len(self._last)
        loss = math.nan if episode.loss is None else episode.loss
        row = (episode.number, episode.step, episode.gained, mean, episode.length, episode.epsilon, loss)
        if episode.number % self._every == 0:
            self.rows.append(row)
        if len(self.rows) > MOST:
            self.rows, self._every = self.rows[1::2], self._every * 2
        if not self._may_say():
            return
        metrics = {"return": episode.gained, "mean_return": mean, "epsilon": episode.epsilon}
        if episode.loss is not None:
            metrics["loss"] = episode.loss
        self._say(episode.step, metrics)

    def evaluation(self, evaluation: Evaluation) -> None:
        self.evaluations.append((evaluation.step, evaluation.mean, evaluation.least, evaluation.most))
        self._say(evaluation.step, {"greedy_return": evaluation.mean})

    def round(self, training: DqnTraining) -> None:
        """Raises ``LossNotFinite``, and what went wrong with a checkpoint."""
        if training.at.loss is not None and not math.isfinite(training.at.loss):
            raise LossNotFinite(training.at.steps, training.at.loss)
        if self._checkpoints.due():
            position = Position(history=[asdict(training.at)])
            self._checkpoints.take(training.learner, position, {**training.arrays, **self.arrays})

    @property
    def arrays(self) -> Arrays:
        """For a checkpoint."""
        return {
            _ROWS: np.array(self.rows, np.float64).reshape(-1, len(COLUMNS)),
            _LAST: np.array(self._last, np.float64),
            _CHECKED: np.array(self.evaluations, np.float64).reshape(-1, len(EVALUATED)),
            _EVERY: np.array([self._every], np.int64),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over what ``arrays`` was."""
        self.rows = [tuple(row) for row in arrays[_ROWS].tolist()]
        self.evaluations = [tuple(row) for row in arrays[_CHECKED].tolist()]
        self._last.extend(arrays[_LAST].tolist())
        self._every = int(arrays[_EVERY][0])

    def as_json(self) -> dict[str, Any]:
        """``returns.json``: {"episodes": {column: values}, "evaluations": {...}, "every", "moving_mean_over"}."""
        episodes = {name: [_plain(row[at]) for row in self.rows] for at, name in enumerate(COLUMNS)}
        checked = {name: [row[at] for row in self.evaluations] for at, name in enumerate(EVALUATED)}
        return {"episodes": episodes, "evaluations": checked, "every": self._every, "moving_mean_over": OVER}

    def _say(self, step: int, metrics: dict[str, float]) -> None:
        now, whole = time.monotonic(), self._plan.params.steps
        if self._began is None:
            self._began = now, step
        began, first = self._began
        eta = round((now - began) * (whole - step) / (step - first), 1) if step > first else None
        progress = round(min(step / whole, 1.0), 6)
        data = {"step": step, "steps": whole, "metrics": metrics, "progress": progress, "eta_s": eta}
        self._channel.event("episode", data, progress=progress, eta_s=eta, metrics=metrics)

    def _may_say(self) -> bool:
        """Every episode for a while; of a hundred thousand short ones, some."""
        now = time.monotonic()
        self._allowance = min(self._allowance + (now - self._allowed_at) * EPOCHS_PER_S, EPOCHS_AT_ONCE)
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
