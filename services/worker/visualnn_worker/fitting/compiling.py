"""Optimizer, loss and metrics of a complete plan as Keras objects."""

from typing import Any

import keras
from visualnn_shared.training.loss_options import name_of, options_of
from visualnn_shared.training.optimizers import FULL_BATCH, OPTIMIZERS
from visualnn_shared.training.recipe import LossChoice, Optimizer, TrainParams
from visualnn_shared.training.serving import Serving

from visualnn_worker.fitting.losses import OutputLosses, loss_of
from visualnn_worker.fitting.samples import Samples
from visualnn_worker.fitting.schedules import rate_of
from visualnn_worker.network.build import Network

_METRICS = {"auc": "AUC", "precision": "Precision", "recall": "Recall"}


def compile_model(network: Network, params: TrainParams, per_epoch: int = 1, *, serving: Serving | None = None) -> None:
    """Make the network's model ready to train and to be evaluated. ``params`` are complete: those of a plan.

    ``per_epoch``: batches of an epoch, in which a schedule counts. ``serving`` says how labels are meant.
    """
    model = network.model
    assert params.loss is not None
    first, *others = network.output_names
    losses = [loss_of(params.loss), *(loss_of(params.losses[name]) for name in others)]
    own = serving.of if serving else lambda _name: None
    metrics: list[Any] = [_metric(m, params.loss, own(first)) for m in params.metrics or ()]
    several: dict[str, Any] = {}
    if others:
        more = [(params.output_metrics.get(n, ()), params.losses[n], own(n)) for n in others]
        metrics = [metrics, *([_metric(m, loss, said) for m in wanted] for wanted, loss, said in more)]
        several["loss_weights"] = list(weights_of(network, params))
    alone = len(losses) == 1
    model.compile(_optimizer(params, per_epoch), loss=losses[0] if alone else losses, metrics=metrics, **several)
    if not alone:
        model._compile_loss = OutputLosses(losses, several["loss_weights"], output_names=model.output_names)
    model.optimizer.build(model.trainable_variables)


def weights_of(network: Network, params: TrainParams) -> list[float]:
    """What each output's loss counts, in their order."""
    return [params.loss_weights.get(name, 1.0) for name in network.output_names]


def prepare(network: Network, samples: Samples) -> None:
    """Let the running metrics make their variables now: a step that makes none is traced once instead of twice, and
    a checkpoint finds them in place."""
    labels = samples.labels(slice(0, 1))
    outputs = network.model(network.pack(samples.inputs(slice(0, 1))), training=False)
    if isinstance(labels, tuple):  # each output's loss has a running mean too
        network.model.compute_loss(None, labels, outputs, training=False)
    network.model.compute_metrics(None, labels, outputs)
    network.model.reset_metrics()


def _optimizer(params: TrainParams, per_epoch: int) -> keras.optimizers.Optimizer:
    optimizer = params.optimizer
    if not isinstance(optimizer, Optimizer):
        raise AssertionError("the optimizer must be planned before training")
    given = dict(optimizer.model_extra or {})
    if OPTIMIZERS[optimizer.name].keras_class == FULL_BATCH:
        return keras.optimizers.SGD(given["learning_rate"])  # only counts; the steps are made beside it
    if params.schedule is not None:
        given["learning_rate"] = rate_of(params, per_epoch)
    return getattr(keras.optimizers, OPTIMIZERS[optimizer.name].keras_class)(**given)


def _metric(name: str, loss: str | LossChoice, serving: Serving | None) -> Any:
    """The metric of an output, under the name that logs and the job's metrics give it."""
    if options_of(loss).get("from_logits") and name_of(loss) == "binary_crossentropy":
        return _from_logits(name)
    if name_of(loss) in ("hinge", "squared_hinge") and (name == "accuracy" or name in _METRICS):
        return _from_logits(name)  # the sign tells
    if name == "accuracy" and name_of(loss) == "binary_crossentropy" and serving and serving.task == "regression":
        return keras.metrics.BinaryAccuracy(name=name)  # of each attribute; Keras would compare the largest
    if name in _METRICS:
        return getattr(keras.metrics, _METRICS[name])(name=name)
    if name == "top_5_accuracy":
        sparse = name_of(loss) in ("sparse_categorical_crossentropy", "multiclass_hinge")
        kind = keras.metrics.SparseTopKCategoricalAccuracy if sparse else keras.metrics.TopKCategoricalAccuracy
        return kind(k=5, name=name)
    return name  # accuracy takes its meaning from the shapes


def _from_logits(name: str) -> keras.metrics.Metric:
    """A share above 1/2 is a logit, or a margin, above 0."""
    if name == "accuracy":
        return keras.metrics.BinaryAccuracy(name=name, threshold=0.0)
    if name == "auc":
        return keras.metrics.AUC(name=name, from_logits=True)
    return getattr(keras.metrics, _METRICS[name])(thresholds=0.0, name=name)
