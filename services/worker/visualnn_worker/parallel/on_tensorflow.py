"""Several devices under TensorFlow: a ``MirroredStrategy`` whose steps are ours.

Keras' own steps under a strategy would clip and check each device's gradient by itself, cannot accumulate gradients,
and weigh the parts of a batch that was not shared out evenly as if they were equal. Here each device has its part's
gradient; the sum, which is the batch's, is what the optimizer gets, once, as on one device.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf

_INTERIM = tf.__internal__.distribute.interim


@contextmanager
def spread_over(names: Sequence[str]) -> Iterator[Callable[[keras.Model], None]]:
    """Inside, variables that are made are on all these devices, until what is given takes the compiled net."""
    strategy = tf.distribute.MirroredStrategy([name.upper() for name in names])
    merged = _INTERIM.maybe_merge_call

    def at_once(function: Any, strategy: Any, *args: Any, **kwargs: Any) -> Any:
        """The optimizer's updates, which a step here asks for on behalf of all devices and not from each of them."""
        direct = tf.distribute.in_cross_replica_context()
        return (function if direct else _merging(merged, function))(strategy, *args, **kwargs)

    _INTERIM.maybe_merge_call = at_once
    try:
        with ExitStack() as building:
            building.enter_context(strategy.scope())

            def take(model: keras.Model) -> None:
                building.close()  # within the scope Keras' ``fit`` would cut batches by itself
                _Steps(model, strategy).take()

            yield take
    finally:
        _INTERIM.maybe_merge_call = merged


def _merging(merged: Any, function: Any) -> Any:
    return lambda strategy, *args, **kwargs: merged(function, strategy, *args, **kwargs)


class _Steps:
    """A net's steps of training and of evaluation, in the place of Keras' own."""

    def __init__(self, model: keras.Model, strategy: tf.distribute.Strategy) -> None:
        self._model = model
        self._strategy = strategy
        self._compiled: dict[tuple[bool, bool], Any] = {}

    def take(self) -> None:
        """Keras' ``fit`` and ``evaluate`` hand whole batches to these steps from now on."""
        model = self._model
        for layer in model._flatten_layers(include_self=False):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True  # statistics of the batch, not of each device's part
        model._distribute_strategy = None  # and here too

        def set_train(force: bool = False) -> None:  # noqa: ARG001 - Keras' signature
            model.train_function = lambda iterator: self._do(next(iterator), training=True)

        def set_test(force: bool = False) -> None:  # noqa: ARG001 - Keras' signature
            model.test_function = lambda iterator: self._do(next(iterator), training=False)

        model.make_train_function, model.make_test_function = set_train, set_test

    def _do(self, data: Any, *, training: bool) -> dict[str, Any]:
        """A step on the whole batch; the running metrics after it."""
        even = int(_first(data).shape[0]) % self._strategy.num_replicas_in_sync == 0
        if (training, even) not in self._compiled:
            self._compiled[training, even] = self._compile(training, even)
        with self._strategy.scope():
            self._compiled[training, even](data)
        logs: dict[str, Any] = self._model.get_metrics_result()
        return logs

    def _compile(self, training: bool, even: bool) -> Any:
        def step(data: Any) -> None:
            gradients: dict[int, Any] = self._strategy.run(self._on_one, args=(data, training, even))
            if training:
                total = [(self._strategy.reduce("SUM", one, axis=None), n) for n, one in gradients.items()]
                variables = self._model.trainable_weights
                self._model.optimizer.apply_gradients([(one, variables[n]) for one, n in total])

        return tf.function(step, autograph=False, reduce_retracing=True)

    def _on_one(self, data: Any, training: bool, even: bool) -> dict[int, Any]:
        """On one device: place of a trained weight -> its part of the gradient."""
        model, context = self._model, tf.distribute.get_replica_context()
        number, count = context.replica_id_in_sync_group, context.num_replicas_in_sync
        x, y, weights = keras.utils.unpack_x_y_sample_weight(_part(data, number, count) if even else data)
        before = [tf.identity(variable.value) for variable in model.metrics_variables]
        with tf.GradientTape() as tape:
            outputs = model(x, training=training)
            loss = model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weights, training=training)
            scaled = model.optimizer.scale_loss(loss)
        # the loss is 1 / count of its part's mean
        model._loss_tracker.update_state(loss * tf.cast(count, loss.dtype), sample_weight=tf.shape(_first(x))[0])
        model.compute_metrics(x, y, outputs, weights)
        if not even:  # every device has the whole batch; it counts once
            for variable, old in zip(model.metrics_variables, before, strict=True):
                variable.assign(tf.where(tf.equal(number, 0), variable.value, old))
        if not training:
            return {}
        found = tape.gradient(scaled, model.trainable_weights)
        return {n: tf.convert_to_tensor(one) for n, one in enumerate(found) if one is not None}


def _first(data: Any) -> Any:
    return tf.nest.flatten(data)[0]


def _part(data: Any, number: Any, count: int) -> Any:
    """The device's share of the batch, cut where the batch lies, so that no device gets the whole."""
    with tf.device("CPU:0"):
        size = tf.shape(_first(data))[0] // count
        return tf.nest.map_structure(lambda tensor: tensor[number * size : (number + 1) * size], data)
