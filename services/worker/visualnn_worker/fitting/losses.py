"""The losses of a recipe as Keras objects; what Keras has not is written with ``keras.ops``, for every backend."""

from typing import Any

import keras
from keras import ops
from keras.src.trainers.compile_utils import CompileLoss  # how a net sums its outputs' losses has no public name
from visualnn_shared.training.loss_options import name_of, options_of
from visualnn_shared.training.recipe import LossChoice

_KERAS = {
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "huber": "Huber",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "cosine_similarity": "CosineSimilarity",
    "ctc": "CTC",
}


class MulticlassHinge(keras.losses.Loss):  # type: ignore[misc]
    """Sum over the wrong classes j of max(0, s_j - s_right + margin) (Weston and Watkins 1999).

    Labels are class numbers of shape (n, ...), predictions (n, ..., classes).
    """

    def __init__(self, margin: float = 1.0, name: str = "multiclass_hinge", **more: Any) -> None:
        super().__init__(name=name, **more)
        self.margin = margin

    def call(self, y_true: Any, y_pred: Any) -> Any:
        right = ops.one_hot(ops.cast(y_true, "int32"), ops.shape(y_pred)[-1], dtype=y_pred.dtype)
        over = y_pred - ops.sum(right * y_pred, axis=-1, keepdims=True) + self.margin
        return ops.sum(ops.maximum(over, 0.0) * (1.0 - right), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}


class Contrastive(keras.losses.Loss):  # type: ignore[misc]
    """d^2 for two that are alike (label 1), else max(0, margin - d)^2, d their distance (Hadsell et al. 2006)."""

    def __init__(self, margin: float = 1.0, name: str = "contrastive", **more: Any) -> None:
        super().__init__(name=name, **more)
        self.margin = margin

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = ops.cast(y_true, y_pred.dtype)
        far = ops.square(ops.maximum(self.margin - y_pred, 0.0))
        return ops.mean(y_true * ops.square(y_pred) + (1.0 - y_true) * far, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "margin": self.margin}


class OutputLosses(CompileLoss):  # type: ignore[misc]
    """The losses of several outputs, as Keras has them, the running mean of each a mean over samples.

    Keras weighs a batch by the size that is known while the step is traced. Under TensorFlow that is none, and a last
    batch of one sample would count as much as a full one.
    """

    def build(self, y_true: Any, y_pred: Any) -> None:
        super().build(y_true, y_pred)
        self._metrics[:] = [_OverSamples(self, mean.name) for mean in self._metrics]

    def call(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        self.samples = ops.shape(keras.tree.flatten(y_pred)[0])[0]
        try:
            return super().call(y_true, y_pred, sample_weight)
        finally:
            self.samples = None  # of a step that is being traced, it would outlive it


class _OverSamples(keras.metrics.Mean):  # type: ignore[misc]
    def __init__(self, losses: OutputLosses, name: str) -> None:
        super().__init__(name=name)
        self._losses = losses

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # noqa: ARG002 - Keras' signature
        super().update_state(values, sample_weight=self._losses.samples)


_OWN = {"multiclass_hinge": MulticlassHinge, "contrastive": Contrastive}


def loss_of(loss: str | LossChoice) -> keras.losses.Loss:
    """The Keras loss; it gives the mean over a batch."""
    name = name_of(loss)
    kind = _OWN.get(name) or getattr(keras.losses, _KERAS[name])
    return kind(**options_of(loss), name=name)


def is_own(loss: Any) -> bool:
    """Whether a file that names this loss could only be read where this package is installed."""
    return isinstance(loss, tuple(_OWN.values()))
