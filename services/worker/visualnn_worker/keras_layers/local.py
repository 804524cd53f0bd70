"""Locally connected layers, as Keras 2 defined them (``implementation=1``, padding ``valid``)."""

from collections.abc import Sequence
from math import prod
from typing import Any

import keras
import numpy as np
from keras import ops


class _LocallyConnected(keras.layers.Layer):  # type: ignore[misc]
    """A convolution whose every position has weights of its own.

    Input shape: (batch, *sizes, channels), of known sizes. Output shape: (batch, *positions, filters), with
    (size - kernel) // stride + 1 positions along each axis. Weights: kernel (positions, window cells x channels,
    filters) with positions and cells in row-major order; bias (*positions, filters) where ``use_bias``.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Sequence[int],
        strides: Sequence[int] | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_initializer: Any = "zeros",
        bias_regularizer: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = tuple(kernel_size)
        self.strides = tuple(strides or (1,) * len(self.kernel_size))
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.bias: Any = None

    def build(self, input_shape: Sequence[int]) -> None:
        positions = self._positions(input_shape)
        self.kernel = self.add_weight(
            name="kernel", shape=(prod(positions), prod(self.kernel_size) * input_shape[-1], self.filters),
            initializer=self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )  # fmt: skip
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(*positions, self.filters), initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def call(self, x: Any) -> Any:
        positions = self._positions(x.shape)
        out = ops.einsum("bpi,pio->bpo", self._windows(x, positions), self.kernel)
        out = ops.reshape(out, (-1, *positions, self.filters))
        return self.activation(out if self.bias is None else out + self.bias)

    def _windows(self, x: Any, positions: Sequence[int]) -> Any:
        """(batch, positions, window cells x channels)."""
        rank, channels = len(positions), x.shape[-1]
        for axis, (count, size, stride) in enumerate(zip(positions, self.kernel_size, self.strides, strict=True)):
            cells = np.arange(count)[:, None] * stride + np.arange(size)
            x = ops.take(x, cells, axis=1 + 2 * axis)  # the axis becomes two: position, cell
        order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
        return ops.reshape(ops.transpose(x, order), (-1, prod(positions), prod(self.kernel_size) * channels))

    def _positions(self, input_shape: Sequence[int]) -> list[int]:
        sizes = zip(input_shape[1:-1], self.kernel_size, self.strides, strict=True)
        return [(n - size) // stride + 1 for n, size, stride in sizes]

    def compute_output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        return (input_shape[0], *self._positions(input_shape), self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
            "activity_regularizer": keras.regularizers.serialize(self.activity_regularizer),
        }


@keras.saving.register_keras_serializable("visualnn")
class LocallyConnected1D(_LocallyConnected):
    """Over (batch, steps, channels)."""


@keras.saving.register_keras_serializable("visualnn")
class LocallyConnected2D(_LocallyConnected):
    """Over (batch, height, width, channels)."""
