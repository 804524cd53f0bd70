"""Loss and gradients of a compiled net on some samples, as NumPy sees them. Only here and in ``child/devices.py`` are
backends asked by name."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Gradients = list[NDArray[Any]]
Function = Callable[[Any, Any, Any], tuple[float, Gradients]]


def gradients_of(model: keras.Model, *, training: bool = False) -> Function:
    """(inputs, labels, sample weights or None) -> (loss, its gradient by each trainable variable, in their order).

    The loss is the one the model was compiled with, penalties of regularizers included. Nothing of the model changes.
    """
    backend = keras.backend.backend()
    make = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}.get(backend)
    if make is None:
        raise NotImplementedError(f"gradients must be computed by TensorFlow, JAX or PyTorch; received {backend}")
    return make(model, training)


def _tensorflow(model: keras.Model, training: bool) -> Function:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def compute(x: Any, y: Any, weights: Any) -> Any:
        variables = [variable.value for variable in model.trainable_variables]
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=training), weights, training=training)
        found = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return loss, [tf.convert_to_tensor(one) for one in found]

    def function(x: Any, y: Any, weights: Any) -> tuple[float, Gradients]:
        loss, found = compute(x, y, weights)
        return float(loss), [one.numpy() for one in found]

    return function


def _jax(model: keras.Model, training: bool) -> Function:
    import jax

    compute = jax.jit(jax.value_and_grad(model.compute_loss_and_updates, has_aux=True), static_argnames=("training",))

    def function(x: Any, y: Any, weights: Any) -> tuple[float, Gradients]:
        values = [[v.value for v in group] for group in
                  (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)]  # fmt: skip
        (loss, _aux), found = compute(*values, x, y, weights, training=training)
        return float(loss), [np.asarray(one) for one in found]

    return function


def _torch(model: keras.Model, training: bool) -> Function:
    import torch

    def function(x: Any, y: Any, weights: Any) -> tuple[float, Gradients]:
        variables = model.trainable_variables
        with torch.enable_grad():
            convert = keras.ops.convert_to_tensor
            x, y = keras.tree.map_structure(convert, x), keras.tree.map_structure(convert, y)
            loss = model.compute_loss(x, y, model(x, training=training), weights, training=training)
            found = torch.autograd.grad(loss, [v.value for v in variables], allow_unused=True)
        return float(loss), [
            np.zeros(tuple(v.shape)) if one is None else one.detach().cpu().numpy()
            for v, one in zip(variables, found, strict=True)
        ]

    return function
