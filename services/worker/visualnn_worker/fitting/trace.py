"""What a training said on its way, batch by batch and epoch by epoch, each with its time: for curves."""

import json
import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.schedule import Plateau, factor

from visualnn_worker.fitting.state import Position

MOST_BATCHES, MOST_EPOCHS = 1000, 2000
"""Points that are kept; of more, every second, fourth, ... one."""
RATE = "learning_rate"
_KEY = "trace/points"
Point = dict[str, float]


class Points:
    """Of any number of points, evenly, at most ``most`` (an even number) and the last one."""

    def __init__(self, most: int, given: Mapping[str, Any] | None = None) -> None:
        known = given or {"points": [], "every": 1, "seen": 0}
        self._most = most
        self._points: list[Point] = list(known["points"])
        self._every, self._seen = int(known["every"]), int(known["seen"])
        self._last: Point | None = known.get("last")

    def add(self, point: Point) -> None:
        """One more."""
        if self._seen % self._every == 0 and len(self._points) == self._most:
            self._points = self._points[::2]
            self._every *= 2
        if self._seen % self._every == 0:
            self._points.append(point)
            self._last = None
        else:
            self._last = point
        self._seen += 1

    @property
    def all(self) -> list[Point]:
        """In order."""
        return self._points if self._last is None else [*self._points, self._last]

    @property
    def state(self) -> dict[str, Any]:
        """As ``given``."""
        return {"points": self._points, "every": self._every, "seen": self._seen, "last": self._last}


class Trace(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes each batch and epoch; what it holds is part of every checkpoint, so that a resume goes on with it."""

    def __init__(
        self, params: TrainParams, per_epoch: int, start: Position, arrays: Mapping[str, NDArray[Any]]
    ) -> None:
        """``per_epoch``: batches of a whole epoch; ``arrays`` are those of the checkpoint that is gone on from."""
        super().__init__()
        known = json.loads(arrays[_KEY].tobytes()) if _KEY in arrays else {}
        self._batches = Points(MOST_BATCHES, known.get("batches"))
        self._epochs = Points(MOST_EPOCHS, known.get("epochs"))
        self._params = params
        self._per_epoch = per_epoch
        self._step = start.epoch * per_epoch + start.batches
        self._settled: float | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        if isinstance(self._params.schedule, Plateau):
            self._settled = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        rate, schedule = self._params.learning_rate or 0.0, self._params.schedule
        if schedule is None:
            return rate
        if isinstance(schedule, Plateau):
            return rate if self._settled is None else self._settled
        step = np.float64(max(self._step - 1, 0))
        return rate * float(factor(schedule, step, self._per_epoch, self._params.epochs, np))

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002 - Keras' signature
        self._step += 1
        self._batches.add(self._point(self._step / self._per_epoch, logs))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        self._step = (epoch + 1) * self._per_epoch
        self._epochs.add(self._point(epoch + 1, logs))

    def _point(self, epoch: float, logs: Mapping[str, float]) -> Point:
        values = {name: float(value) for name, value in logs.items() if math.isfinite(value)}
        return {"step": self._step, "epoch": round(epoch, 6), "time": round(time.time(), 3), **values, RATE: self.rate}

    @property
    def batches(self) -> list[Point]:
        """``step`` (from 1), ``epoch`` (2.5: half of the third is done), ``time``, and the values that Keras tells:
        means since the epoch's begin."""
        return self._batches.all

    @property
    def epochs(self) -> list[Point]:
        """The same of each epoch's end."""
        return self._epochs.all

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        state = {"batches": self._batches.state, "epochs": self._epochs.state}
        return {_KEY: np.frombuffer(json.dumps(state).encode(), np.uint8)}
