"""The two functions that deep Q-learning calls all the time, each as one call of the backend.

A call of Keras' own costs more than such a small network does. A backend that has no way of its own here takes that.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Batches = dict[str, NDArray[Any]]
"""Arrays whose first axis counts batches, the second samples."""
Round = Callable[[Batches], float]
Greedy = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def round_of(learner: keras.Model) -> Round:
    """Batches -> the mean of their losses, after a gradient step on each, in order."""
    return {"tensorflow": _round_tensorflow}.get(keras.backend.backend(), _round)(learner)


def greedy(model: keras.Model) -> Greedy:
    """What is seen, (n, *shape) -> the number of the highest value of each."""
    make = {"tensorflow": _greedy_tensorflow, "jax": _greedy_jax}.get(keras.backend.backend(), _greedy)
    return make(model)


def _round(learner: keras.Model) -> Round:
    def function(batches: Batches) -> float:
        losses = []
        for number in range(len(batches["action"])):
            learner.reset_metrics()
            losses.append(float(learner.train_on_batch({name: array[number] for name, array in batches.items()})))
        return sum(losses) / len(losses)

    return function


def _round_tensorflow(learner: keras.Model) -> Round:
    import tensorflow as tf

    @tf.function(jit_compile=bool(learner.jit_compile), reduce_retracing=True)  # type: ignore[untyped-decorator]
    def compute(batches: Any) -> None:
        for number in tf.range(tf.shape(batches["action"])[0]):
            learner.train_step(({name: array[number] for name, array in batches.items()},))

    def function(batches: Batches) -> float:
        learner.reset_metrics()
        compute({name: tf.convert_to_tensor(array) for name, array in batches.items()})
        return float(learner.metrics[0].result())

    return function


def _greedy(model: keras.Model) -> Greedy:
    return lambda batch: np.asarray(model.predict_on_batch(batch)).argmax(axis=-1)


def _greedy_tensorflow(model: keras.Model) -> Greedy:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def compute(batch: Any) -> Any:
        return tf.argmax(model(batch, training=False), axis=-1)

    return lambda batch: np.asarray(compute(tf.convert_to_tensor(batch)))


def _greedy_jax(model: keras.Model) -> Greedy:
    import jax

    @jax.jit  # type: ignore[untyped-decorator]
    def compute(trainable: Any, others: Any, batch: Any) -> Any:
        values, _others = model.stateless_call(trainable, others, batch, training=False)
        return values.argmax(axis=-1)

    def function(batch: NDArray[np.float32]) -> NDArray[np.int64]:
        groups = model.trainable_variables, model.non_trainable_variables
        return np.asarray(compute(*([one.value for one in group] for group in groups), batch))

    return function
