"""The training itself: Keras' own ``fit``, going on from a position so that its end is bit for bit that of one run."""

from dataclasses import dataclass
from typing import Any

import keras
from visualnn_shared.training.recipe import TrainParams

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting import state
from visualnn_worker.fitting.batches import Batches, Epochs
from visualnn_worker.fitting.checkpoints import Checkpoints
from visualnn_worker.fitting.reporting import Reporter
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.network.build import Network

History = list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Training:
    """A compiled net and what it learns from."""

    network: Network
    params: TrainParams
    train: Samples
    validation: Samples | None

    def epochs(self, first: int = 0) -> Epochs:
        """The training samples, in each epoch's order, from batch ``first`` on."""
        seed = self.params.seed if self.params.shuffle else None
        return Epochs(self.network, self.train, self.params.batch_size, seed, first)


def fit(
    training: Training,
    channel: Channel,
    checkpoints: Checkpoints,
    resume: tuple[state.Arrays, state.Position] | None = None,
) -> History:
    """Train to the last epoch; its history, that of ``resume`` included. Raises ``NotFinite``."""
    arrays, position = resume or ({}, state.Position())
    epochs = training.params.epochs
    reporter = Reporter(channel, checkpoints, epochs, training.epochs().per_epoch, position)
    if resume:
        state.restore(training.network.model, arrays, ("model", "optimizer"))
    first = position.epoch
    if position.batches:
        _finish_epoch(training, reporter, position, arrays)
        first += 1
    if first < epochs:
        _fit(training, range(first, epochs), 0, [reporter])
    checkpoints.finish()
    return reporter.history


def _finish_epoch(training: Training, reporter: Reporter, position: state.Position, arrays: state.Arrays) -> None:
    """The rest of an epoch whose first batches an earlier attempt did, its running metrics included."""
    callbacks = [_Metrics(arrays), reporter]
    _fit(training, range(position.epoch, position.epoch + 1), position.batches, callbacks)


class _Metrics(keras.callbacks.Callback):  # type: ignore[misc]
    """Puts running metrics back after ``fit`` has reset them."""

    def __init__(self, arrays: state.Arrays) -> None:
        super().__init__()
        self._arrays = arrays

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        state.restore(self.model, self._arrays, ("metrics",))


def _fit(training: Training, epochs: range, skip: int, callbacks: list[keras.callbacks.Callback]) -> None:
    """Run these epochs, the first of them (and then only one) without its first ``skip`` batches."""
    params, validation = training.params, training.validation
    whole = training.epochs().per_epoch
    training.network.model.fit(
        training.epochs(epochs.start * whole + skip),
        steps_per_epoch=whole - skip,
        epochs=epochs.stop,
        initial_epoch=epochs.start,
        verbose=0,
        shuffle=False,  # the order is ours
        callbacks=callbacks,
        validation_data=Batches(training.network, validation, params.batch_size) if validation else None,
    )
