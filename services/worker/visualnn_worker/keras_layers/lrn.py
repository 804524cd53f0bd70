"""Local response normalisation, with Caffe's parameters and meaning."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops


@keras.saving.register_keras_serializable("visualnn")
class LRN(keras.layers.Layer):  # type: ignore[misc]
    """``x / (k + alpha / n * sum of x^2) ** beta`` over the n = ``local_size`` neighbouring channels, or over the
    n x n square within the channel (then alpha is divided by n^2). What lies outside the tensor counts as 0.

    Krizhevsky, Sutskever and Hinton 2012, section 3.3, with Caffe's division of alpha. Input shape: (batch, ...,
    channels), for WITHIN_CHANNEL (batch, height, width, channels). Output shape: as the input.
    """

    def __init__(
        self,
        local_size: int = 5,
        alpha: float = 1.0,
        beta: float = 0.75,
        k: float = 1.0,
        norm_region: Literal["ACROSS_CHANNELS", "WITHIN_CHANNEL"] = "ACROSS_CHANNELS",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.local_size = local_size
        self.alpha = alpha
        self.beta = beta
        self.k = k
        self.norm_region = norm_region

    def call(self, x: Any) -> Any:
        squares = ops.square(x)
        across = self.norm_region == "ACROSS_CHANNELS"
        mean = self._mean_over_channels(squares) if across else self._mean_over_square(squares)
        return ops.divide(x, ops.power(self.k + self.alpha * mean, self.beta))

    def _mean_over_channels(self, squares: Any) -> Any:
        half = (self.local_size - 1) // 2
        channels = squares.shape[-1]
        padded = ops.pad(squares, [(0, 0)] * (len(squares.shape) - 1) + [(half, half)])
        total = padded[..., :channels]
        for offset in range(1, self.local_size):
            total = total + padded[..., offset : offset + channels]
        return total / self.local_size

    def _mean_over_square(self, squares: Any) -> Any:
        half = (self.local_size - 1) // 2
        padded = ops.pad(squares, [(0, 0), (half, half), (half, half), (0, 0)])
        return ops.average_pool(padded, self.local_size, strides=1, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape: Sequence[int]) -> Sequence[int]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "local_size": self.local_size,
            "alpha": self.alpha,
            "beta": self.beta,
            "k": self.k,
            "norm_region": self.norm_region,
        }
