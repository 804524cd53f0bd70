"""Functions of each value, normalisation and reductions of Caffe, with its parameters and formulas."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

E = -1.0
"""The base that means Euler's number."""


class Elementwise(keras.layers.Layer):  # type: ignore[misc]
    """A function of each value. Input shape: any. Output shape: as the input."""

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Sequence[int | None]:
        return input_shape


@keras.saving.register_keras_serializable("visualnn")
class AbsVal(Elementwise):
    """``|x|``."""

    def call(self, x: Any) -> Any:
        return ops.absolute(x)


@keras.saving.register_keras_serializable("visualnn")
class BNLL(Elementwise):
    """``log(1 + exp(x))``, for large x computed as ``x + log(1 + exp(-x))``."""

    def call(self, x: Any) -> Any:
        return ops.softplus(x)


@keras.saving.register_keras_serializable("visualnn")
class Threshold(Elementwise):
    """1 where ``x > threshold``, else 0."""

    def __init__(self, threshold: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, x: Any) -> Any:
        return ops.cast(x > self.threshold, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "threshold": self.threshold}


@keras.saving.register_keras_serializable("visualnn")
class Clip(Elementwise):
    """``min(max(x, min), max)``."""

    def __init__(self, min: float, max: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.min = min
        self.max = max

    def call(self, x: Any) -> Any:
        return ops.clip(x, self.min, self.max)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "min": self.min, "max": self.max}


class _Affine(Elementwise):
    """What follows ``shift + scale * x``."""

    def __init__(self, scale: float = 1.0, shift: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.shift = shift

    def _inner(self, x: Any) -> Any:
        return ops.add(ops.multiply(x, self.scale), self.shift)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "shift": self.shift}


@keras.saving.register_keras_serializable("visualnn")
class Power(_Affine):
    """``(shift + scale * x) ^ power``."""

    def __init__(self, power: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.power = power

    def call(self, x: Any) -> Any:
        inner = self._inner(x)
        return inner if self.power == 1 else ops.power(inner, self.power)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": self.power}


class _Based(_Affine):
    """With a base, -1 for e."""

    def __init__(self, base: float = E, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base = base

    @property
    def _log_of_base(self) -> float:
        return 1.0 if self.base == E else math.log(self.base)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "base": self.base}


@keras.saving.register_keras_serializable("visualnn")
class Exp(_Based):
    """``base ^ (shift + scale * x)``."""

    def call(self, x: Any) -> Any:
        return ops.exp(ops.multiply(self._inner(x), self._log_of_base))


@keras.saving.register_keras_serializable("visualnn")
class Log(_Based):
    """``log(shift + scale * x)`` to the base; negative arguments have none."""

    def call(self, x: Any) -> Any:
        return ops.divide(ops.log(self._inner(x)), self._log_of_base)


@keras.saving.register_keras_serializable("visualnn")
class MVN(Elementwise):
    """``(x - mean) / (standard deviation + eps)`` of each sample, without the division where not
    ``normalize_variance``; over all axes but the batch and, unless ``across_channels``, the last.
    """

    def __init__(
        self, normalize_variance: bool = True, across_channels: bool = False, eps: float = 1e-9, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.normalize_variance = normalize_variance
        self.across_channels = across_channels
        self.eps = eps

    def call(self, x: Any) -> Any:
        rank = len(x.shape)
        axes = list(range(1, rank if self.across_channels else rank - 1))
        centred = ops.subtract(x, ops.mean(x, axes, keepdims=True))
        if not self.normalize_variance:
            return centred
        # The square root has no gradient at 0, where all values are equal.
        variance = ops.mean(ops.square(centred), axes, keepdims=True)
        spread = ops.where(variance > 0, variance, 1.0)
        deviation = ops.where(variance > 0, ops.sqrt(spread), 0.0)
        return ops.divide(centred, ops.add(deviation, self.eps))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "normalize_variance": self.normalize_variance,
            "across_channels": self.across_channels,
            "eps": self.eps,
        }


@keras.saving.register_keras_serializable("visualnn")
class Reduction(keras.layers.Layer):  # type: ignore[misc]
    """``coeff`` times the SUM, ASUM (of absolute values), SUMSQ (of squares) or MEAN along ``axis``.

    Input shape: (batch, ...). Output shape: without the axes named; None names all but the batch.
    """

    def __init__(
        self,
        operation: Literal["SUM", "ASUM", "SUMSQ", "MEAN"] = "SUM",
        axis: int | Sequence[int] | None = None,
        coeff: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.operation = operation
        self.axis = axis if axis is None or isinstance(axis, int) else list(axis)
        self.coeff = coeff

    def call(self, x: Any) -> Any:
        if self.axis is None:
            axes: Any = list(range(1, len(x.shape)))
        else:
            axes = self.axis
        if axes == []:
            return ops.multiply(self._each(x), self.coeff)
        if self.operation == "MEAN":
            return ops.multiply(ops.mean(x, axes), self.coeff)
        return ops.multiply(ops.sum(self._each(x), axes), self.coeff)

    def _each(self, x: Any) -> Any:
        return {"ASUM": ops.absolute, "SUMSQ": ops.square}.get(self.operation, ops.convert_to_tensor)(x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "operation": self.operation, "axis": self.axis, "coeff": self.coeff}


@keras.saving.register_keras_serializable("visualnn")
class ArgMax(keras.layers.Layer):  # type: ignore[misc]
    """Positions (from 0) of the ``top_k`` largest values, largest first; of equal values the last comes first.

    With ``axis``, that axis has ``top_k`` cells afterwards: positions, or with ``out_max_val`` the values. Without,
    the whole sample is searched and the output is (batch, 1, top_k), or (batch, 2, top_k) with the values behind.
    """

    def __init__(self, top_k: int = 1, out_max_val: bool = False, axis: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.top_k = top_k
        self.out_max_val = out_max_val
        self.axis = axis

    def call(self, x: Any) -> Any:
        if self.axis is None:
            found = self._search(ops.reshape(x, (ops.shape(x)[0], -1)))
            return ops.stack(found if self.out_max_val else found[:1], axis=1)
        positions, values = self._search(ops.moveaxis(x, self.axis, -1))
        return ops.moveaxis(values if self.out_max_val else positions, -1, self.axis)

    def _search(self, x: Any) -> tuple[Any, Any]:
        """Positions and values along the last axis. ``top_k`` takes the first of equal values, hence the reversal."""
        values, positions = ops.top_k(ops.flip(x, -1), self.top_k)
        last = ops.shape(x)[-1] - 1
        return ops.cast(last - positions, self.compute_dtype), ops.cast(values, self.compute_dtype)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        if self.axis is None:
            return (input_shape[0], 2 if self.out_max_val else 1, self.top_k)
        out = list(input_shape)
        out[self.axis] = self.top_k
        return tuple(out)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "top_k": self.top_k, "out_max_val": self.out_max_val, "axis": self.axis}
