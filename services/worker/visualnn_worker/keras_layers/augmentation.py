"""Keras' layers for pictures, where Keras' own cannot be part of a functional net."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("visualnn")
class Equalization(keras.layers.Equalization):  # type: ignore[misc]
    """Keras' own but for one thing: its symbolic output is a tensor of its own, where Keras returns the input itself
    and then finds the net cyclic.

    Input shape: (batch, height, width, channels). Output shape: as the input. The frequency of values is counted over
    the whole batch, for each channel by itself.
    """

    def compute_output_spec(self, inputs: Any, **_kwargs: Any) -> Any:
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)


@keras.saving.register_keras_serializable("visualnn")
class RandomCrop(keras.layers.RandomCrop):  # type: ignore[misc]
    """Keras' own while training; else the middle of the picture, where Keras leaves the picture whole and so gives
    another shape than it announced.

    Input shape: (batch, rows, columns, channels), of a known size. Output shape: (batch, height, width, channels).
    Pictures that are too small are enlarged.
    """

    def __init__(self, height: int, width: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, seed=seed, **kwargs)
        self._middle = keras.layers.CenterCrop(height, width)

    def build(self, input_shape: Any) -> None:
        self._middle.build(input_shape)

    def call(self, data: Any, training: bool = True) -> Any:
        return super().call(data, training=True) if training else self._middle(data)
