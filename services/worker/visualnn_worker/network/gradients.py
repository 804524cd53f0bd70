"""Loss and gradients of a compiled net on some samples, as NumPy sees them. Only here, in ``child/devices.py`` and in
``parallel`` are backends asked by name."""

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


def gradient(
    function: Callable[[list[Any]], Any], variables: list[keras.Variable], tensors: list[Any]
) -> tuple[Gradients, Gradients]:
    """Of a scalar ``function(tensors)`` that may use ``variables``: by each variable, and by each tensor."""
    backend = keras.backend.backend()
    make = {"tensorflow": _by_tape, "jax": _by_jax, "torch": _by_torch}.get(backend)
    if make is None:
        raise NotImplementedError(f"gradients must be computed by TensorFlow, JAX or PyTorch; received {backend}")
    found = make(function, variables, [keras.ops.convert_to_tensor(tensor) for tensor in tensors])
    arrays = [np.zeros(tuple(v.shape)) if one is None else np.asarray(keras.ops.convert_to_numpy(one))
              for v, one in zip([*variables, *tensors], found, strict=True)]  # fmt: skip
    return arrays[: len(variables)], arrays[len(variables) :]


def _by_tape(function: Callable[[list[Any]], Any], variables: list[keras.Variable], tensors: list[Any]) -> list[Any]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(tensors)
    found = tape.gradient(value, [*[v.value for v in variables], *tensors])
    return [None if one is None else tf.convert_to_tensor(one) for one in found]


def _by_jax(function: Callable[[list[Any]], Any], variables: list[keras.Variable], tensors: list[Any]) -> list[Any]:
    import jax

    def pure(values: list[Any], given: list[Any]) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(given)

    by_variables, by_tensors = jax.grad(pure, argnums=(0, 1), allow_int=True)([v.value for v in variables], tensors)
    return [*by_variables, *by_tensors]


def _by_torch(function: Callable[[list[Any]], Any], variables: list[keras.Variable], tensors: list[Any]) -> list[Any]:
    import torch

    given = [t.detach().requires_grad_(t.is_floating_point()) for t in tensors]
    with torch.enable_grad():
        value = function(given)
    wanted = [*[v.value for v in variables], *given]
    able = [one for one in wanted if one.requires_grad]
    found = dict(zip(map(id, able), torch.autograd.grad(value, able, allow_unused=True), strict=True))
    return [found.get(id(one)) for one in wanted]
