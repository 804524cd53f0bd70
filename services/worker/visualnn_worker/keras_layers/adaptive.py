"""Adaptive pooling where Keras' own fails: TensorFlow ends the process if an axis has one cell, before or after.

Keras pools with windows of ceil(n / size) and one more cell, and that one more does not fit into such an axis.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


class _AdaptivePooling(keras.layers.Layer):  # type: ignore[misc]
    """``output_size`` windows along each axis: window i goes from floor(i n / size) to ceil((i + 1) n / size).

    Input shape: (batch, *sizes, channels), of known sizes. Output shape: (batch, *output_size, channels). One axis
    is pooled after the other, which gives the same because windows are products of their axes' windows.
    """

    def __init__(self, output_size: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = tuple(output_size)

    def call(self, x: Any) -> Any:
        for axis, size in enumerate(self.output_size, start=1):
            number, n = np.arange(size), int(x.shape[axis])
            starts, ends = number * n // size, -(-(number + 1) * n // size)
            cells = starts[:, None] + np.arange((ends - starts).max())
            inside = cells < ends[:, None]
            cells = np.where(inside, cells, starts[:, None])  # a shorter window repeats its first cell
            x = self._pool(ops.take(x, cells, axis=axis), inside, axis)
        return x

    def _pool(self, windows: Any, inside: Any, axis: int) -> Any:
        """Windows lie along ``axis`` and their cells along the next; ``inside`` (windows, cells) marks real ones."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Sequence[int]) -> tuple[int, ...]:
        return (input_shape[0], *self.output_size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_size": self.output_size}


@keras.saving.register_keras_serializable("visualnn")
class AdaptiveMaxPooling(_AdaptivePooling):
    """The largest value of each window."""

    def _pool(self, windows: Any, inside: Any, axis: int) -> Any:  # noqa: ARG002 - a repeated cell changes no maximum
        return ops.max(windows, axis=axis + 1)


@keras.saving.register_keras_serializable("visualnn")
class AdaptiveAveragePooling(_AdaptivePooling):
    """The mean of each window."""

    def _pool(self, windows: Any, inside: Any, axis: int) -> Any:
        shares = inside / inside.sum(1, keepdims=True)
        shares = shares.reshape((*inside.shape, *(1,) * (len(windows.shape) - axis - 2)))
        return ops.sum(windows * ops.cast(shares, windows.dtype), axis=axis + 1)
