"""Optimizer, loss and metrics of a complete plan as Keras objects."""

from typing import Any

import keras
from visualnn_shared.training.optimizers import OPTIMIZERS
from visualnn_shared.training.recipe import Optimizer, TrainParams

from visualnn_worker.fitting.samples import Samples
from visualnn_worker.fitting.schedules import rate_of
from visualnn_worker.network.build import Network

_LOSSES = {"mse": "mean_squared_error", "mae": "mean_absolute_error"}
_METRICS = {"auc": "AUC", "precision": "Precision", "recall": "Recall"}


def compile_model(model: keras.Model, params: TrainParams, per_epoch: int = 1) -> None:
    """Make the model ready to train and to be evaluated. ``params`` are complete: those of a plan.

    ``per_epoch``: batches of an epoch, in which a schedule counts.
    """
    name = str(params.loss)
    model.compile(
        optimizer=_optimizer(params, per_epoch),
        loss=_LOSSES.get(name, name),
        metrics=[_metric(m, params) for m in params.metrics or ()],
    )
    model.optimizer.build(model.trainable_variables)


def prepare(network: Network, samples: Samples) -> None:
    """Let the running metrics make their variables now: a step that makes none is traced once instead of twice, and
    a checkpoint finds them in place."""
    labels = samples.labels(slice(0, 1))
    outputs = network.model(network.pack(samples.inputs(slice(0, 1))), training=False)
    network.model.compute_metrics(None, labels, outputs)
    network.model.reset_metrics()


def _optimizer(params: TrainParams, per_epoch: int) -> keras.optimizers.Optimizer:
    optimizer = params.optimizer
    if not isinstance(optimizer, Optimizer):
        raise AssertionError("the optimizer must be planned before training")
    given = dict(optimizer.model_extra or {})
    if params.schedule is not None:
        given["learning_rate"] = rate_of(params, per_epoch)
    return getattr(keras.optimizers, OPTIMIZERS[optimizer.name].keras_class)(**given)


def _metric(name: str, params: TrainParams) -> Any:
    """The metric, under the name that logs and the job's metrics give it."""
    if name in _METRICS:
        return getattr(keras.metrics, _METRICS[name])(name=name)
    if name == "top_5_accuracy":
        sparse = params.loss == "sparse_categorical_crossentropy"
        kind = keras.metrics.SparseTopKCategoricalAccuracy if sparse else keras.metrics.TopKCategoricalAccuracy
        return kind(k=5, name=name)
    return name  # accuracy takes its meaning from the loss and the shapes
