"""Layers of Caffe that cut, join, repeat or hold tensors."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

Shape = tuple[int | None, ...]


def part(x: Any, axis: int, start: Any, stop: Any) -> Any:
    """``x[start:stop]`` along an axis counted with the batch."""
    return x[(slice(None),) * (axis % len(x.shape)) + (slice(start, stop),)]


@keras.saving.register_keras_serializable("visualnn")
class Crop(keras.layers.Layer):  # type: ignore[misc]
    """The first input, from ``offset`` on and as long as the second input, along ``axis``.

    Input shapes: two of the same rank. Output shape: the first's, with the second's sizes along the axes named.
    """

    def __init__(self, axis: int | Sequence[int] = (1, 2), offset: int | Sequence[int] = (0,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)
        self.offset = [offset] if isinstance(offset, int) else list(offset)

    def _axes(self, rank: int) -> list[tuple[int, int]]:
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        offsets = self.offset * len(axes) if len(self.offset) == 1 else self.offset
        return [(axis % rank, offset) for axis, offset in zip(axes, offsets, strict=True)]

    def call(self, inputs: Sequence[Any]) -> Any:
        x, reference = inputs
        for axis, offset in self._axes(len(x.shape)):
            x = part(x, axis, offset, offset + ops.shape(reference)[axis])
        return x

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        out, reference = list(input_shape[0]), input_shape[1]
        for axis, _offset in self._axes(len(out)):
            out[axis] = reference[axis]
        return tuple(out)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis, "offset": self.offset}


@keras.saving.register_keras_serializable("visualnn")
class SPP(keras.layers.Layer):  # type: ignore[misc]
    """Caffe's spatial pyramid: level i pools 2^i x 2^i windows of ceil(size / 2^i) cells, padded as evenly as whole
    cells allow; MAX is over real cells, AVE counts the padding as zeros.

    Input shape: (batch, height, width, channels), height and width known. Output shape: (batch, channels x
    (1 + 4 + 16 + ...)), in Caffe's order: level, channel, row, column.
    """

    def __init__(self, pyramid_height: int, pool: Literal["MAX", "AVE"] = "MAX", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pyramid_height = pyramid_height
        self.pool = pool

    def call(self, x: Any) -> Any:
        return ops.concatenate([self._level(x, 2**level) for level in range(self.pyramid_height)], axis=1)

    def _level(self, x: Any, bins: int) -> Any:
        sizes = [-(-x.shape[axis] // bins) for axis in (1, 2)]
        lacking = [size * bins - x.shape[axis] for size, axis in zip(sizes, (1, 2), strict=True)]
        sides = [((n + 1) // 2, n // 2) for n in lacking]
        border = -float("inf") if self.pool == "MAX" else 0.0
        padded = ops.pad(x, [(0, 0), *sides, (0, 0)], constant_values=border)
        pooling = ops.max_pool if self.pool == "MAX" else ops.average_pool
        pooled = pooling(padded, sizes, sizes, padding="valid", data_format="channels_last")
        return ops.reshape(ops.transpose(pooled, (0, 3, 1, 2)), (-1, x.shape[3] * bins * bins))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], (input_shape[3] or 0) * sum(4**level for level in range(self.pyramid_height)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pyramid_height": self.pyramid_height, "pool": self.pool}


@keras.saving.register_keras_serializable("visualnn")
class Split(keras.layers.Layer):  # type: ignore[misc]
    """The input ``outputs`` times. Input shape: any. Output shapes: as the input."""

    def __init__(self, outputs: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.outputs = outputs

    def call(self, x: Any) -> list[Any]:
        return [x] * self.outputs

    def compute_output_spec(self, x: Any) -> list[Any]:
        return [keras.KerasTensor(x.shape, dtype=x.dtype) for _ in range(self.outputs)]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "outputs": self.outputs}


@keras.saving.register_keras_serializable("visualnn")
class Slice(keras.layers.Layer):  # type: ignore[misc]
    """The input cut along ``axis`` before each of ``slice_points``: one output more than there are points."""

    def __init__(self, slice_points: Sequence[int], axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.slice_points = list(slice_points)
        self.axis = axis

    def call(self, x: Any) -> list[Any]:
        starts, stops = [0, *self.slice_points], [*self.slice_points, None]
        return [part(x, self.axis, start, stop) for start, stop in zip(starts, stops, strict=True)]

    def compute_output_spec(self, x: Any) -> list[Any]:
        shape = list(x.shape)
        ends = [*self.slice_points, shape[self.axis]]
        pieces = []
        for start, end in zip([0, *self.slice_points], ends, strict=True):
            shape[self.axis] = None if end is None else end - start
            pieces.append(keras.KerasTensor(tuple(shape), dtype=x.dtype))
        return pieces

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "slice_points": self.slice_points, "axis": self.axis}


@keras.saving.register_keras_serializable("visualnn")
class Tile(keras.layers.Layer):  # type: ignore[misc]
    """The input ``tiles`` times, one after the other along ``axis``."""

    def __init__(self, tiles: int, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.tiles = tiles
        self.axis = axis

    def call(self, x: Any) -> Any:
        return ops.concatenate([x] * self.tiles, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "tiles": self.tiles, "axis": self.axis}


@keras.saving.register_keras_serializable("visualnn")
class Im2col(keras.layers.Layer):  # type: ignore[misc]
    """The cells of each window as channels, in Caffe's order: channel of the input, row, column of the window.

    Input shape: (batch, height, width, channels). Output shape: (batch, rows, columns, channels x window's cells).
    """

    def __init__(
        self,
        kernel_size: Sequence[int],
        strides: Sequence[int] = (1, 1),
        padding: str | Sequence[Sequence[int]] = "valid",
        dilation_rate: Sequence[int] = (1, 1),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = list(kernel_size)
        self.strides = list(strides)
        self.padding = padding if isinstance(padding, str) else [list(sides) for sides in padding]
        self.dilation_rate = list(dilation_rate)

    def call(self, x: Any) -> Any:
        padding = self.padding
        if not isinstance(padding, str):
            x, padding = ops.pad(x, [(0, 0), *padding, (0, 0)]), "valid"
        channels, cells = x.shape[3], self.kernel_size[0] * self.kernel_size[1]
        # One filter for each cell of the window, the same for every channel: a depthwise convolution with the identity
        # would do, were unequal strides allowed; so each channel becomes a sample.
        size = ops.shape(x)
        planes = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, size[1], size[2], 1))
        kernel = ops.reshape(ops.eye(cells, dtype=x.dtype), (*self.kernel_size, 1, cells))
        found = ops.conv(planes, kernel, self.strides, padding, "channels_last", self.dilation_rate)
        rows, columns = ops.shape(found)[1:3]
        apart = ops.reshape(found, (-1, channels, rows, columns, cells))
        return ops.reshape(ops.transpose(apart, (0, 2, 3, 1, 4)), (-1, rows, columns, channels * cells))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        counts = [self._count(input_shape[axis + 1], axis) for axis in range(2)]
        channels = input_shape[3] or 0
        return (input_shape[0], *counts, channels * self.kernel_size[0] * self.kernel_size[1])

    def _count(self, n: int | None, axis: int) -> int | None:
        if n is None:
            return None
        stride = self.strides[axis]
        if self.padding == "same":
            return -(-n // stride)
        around = 0 if isinstance(self.padding, str) else sum(self.padding[axis])
        return (n + around - self.dilation_rate[axis] * (self.kernel_size[axis] - 1) - 1) // stride + 1

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
        }


@keras.saving.register_keras_serializable("visualnn")
class Parameter(keras.layers.Layer):  # type: ignore[misc]
    """A learnt tensor, once for each sample of the input, of which nothing else is used.

    Input shape: (batch, ...). Output shape: (batch, *shape). Weights: value, of ``shape``.
    """

    def __init__(
        self,
        shape: Sequence[int],
        value_initializer: Any = "zeros",
        value_regularizer: Any = None,
        value_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape = list(shape)
        self.value_initializer = keras.initializers.get(value_initializer)
        self.value_regularizer = keras.regularizers.get(value_regularizer)
        self.value_constraint = keras.constraints.get(value_constraint)

    def build(self, _input_shape: Shape) -> None:
        self.value = self.add_weight(
            name="value", shape=self.shape, initializer=self.value_initializer,
            regularizer=self.value_regularizer, constraint=self.value_constraint,
        )  # fmt: skip

    def call(self, x: Any) -> Any:
        alone = ops.expand_dims(ops.cast(self.value, self.compute_dtype), 0)
        return ops.repeat(alone, ops.shape(x)[0], axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "shape": self.shape,
            "value_initializer": keras.initializers.serialize(self.value_initializer),
            "value_regularizer": keras.regularizers.serialize(self.value_regularizer),
            "value_constraint": keras.constraints.serialize(self.value_constraint),
        }
