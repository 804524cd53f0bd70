"""The training itself: Keras' own ``fit``, going on from a position so that its end is bit for bit that of one run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from visualnn_shared.training.full_batch import takes_all
from visualnn_shared.training.recipe import Optimizer, TrainParams
from visualnn_shared.training.schedule import Plateau

from visualnn_worker.child.channel import Channel
from visualnn_worker.fitting import state
from visualnn_worker.fitting.augmenting import Augmentation
from visualnn_worker.fitting.averaging import MeasureAverages, averages, held, settle_averages
from visualnn_worker.fitting.batches import Batches, Epochs
from visualnn_worker.fitting.checkpoints import Checkpoints
from visualnn_worker.fitting.full_batch import FullBatch, measured
from visualnn_worker.fitting.naming import Renamed
from visualnn_worker.fitting.reporting import Reporter
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.fitting.schedules import LowerOnPlateau
from visualnn_worker.fitting.snapshots import Snapshots
from visualnn_worker.fitting.stopping import Best
from visualnn_worker.fitting.trace import Trace
from visualnn_worker.network.build import Network
from visualnn_worker.network.safetensors import Tensors

History = list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class Training:
    """A compiled net and what it learns from."""

    network: Network
    params: TrainParams
    train: Samples
    validation: Samples | None
    class_weights: Mapping[str, NDArray[np.float32]] | None = None
    """Output -> what a sample counts in its loss, by its class."""
    augmentation: Augmentation | None = None

    def epochs(self, first: int = 0) -> Epochs:
        """The training samples, in each epoch's order, from batch ``first`` on."""
        seed = self.params.seed if self.params.shuffle else None
        return Epochs(
            self.network, self.train, self.params.batch_size, seed, first, self.class_weights, self.augmentation
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a training came to; the net has the weights of the epoch that ``keep`` says."""

    history: History
    """Every epoch, those before a resume included."""
    kept: dict[str, float]
    """The entry of the epoch that was kept."""
    snapshots: dict[int, Tensors]
    """The weights after each epoch that ``snapshots`` names."""
    trace: Trace


def fit(
    training: Training,
    channel: Channel,
    checkpoints: Checkpoints,
    resume: tuple[state.Arrays, state.Position] | None = None,
    beside: Sequence[keras.callbacks.Callback] = (),
    devices: int = 1,
) -> Fitted:
    """Train to the last epoch, or to where it gets no better.

    ``beside`` are callbacks that change nothing; ``devices``: among how many batches are shared out, to tell it.
    Raises ``NotFinite``.
    """
    arrays, position = resume or ({}, state.Position())
    params, epochs = training.params, training.params.epochs
    validates = training.validation is not None
    best = Best(params, validates, position.history, arrays)
    per_epoch = 1 if takes_all(params) else training.epochs().per_epoch
    reporter = Reporter(channel, checkpoints, epochs, per_epoch, position, best)
    reporter.samples, reporter.devices = len(training.train), devices
    snapshots = Snapshots(training.network, params.snapshots, arrays)
    trace = reporter.trace = Trace(params, per_epoch, position, arrays)
    reporter.more += [snapshots, trace]
    callbacks = [best, snapshots, trace, reporter]  # a checkpoint at an epoch's end holds what the epoch changed
    if isinstance(params.schedule, Plateau):
        callbacks.insert(0, LowerOnPlateau(params.schedule, validates, position.history))
    if resume:
        state.restore(training.network.model, arrays, ("model", "optimizer"))
    first = position.epoch
    if position.batches:
        _finish_epoch(training, callbacks, position, arrays, beside)
        first += 1
    if takes_all(params):
        _descend(training, range(first, epochs), arrays, callbacks, channel)
    elif first < epochs and not best.stops:
        _fit(training, range(first, epochs), 0, callbacks, beside)
    checkpoints.finish()
    if best.stops:
        channel.log(f"stopped after epoch {len(reporter.history)} of {epochs}: {best.monitor} got no better")
    settle_averages(training.network.model)
    if params.keep != "best":
        return Fitted(reporter.history, reporter.history[-1], snapshots.tensors(), trace)
    best.restore(training.network.model)
    channel.log(f"kept the weights of epoch {best.epoch}, the best by {best.monitor}")
    return Fitted(reporter.history, reporter.history[best.epoch - 1], snapshots.tensors(), trace)


def _descend(
    training: Training, epochs: range, arrays: state.Arrays, callbacks: list[keras.callbacks.Callback], channel: Channel
) -> None:
    """Steps over all samples at once, until an end or the last epoch."""
    network, params, model = training.network, training.params, training.network.model
    assert isinstance(params.optimizer, Optimizer)
    full = FullBatch(network, training.epochs(), params.optimizer, arrays)
    train = Batches(network, training.train, params.batch_size)
    validation = Batches(network, training.validation, params.batch_size) if training.validation else None
    model.stop_training = False
    for callback in callbacks:
        callback.set_model(model)
        if isinstance(callback, Reporter):
            callback.more.append(full)
    for epoch in epochs:
        for callback in callbacks:
            callback.on_epoch_begin(epoch)
        loss, ended = full.step()
        logs = measured(network, train, validation)
        for callback in callbacks:
            callback.on_train_batch_end(0, {**logs, "loss": loss})
        for callback in callbacks:
            callback.on_epoch_end(epoch, {**logs, "loss": loss})
        if ended:
            channel.log(f"stopped after epoch {epoch + 1}: the loss gets no smaller")
        if ended or model.stop_training:
            return


def _finish_epoch(
    training: Training, callbacks: list[keras.callbacks.Callback], position: state.Position, arrays: state.Arrays,
    beside: Sequence[keras.callbacks.Callback],
) -> None:  # fmt: skip
    """The rest of an epoch whose first batches an earlier attempt did, its running metrics included."""
    epochs = range(position.epoch, position.epoch + 1)
    _fit(training, epochs, position.batches, [_Metrics(arrays), *callbacks], beside)


class _Metrics(keras.callbacks.Callback):  # type: ignore[misc]
    """Puts running metrics back after ``fit`` has reset them."""

    def __init__(self, arrays: state.Arrays) -> None:
        super().__init__()
        self._arrays = arrays

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        state.restore(self.model, self._arrays, ("metrics",))


def _fit(
    training: Training, epochs: range, skip: int, callbacks: list[keras.callbacks.Callback],
    beside: Sequence[keras.callbacks.Callback],
) -> None:  # fmt: skip
    """Run these epochs, the first of them (and then only one) without its first ``skip`` batches."""
    params, validation = training.params, training.validation
    whole = training.epochs().per_epoch
    model = training.network.model
    measured = [MeasureAverages()] if averages(model) else []
    with held(model):
        model.fit(
            training.epochs(epochs.start * whole + skip),
            steps_per_epoch=whole - skip,
            epochs=epochs.stop,
            initial_epoch=epochs.start,
            verbose=0,
            shuffle=False,  # the order is ours
            callbacks=[*measured, Renamed(training.network, callbacks), *beside],  # what is seen is told first
            validation_data=Batches(training.network, validation, params.batch_size) if validation else None,
        )
