"""Pooling that Keras does not have: by the Euclidean norm, and into as many windows for every size of picture."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from visualnn_worker.keras_layers.caffe_shape import part

Shape = tuple[int | None, ...]


def _larger(a: Any, b: Any) -> Any:
    """A number where both are numbers: a slice that JAX compiles takes no tensor."""
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else ops.maximum(a, b)


@keras.saving.register_keras_serializable("visualnn")
class L2NormPooling2D(keras.layers.Layer):  # type: ignore[misc]
    """The square root of the sum of squares of each window; padding adds nothing.

    Input shape: (batch, height, width, channels). Output shape: (batch, rows, columns, channels). ``padding`` is valid,
    same (ceil(size / stride) windows, an odd cell at the end) or ((top, bottom), (left, right)).
    """

    def __init__(
        self,
        pool_size: Sequence[int] = (2, 2),
        strides: Sequence[int] | None = None,
        padding: str | Sequence[Sequence[int]] = "valid",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = list(pool_size)
        self.strides = list(strides or pool_size)
        self.padding = padding if isinstance(padding, str) else [list(sides) for sides in padding]

    def call(self, x: Any) -> Any:
        padded = ops.square(x)
        for axis in range(2):
            padded = self._pad(padded, axis)
        mean = ops.average_pool(padded, self.pool_size, self.strides, padding="valid", data_format="channels_last")
        total = ops.multiply(mean, self.pool_size[0] * self.pool_size[1])
        real = ops.where(total > 0, total, 1.0)  # the square root has no gradient at 0
        return ops.where(total > 0, ops.sqrt(real), 0.0)

    def _pad(self, x: Any, axis: int) -> Any:
        """Zeros along height (0) or width (1)."""
        if self.padding == "valid":
            return x
        size, stride = self.pool_size[axis], self.strides[axis]
        sides = [(0, 0)] * 4
        if self.padding != "same":
            sides[axis + 1] = tuple(self.padding[axis])  # type: ignore[assignment]
            return ops.pad(x, sides)
        # The size may be known only when the net runs: pad by all that can be needed, then cut.
        n = ops.shape(x)[axis + 1]
        needed = (-(-n // stride) - 1) * stride + size
        reached = _larger(needed, n)
        before = (reached - n) // 2
        most = size - 1
        sides[axis + 1] = (most, most)
        return part(ops.pad(x, sides), axis + 1, most - before, most - before + reached)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *(self._count(input_shape[axis + 1], axis) for axis in range(2)), input_shape[3])

    def _count(self, n: int | None, axis: int) -> int | None:
        if n is None:
            return None
        size, stride = self.pool_size[axis], self.strides[axis]
        if self.padding == "same":
            return -(-n // stride)
        around = 0 if isinstance(self.padding, str) else sum(self.padding[axis])
        return (n + around - size) // stride + 1

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
        }


@keras.saving.register_keras_serializable("visualnn")
class SpatialPyramidPooling(keras.layers.Layer):  # type: ignore[misc]
    """For each of ``bins``, the picture in bins x bins windows: window i of n spans the cells from floor(i * size / n)
    to ceil((i + 1) * size / n). He et al. 2014, section 2.2 and appendix A.

    Input shape: (batch, height, width, channels), height and width free or known. Output shape: (batch, channels x sum
    of bins^2), in the order level, row, column, channel.
    """

    def __init__(self, bins: Sequence[int] = (1, 2, 4), pool: Literal["max", "average"] = "max", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bins = list(bins)
        self.pool = pool

    def call(self, x: Any) -> Any:
        return ops.concatenate([self._level(x, n) for n in self.bins], axis=1)

    def _level(self, x: Any, n: int) -> Any:
        """A window is a rectangle, so its rows can be pooled first and its columns then."""
        for axis in (1, 2):
            x = self._along(x, axis, n)
        return ops.reshape(x, (-1, n * n * x.shape[3]))

    def _along(self, x: Any, axis: int, n: int) -> Any:
        size = ops.shape(x)[axis]
        pool = ops.max if self.pool == "max" else ops.mean
        pieces = [part(x, axis, i * size // n, -(-((i + 1) * size) // n)) for i in range(n)]
        return ops.concatenate([pool(piece, axis=axis, keepdims=True) for piece in pieces], axis=axis)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], (input_shape[3] or 0) * sum(n * n for n in self.bins))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins, "pool": self.pool}
