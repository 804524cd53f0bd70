"""What a training says while it runs: batches (twice a second), epochs, how far it is, and a loss that is no number."""

import math
import resource
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

import keras
from numpy.typing import NDArray

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting.checkpoints import Checkpoints
from visualnn_worker.fitting.state import Position
from visualnn_worker.fitting.stopping import Best
from visualnn_worker.fitting.trace import Trace

SAY_S = 0.5
_LOSSES = 200
EPOCHS_AT_ONCE, EPOCHS_PER_S = 500, 20
"""So many epoch events at once, and so many a second after that; history.json has all."""


class HasArrays(Protocol):
    """State of a training that is not the model's."""

    @property
    def arrays(self) -> dict[str, NDArray[Any]]: ...


class NotFinite(ArithmeticError):  # noqa: N818 - says what happened to the loss
    """The loss became NaN or infinite. ``epoch`` and ``batch`` count from 1; ``losses`` are the last ones before."""

    def __init__(self, epoch: int, batch: int, loss: float, losses: Sequence[float] = ()) -> None:
        super().__init__(f"the loss must be a finite number; received {loss} in epoch {epoch}, batch {batch}")
        self.losses = tuple(losses)
        self.cause: str | None = None
        self.next_step: str | None = None
        self.epoch = epoch
        self.batch = batch
        self.loss = loss


class Reporter(keras.callbacks.Callback):  # type: ignore[misc]
    """Follows one ``fit``; the same object may follow the next one too."""

    def __init__(
        self, channel: Channel, checkpoints: Checkpoints, epochs: int, batches: int, start: Position, best: Best
    ) -> None:
        """``batches``: of a whole epoch; ``best`` is told of each epoch before this."""
        super().__init__()
        self.history = list(start.history)
        self._channel = channel
        self._checkpoints = checkpoints
        self._best = best
        self._epochs = epochs
        self._batches = batches
        self._at_start = start.epoch * batches + start.batches
        self._done = self._at_start
        self._skip = start.batches
        self._losses: deque[float] = deque(maxlen=_LOSSES)
        self._allowance = float(EPOCHS_AT_ONCE)
        self._allowed_at = time.monotonic()
        self._first_done = self._epoch_began = time.monotonic()
        self._said = 0.0
        self._epoch = start.epoch
        self.more: list[HasArrays] = []
        """Others whose state a checkpoint holds."""
        self.trace: Trace | None = None
        """Told of each batch before this; knows the learning rate."""
        self.samples = 0
        """Of an epoch, to tell the speed."""
        self.devices = 1
        """Among how many batches are shared out."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        self._epoch = epoch
        self._epoch_began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        number = batch + self._skip + 1
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise NotFinite(self._epoch + 1, number, loss, self._losses)
        self._losses.append(loss)
        self._done += 1
        now = time.monotonic()
        if self._done == self._at_start + 1:
            self._first_done = now
        if now - self._said >= SAY_S:
            self._said = now
            self._say(number, {name: float(value) for name, value in logs.items()}, now)
        self._checkpoints.hold()
        if number < self._batches and self._checkpoints.due():
            self._checkpoint(Position(self._epoch, number, list(self.history), self.devices))

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        metrics = {name: float(value) for name, value in logs.items()}
        self._skip = 0
        self.history.append({"epoch": epoch + 1, **metrics})
        now = time.monotonic()
        if self._may_say_epoch(now) or epoch + 1 == self._epochs or self._best.stops:
            seconds = round(now - self._epoch_began, 3)
            rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            data = {"epoch": epoch + 1, "epochs": self._epochs, "metrics": metrics, "learning_rate": rate,
                    "seconds": seconds, "samples_per_s": self._speed(seconds), "memory_mb": _memory_mb(),
                    "devices": self.devices}  # fmt: skip
            self._channel.event("epoch", data, **self._row({"epoch": epoch + 1, **metrics}, now))
        if epoch + 1 < self._epochs and self._checkpoints.due():
            self._checkpoint(Position(epoch + 1, 0, list(self.history), self.devices))

    def _checkpoint(self, position: Position) -> None:
        best = self._best.epoch if self._best.arrays else None
        self._checkpoints.take(self.model, position, self._arrays(), best)

    def _speed(self, seconds: float) -> float | None:
        """Training samples a second in this epoch, those that were done before a resume left out."""
        return round(self.samples / seconds, 1) if self.samples and seconds > 0 else None

    def _arrays(self) -> dict[str, Any]:
        """What a checkpoint holds besides the model's own state."""
        return {name: array for one in (self._best, *self.more) for name, array in one.arrays.items()}

    def _may_say_epoch(self, now: float) -> bool:
        """Every epoch for a while; of a hundred thousand tiny ones, some."""
        self._allowance = min(self._allowance + (now - self._allowed_at) * EPOCHS_PER_S, EPOCHS_AT_ONCE)
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _say(self, batch: int, metrics: dict[str, float], now: float) -> None:
        row = self._row({"epoch": self._epoch + 1, **metrics}, now)
        data = {"epoch": self._epoch + 1, "batch": batch, "batches": self._batches, "metrics": metrics,
                **({"learning_rate": self.trace.rate} if self.trace else {})}  # fmt: skip
        self._channel.event("batch", {**data, "progress": row["progress"], "eta_s": row["eta_s"]}, **row)

    def _row(self, metrics: dict[str, float], now: float) -> dict[str, Any]:
        """Progress, seconds left and the latest metrics. The first batch is slow and not counted."""
        total = self._epochs * self._batches
        timed = self._done - self._at_start - 1
        eta = (now - self._first_done) / timed * (total - self._done) if timed > 0 else None
        return {
            "progress": round(self._done / total, 6),
            "eta_s": None if eta is None else round(eta, 1),
            "metrics": metrics,
        }


def _memory_mb() -> float:
    """The most memory that this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
