"""Dense layers, softmax and residual helpers of papers that Keras does not have."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
from keras import ops

Shape = tuple[int | None, ...]


class Weighted(keras.layers.Layer):  # type: ignore[misc]
    """A layer whose variables each have ``<name>_initializer``, ``_regularizer`` and ``_constraint``.

    ``VARIABLES`` are their names with the initializer that Keras' name says, by default.
    """

    VARIABLES: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, use_bias: bool = True, activity_regularizer: Any = None, **kwargs: Any) -> None:
        self._rules: dict[str, Any] = {}
        for name, initializer in self.VARIABLES.items():
            self._rules[f"{name}_initializer"] = keras.initializers.get(kwargs.pop(f"{name}_initializer", initializer))
            self._rules[f"{name}_regularizer"] = keras.regularizers.get(kwargs.pop(f"{name}_regularizer", None))
            self._rules[f"{name}_constraint"] = keras.constraints.get(kwargs.pop(f"{name}_constraint", None))
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.use_bias = use_bias

    def _variable(self, name: str, shape: Sequence[int]) -> Any:
        parts = ("initializer", "regularizer", "constraint")
        return self.add_weight(name=name, shape=shape, **{part: self._rules[f"{name}_{part}"] for part in parts})

    def _bias(self, name: str, size: int) -> Any:
        return self._variable(name, (size,)) if self.use_bias else None

    def get_config(self) -> dict[str, Any]:
        modules = {"_initializer": keras.initializers, "_regularizer": keras.regularizers}
        rules = {
            key: modules.get(key[key.rindex("_") :], keras.constraints).serialize(rule)
            for key, rule in self._rules.items()
        }
        activity = keras.regularizers.serialize(self.activity_regularizer)
        return {**super().get_config(), "use_bias": self.use_bias, "activity_regularizer": activity, **rules}


def _dense(x: Any, kernel: Any, bias: Any) -> Any:
    """``x @ kernel + bias``."""
    product = ops.matmul(x, kernel)
    return product if bias is None else ops.add(product, bias)


def _shares(logits: Any) -> Any:
    """Softmax along the last axis; Keras warns where there is but one class, whose share is 1."""
    return ops.ones_like(logits) if logits.shape[-1] == 1 else ops.softmax(logits, axis=-1)


@keras.saving.register_keras_serializable("visualnn")
class Highway(Weighted):
    """``T(x) * H(x) + (1 - T(x)) * x``, T = sigmoid(x @ transform_kernel + transform_bias), H = activation(x @ kernel +
    bias). Srivastava, Greff and Schmidhuber 2015, equation 3.

    Input shape: (batch, ..., n). Output shape: as the input. Weights: kernel (n, n), bias (n), transform_kernel (n, n),
    transform_bias (n), which starts negative so that the layer passes its input on at first.
    """

    VARIABLES: ClassVar[Mapping[str, Any]] = {
        "kernel": "glorot_uniform", "bias": "zeros", "transform_kernel": "glorot_uniform",
        "transform_bias": keras.initializers.Constant(-1.0),
    }  # fmt: skip

    def __init__(self, activation: Any = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Shape) -> None:
        size = input_shape[-1] or 0
        self.kernel = self._variable("kernel", (size, size))
        self.bias = self._bias("bias", size)
        self.transform_kernel = self._variable("transform_kernel", (size, size))
        self.transform_bias = self._bias("transform_bias", size)

    def call(self, x: Any) -> Any:
        gate = ops.sigmoid(_dense(x, self.transform_kernel, self.transform_bias))
        changed = self.activation(_dense(x, self.kernel, self.bias))
        return ops.add(ops.multiply(gate, changed), ops.multiply(1 - gate, x))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": keras.activations.serialize(self.activation)}


@keras.saving.register_keras_serializable("visualnn")
class Maxout(Weighted):
    """The largest of ``pieces`` affine functions for each of ``units``. Goodfellow et al. 2013, section 3.

    Input shape: (batch, ..., n). Output shape: (batch, ..., units). Weights: kernel (n, units x pieces) and bias, the
    pieces of a unit side by side.
    """

    VARIABLES: ClassVar[Mapping[str, Any]] = {"kernel": "glorot_uniform", "bias": "zeros"}

    def __init__(self, units: int, pieces: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.pieces = pieces

    def build(self, input_shape: Shape) -> None:
        self.kernel = self._variable("kernel", (input_shape[-1] or 0, self.units * self.pieces))
        self.bias = self._bias("bias", self.units * self.pieces)

    def call(self, x: Any) -> Any:
        sums = _dense(x, self.kernel, self.bias)
        return ops.max(ops.reshape(sums, (*ops.shape(sums)[:-1], self.units, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "pieces": self.pieces}


@keras.saving.register_keras_serializable("visualnn")
class HierarchicalSoftmax(Weighted):
    """``p(class) = p(cluster of the class) * p(class | cluster)``, each a softmax. Goodman 2001.

    Class i is in cluster i // classes_per_cluster; the last cluster may have fewer classes. Input shape: (batch, ...,
    n). Output shape: (batch, ..., classes), shares that sum to 1. Weights: cluster_kernel (n, clusters), cluster_bias,
    kernel (n, classes), bias.
    """

    VARIABLES: ClassVar[Mapping[str, Any]] = {
        "cluster_kernel": "glorot_uniform", "cluster_bias": "zeros", "kernel": "glorot_uniform", "bias": "zeros",
    }  # fmt: skip

    def __init__(self, classes: int, classes_per_cluster: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.classes = classes
        self.classes_per_cluster = classes_per_cluster

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return -(-self.classes // self.classes_per_cluster)

    def build(self, input_shape: Shape) -> None:
        size = input_shape[-1] or 0
        self.cluster_kernel = self._variable("cluster_kernel", (size, self.clusters))
        self.cluster_bias = self._bias("cluster_bias", self.clusters)
        self.kernel = self._variable("kernel", (size, self.classes))
        self.bias = self._bias("bias", self.classes)

    def call(self, x: Any) -> Any:
        clusters = _shares(_dense(x, self.cluster_kernel, self.cluster_bias))
        logits = _dense(x, self.kernel, self.bias)
        lacking = self.clusters * self.classes_per_cluster - self.classes
        sides = [(0, 0)] * (len(x.shape) - 1) + [(0, lacking)]
        logits = ops.pad(logits, sides, constant_values=-float("inf"))  # classes that are not there have share 0
        lead = ops.shape(logits)[:-1]
        inner = _shares(ops.reshape(logits, (*lead, self.clusters, self.classes_per_cluster)))
        shares = ops.multiply(inner, ops.expand_dims(clusters, -1))
        flat = ops.reshape(shares, (*lead, self.clusters * self.classes_per_cluster))
        return flat[..., : self.classes]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.classes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "classes": self.classes,
            "classes_per_cluster": self.classes_per_cluster,
        }


@keras.saving.register_keras_serializable("visualnn")
class LayerScale(keras.layers.Layer):  # type: ignore[misc]
    """``x * gamma`` along the last axis. Touvron et al. 2021, section 2.1; as in ConvNeXt.

    Input shape: (batch, ..., n). Output shape: as the input. Weights: gamma (n), which starts at ``init_values``.
    """

    def __init__(
        self, init_values: float = 1e-6, gamma_regularizer: Any = None, gamma_constraint: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        self.gamma = self.add_weight(
            name="gamma", shape=(input_shape[-1],), initializer=keras.initializers.Constant(self.init_values),
            regularizer=self.gamma_regularizer, constraint=self.gamma_constraint,
        )  # fmt: skip

    def call(self, x: Any) -> Any:
        return ops.multiply(x, self.gamma)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "init_values": self.init_values,
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }


@keras.saving.register_keras_serializable("visualnn")
class StochasticDepth(keras.layers.Layer):  # type: ignore[misc]
    """While training, a share ``rate`` of the samples becomes 0 and the others are divided by 1 - rate; otherwise the
    input itself. Huang et al. 2016, scaled at training time as in ConvNeXt and EfficientNet.

    Input shape: (batch, ...). Output shape: as the input.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        if rate > 0:
            self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return x
        shape = (ops.shape(x)[0], *(1 for _ in x.shape[1:]))
        kept = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate
        if self.rate == 1:
            return ops.zeros_like(x)
        return ops.multiply(ops.divide(x, 1 - self.rate), ops.cast(kept, x.dtype))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
