"""Pooling with paddings and roundings that Keras' own layers do not have.

The count of windows along an axis of n cells with padding (before, after) is that of the catalogue's shape rule:
floor((n + before + after - size) / stride) + 1, or rounded up, less a last window that would start beyond the input and
the padding before it (Caffe, PyTorch).
"""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Sides = tuple[tuple[int, int], ...]
"""Cells of padding: (before, after) for each spatial axis."""


class _Pooling(keras.layers.Layer):  # type: ignore[misc]
    """What all share: window, steps, explicit padding, rounding. Input shape: (batch, *sizes, channels).

    The number of spatial axes is that of the window's sizes.
    """

    def __init__(
        self,
        pool_size: Sequence[int],
        strides: Sequence[int] | None = None,
        padding: Sequence[Sequence[int]] | None = None,
        ceil_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = tuple(pool_size)
        self.strides = tuple(strides or pool_size)
        self.padding: Sides = tuple((before, after) for before, after in padding or [(0, 0)] * len(self.pool_size))
        self.ceil_mode = ceil_mode

    def _reach(self) -> Sides:
        """The padding, and behind it what a last window rounded up may reach over: stride - 1 cells."""
        more = [s - 1 if self.ceil_mode else 0 for s in self.strides]
        return tuple((before, after + n) for (before, after), n in zip(self.padding, more, strict=True))

    def _pad(self, x: Any, sides: Sides, value: float) -> Any:
        return ops.pad(x, [(0, 0), *sides, (0, 0)], constant_values=value)

    def _drop(self, pooled: Any, x: Any) -> Any:
        """Without the windows that would start beyond the input and the padding before it."""
        if not self.ceil_mode:
            return pooled
        sizes = ops.shape(x)
        ends = [
            (sizes[axis + 1] + before - 1) // self.strides[axis] + 1 for axis, (before, _) in enumerate(self.padding)
        ]  # a slice ends at the end by itself where there are fewer
        return pooled[(slice(None), *(slice(end) for end in ends))]

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        counts = [self._count(n, axis) for axis, n in enumerate(input_shape[1:-1])]
        return (input_shape[0], *counts, input_shape[-1])

    def _count(self, n: int | None, axis: int) -> int | None:
        if n is None:
            return None
        size, stride, (before, after) = self.pool_size[axis], self.strides[axis], self._reach()[axis]
        count = (n + before + after - size) // stride + 1
        return min(count, (n + before - 1) // stride + 1) if self.ceil_mode else count

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "ceil_mode": self.ceil_mode,
        }


class _MaxPooling(_Pooling):
    """The largest real value of each window: padding counts as minus infinity."""

    def call(self, x: Any) -> Any:
        lowest = -float("inf")
        padded = self._pad(x, self._reach(), lowest)
        pooled = ops.max_pool(padded, self.pool_size, self.strides, padding="valid", data_format="channels_last")
        return self._drop(pooled, x)


class _AveragePooling(_Pooling):
    """The mean of each window over its real cells, or with ``count_include_pad`` over those of the padding too.

    What a window rounded up reaches over beyond the padding never counts (Caffe, PyTorch).
    """

    def __init__(self, *args: Any, count_include_pad: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count_include_pad = count_include_pad

    def call(self, x: Any) -> Any:
        # Both means divide by the window's area, so their quotient is the sum over the number of cells that count.
        share = self._mean(self._counting(x))
        return self._drop(ops.divide(self._mean(self._pad(x, self._reach(), 0.0)), share), x)

    def _counting(self, x: Any) -> Any:
        """1 at every cell that counts, 0 elsewhere; (1, *sizes, 1), padded."""
        ones = ops.ones_like(x[:1, ..., :1])
        reach = self._reach()
        if not self.count_include_pad:
            return self._pad(ones, reach, 0.0)
        inner = self._pad(ones, self.padding, 1.0)
        beyond = tuple((0, whole[1] - own[1]) for whole, own in zip(reach, self.padding, strict=True))
        return self._pad(inner, beyond, 0.0)

    def _mean(self, x: Any) -> Any:
        return ops.average_pool(x, self.pool_size, self.strides, padding="valid", data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count_include_pad": self.count_include_pad}


@keras.saving.register_keras_serializable("visualnn")
class MaxPooling1D(_MaxPooling):
    """The largest real value of each window of a sequence."""


@keras.saving.register_keras_serializable("visualnn")
class MaxPooling2D(_MaxPooling):
    """The largest real value of each window of a picture."""


@keras.saving.register_keras_serializable("visualnn")
class MaxPooling3D(_MaxPooling):
    """The largest real value of each window of a volume."""


@keras.saving.register_keras_serializable("visualnn")
class AveragePooling1D(_AveragePooling):
    """The mean of each window of a sequence."""


@keras.saving.register_keras_serializable("visualnn")
class AveragePooling2D(_AveragePooling):
    """The mean of each window of a picture."""


@keras.saving.register_keras_serializable("visualnn")
class AveragePooling3D(_AveragePooling):
    """The mean of each window of a volume."""
