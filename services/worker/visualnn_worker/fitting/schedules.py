"""The learning rate of a training: one number, or one that follows a schedule."""

from typing import Any

import keras
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.schedule import Plateau, Schedule, factor
from visualnn_shared.training.stopping import Watch, watched

from visualnn_worker.fitting.losses import is_own

History = list[dict[str, float]]


class Scheduled(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that a schedule's factor multiplies; a function of the optimizer's count of steps alone."""

    def __init__(self, rate: float, schedule: Schedule, per_epoch: int, epochs: int) -> None:
        super().__init__()
        self._rate = rate
        self._schedule = schedule
        self._per_epoch = per_epoch
        self._epochs = epochs

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        return self._rate * factor(self._schedule, step, self._per_epoch, self._epochs, keras.ops)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self._rate, "schedule": self._schedule.model_dump(), "per_epoch": self._per_epoch,
                "epochs": self._epochs}  # fmt: skip


def rate_of(params: TrainParams, per_epoch: int) -> Any:
    """What an optimizer takes as its learning rate where there is a schedule. ``params`` are those of a plan."""
    assert params.learning_rate is not None  # a plan has one
    if params.schedule is None or isinstance(params.schedule, Plateau):
        return params.learning_rate
    return Scheduled(params.learning_rate, params.schedule, per_epoch, params.epochs)


def settle(model: keras.Model) -> None:
    """Leave a trained model the last rate of its schedule in Keras' own terms, and no loss that Keras has not: its file
    then names no class of ours but layers."""
    optimizer = model.optimizer
    losses = model.loss if isinstance(model.loss, list) else [model.loss]
    if any(is_own(loss) for loss in losses):
        model.compile(optimizer, loss=None)
    if isinstance(optimizer._learning_rate, Scheduled):
        optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(float(optimizer.learning_rate), 1, 1.0)


class LowerOnPlateau(keras.callbacks.Callback):  # type: ignore[misc]
    """Lowers the optimizer's learning rate, which is part of every checkpoint, where a metric gets no better."""

    def __init__(self, plateau: Plateau, validates: bool, history: History) -> None:
        super().__init__()
        self._plateau = plateau
        self._watch = Watch(watched(plateau.monitor, validates), plateau.min_delta)
        for epoch in history:
            self._lowers(epoch)

    def _lowers(self, metrics: dict[str, float]) -> bool:
        self._watch.tell(metrics)
        if self._watch.waited < self._plateau.patience:
            return False
        self._watch.waited = 0
        return True

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:  # noqa: ARG002 - Keras' signature
        if self._lowers(logs):
            rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = max(rate * self._plateau.factor, self._plateau.least)
