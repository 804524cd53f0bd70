"""The sum of several tensors, each times a factor: Caffe's Eltwise SUM with ``coeff``."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("visualnn")
class WeightedSum(keras.layers.Layer):  # type: ignore[misc]
    """``c0 * x0 + c1 * x1 + ...`` of inputs whose shapes broadcast together."""

    def __init__(self, coefficients: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coefficients = [float(c) for c in coefficients]

    def build(self, input_shape: Sequence[Sequence[int]]) -> None:
        if len(input_shape) != len(self.coefficients):
            raise ValueError(
                f"coefficients must be one number for each of the {len(input_shape)} inputs; "
                f"received {self.coefficients}; layer {self.name}"
            )

    def call(self, inputs: Sequence[Any]) -> Any:
        first, *rest = [ops.multiply(x, c) for x, c in zip(inputs, self.coefficients, strict=True)]
        for term in rest:
            first = ops.add(first, term)
        return first

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "coefficients": self.coefficients}
