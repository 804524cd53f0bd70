"""Weights along an axis, multiplied or added: Caffe's Scale and Bias."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def axes_of(axis: int | Sequence[int], rank: int) -> list[int]:
    """Axes counted with the batch (0), each from 1 to ``rank`` - 1; several in the order that Keras sorts them."""
    given = [axis] if isinstance(axis, int) else sorted(axis)
    return [a % rank for a in given]


class _AlongAxis(keras.layers.Layer):  # type: ignore[misc]
    """What both share: weights of the sizes of some axes, broadcast over the others."""

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.supports_masking = True

    def _weight_shape(self, input_shape: Sequence[int]) -> list[int]:
        return [input_shape[a] for a in axes_of(self.axis, len(input_shape))]

    def _broadcast(self, weight: Any, x: Any) -> Any:
        """The weight with an axis of 1 wherever it has none, its own axes in the input's order.

        It must be added from the left: ``ops.add(x, bias)`` of Keras' TensorFlow backend takes a bias whose size is
        that of the last axis for one along it, wherever its own axis is.
        """
        rank = len(x.shape)
        axes = axes_of(self.axis, rank)
        order = sorted(range(len(axes)), key=axes.__getitem__)
        shape = [1] * rank
        for position in order:
            shape[axes[position]] = weight.shape[position]
        return ops.reshape(ops.transpose(weight, order), shape)

    def compute_output_shape(self, input_shape: Sequence[int]) -> Sequence[int]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


@keras.saving.register_keras_serializable("visualnn")
class Scale(_AlongAxis):
    """``x * gamma + beta`` along ``axis``.

    Input shape: any. Output shape: as the input. Weights: gamma, and beta where ``use_bias``, each of the sizes of
    the axes named.
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        use_bias: bool = True,
        gamma_initializer: Any = "ones",
        gamma_regularizer: Any = None,
        gamma_constraint: Any = None,
        beta_initializer: Any = "zeros",
        beta_regularizer: Any = None,
        beta_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, **kwargs)
        self.use_bias = use_bias
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.beta_regularizer = keras.regularizers.get(beta_regularizer)
        self.beta_constraint = keras.constraints.get(beta_constraint)

    def build(self, input_shape: Sequence[int]) -> None:
        shape = self._weight_shape(input_shape)
        self.gamma = self.add_weight(
            name="gamma", shape=shape, initializer=self.gamma_initializer,
            regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
        )  # fmt: skip
        self.beta = (
            self.add_weight(
                name="beta", shape=shape, initializer=self.beta_initializer,
                regularizer=self.beta_regularizer, constraint=self.beta_constraint,
            )
            if self.use_bias
            else None
        )  # fmt: skip

    def call(self, x: Any) -> Any:
        scaled = ops.multiply(x, self._broadcast(self.gamma, x))
        return scaled if self.beta is None else ops.add(self._broadcast(self.beta, x), scaled)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            "gamma_initializer": keras.initializers.serialize(self.gamma_initializer),
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
            "beta_initializer": keras.initializers.serialize(self.beta_initializer),
            "beta_regularizer": keras.regularizers.serialize(self.beta_regularizer),
            "beta_constraint": keras.constraints.serialize(self.beta_constraint),
        }


@keras.saving.register_keras_serializable("visualnn")
class BiasAdd(_AlongAxis):
    """``x + bias`` along ``axis``. Input shape: any. Output shape: as the input."""

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, **kwargs)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.bias_constraint = keras.constraints.get(bias_constraint)

    def build(self, input_shape: Sequence[int]) -> None:
        self.bias = self.add_weight(
            name="bias", shape=self._weight_shape(input_shape), initializer=self.bias_initializer,
            regularizer=self.bias_regularizer, constraint=self.bias_constraint,
        )  # fmt: skip

    def call(self, x: Any) -> Any:
        return ops.add(self._broadcast(self.bias, x), x)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }
