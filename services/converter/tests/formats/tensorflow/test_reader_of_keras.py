"""Keras models frozen by TensorFlow: the spec has their parameters, and the worker's network answers as they do."""

from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Spec

keras = pytest.importorskip("keras")
L = keras.layers


def _chain(shape: tuple[int | None, ...], *layers: Any) -> Any:
    value = entrance = keras.Input(shape, name="entrance")
    for layer in layers:
        value = layer(value)
    return keras.Model(entrance, value)


def _merges() -> Any:
    a, b = keras.Input((4, 4, 3), name="a"), keras.Input((4, 4, 3), name="b")
    merges = [
        L.Add()([a, b, a]), L.Average()([a, b]), L.Average()([a, b, b]), L.Concatenate(axis=1)([a, b]),
        L.Maximum()([a, b]), L.Minimum()([a, b]), L.Multiply()([a, b]), L.Subtract()([a, b]),
    ]  # fmt: skip
    return keras.Model([a, b], merges)


def _shared() -> Any:
    x, dense = keras.Input((4,), name="x"), L.Dense(4)
    return keras.Model(x, dense(L.Activation("tanh")(dense(x))))


MODELS: dict[str, Any] = {
    "pictures": lambda: _chain(
        (8, 8, 3), L.Conv2D(4, 3, padding="same", activation="relu"), L.BatchNormalization(),
        L.DepthwiseConv2D(3, dilation_rate=2), L.MaxPooling2D(), L.Dropout(0.5), L.LayerNormalization(),
        L.Activation("gelu"), L.Flatten(), L.Dense(5, activation="softmax"),
    ),
    "borders": lambda: _chain(
        (8, 8, 3), L.SeparableConv2D(4, 3, padding="same"), L.Conv2D(4, 3, dilation_rate=2, padding="same"),
        L.Cropping2D(1), L.ZeroPadding2D(((1, 0), (2, 1))), L.AveragePooling2D(2, padding="same"),
        L.GlobalAveragePooling2D(keepdims=True),
    ),
    "decoder": lambda: _chain(
        (8, 8, 4), L.Conv2DTranspose(3, 3, strides=2, padding="same"), L.UpSampling2D(2),
        L.UpSampling2D(2, interpolation="bilinear"), L.GlobalMaxPooling2D(), L.Reshape((3, 1)), L.Permute((2, 1)),
        L.PReLU(), L.ReLU(6.0), L.ZeroPadding1D(1), L.Softmax(axis=1),
    ),
    "sequences": lambda: _chain(
        (9, 4), L.Conv1D(4, 3, dilation_rate=2, padding="same"), L.Conv1D(3, 2, strides=2, padding="causal"),
        L.Dense(3), L.BatchNormalization(scale=False, center=False), L.Activation("silu"), L.MaxPooling1D(),
        L.SeparableConv1D(3, 2), L.GlobalAveragePooling1D(),
    ),
    "free steps": lambda: _chain((None, 4), L.Conv1D(4, 3, padding="same"), L.Dense(3), L.GlobalMaxPooling1D()),
    "words": lambda: _chain((7,), L.Embedding(10, 4), L.UpSampling1D(2), L.LeakyReLU(), L.GlobalMaxPooling1D()),
    "volumes": lambda: _chain(
        (6, 6, 6, 2), L.Conv3D(3, 2, padding="same"), L.BatchNormalization(), L.MaxPooling3D(2),
        L.Conv3DTranspose(2, 2, strides=2), L.AveragePooling3D(2), L.UpSampling3D(2), L.Flatten(),
    ),
    "normalisations": lambda: _chain(
        (6, 5, 4), L.Rescaling(1 / 255, offset=0.5), L.LayerNormalization(axis=[1, 2]), L.UnitNormalization(),
        L.LayerNormalization(axis=1, scale=False), L.BatchNormalization(axis=1), L.RMSNormalization(),
        L.PReLU(shared_axes=[1]), L.ReLU(threshold=0.5, negative_slope=0.1, max_value=3.0),
    ),
    "statistics": lambda: _chain((4, 4, 3), L.Normalization(mean=[1.0, 2, 3], variance=[1.0, 2, 4])),
    "merges": _merges,
    "shared": _shared,
}  # fmt: skip
_FUNCTIONS = [
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
    "log_sigmoid", "hard_silu", "tanh", "hard_tanh", "tanh_shrink", "softmax", "log_softmax", "softplus", "softsign",
    "exponential", "squareplus", "soft_shrink", "hard_shrink", "sparse_sigmoid", "sparse_plus",
]  # fmt: skip
MODELS["functions"] = lambda: _functions()


def _functions() -> Any:
    x = keras.Input((7,), name="x")
    return keras.Model(x, [L.Activation(name)(x) for name in _FUNCTIONS])


def _fill(model: Any) -> None:
    rng = np.random.default_rng(3)
    for variable in model.variables:
        if "seed" not in variable.path:
            values = rng.normal(0, 0.4, variable.shape)
            variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)


def _inputs(model: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    sizes = [[2, *(7 if n is None else n for n in one.shape[1:])] for one in model.inputs]
    return [np.float32(rng.integers(0, 5, size) if size == [2, 7] else rng.normal(0, 1, size)) for size in sizes]


def _names(spec: Spec) -> list[str]:
    return [layer.name for layer in spec.layers if layer.type == "Input"]


@pytest.mark.parametrize("name", MODELS)
def test_a_frozen_model_is_read_with_its_numbers(name: str, frozen: Any, worker_outputs: Any) -> None:
    model = MODELS[name]()
    _fill(model)
    spec, weights, report = conversion.read(frozen(model).SerializeToString())
    assert report.source == "tensorflow"
    assert weights is not None
    assert sum(array.size for array in weights.values()) == model.count_params()
    inputs = _inputs(model)
    expected = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    found = worker_outputs(spec, weights, dict(zip(_names(spec), inputs, strict=True)))
    for one, other in zip(found, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_allclose(one, np.asarray(other), rtol=1e-4, atol=1e-4)


def test_every_function_is_recognised_as_one_layer(frozen: Any) -> None:
    spec, _, _ = conversion.read(frozen(_functions()).SerializeToString())
    assert len(spec.layers) == 1 + len(_FUNCTIONS)


def test_layers_have_the_names_of_their_scopes(frozen: Any) -> None:
    model = _chain((4, 4, 3), L.Conv2D(2, 3, name="first", activation="relu"), L.BatchNormalization(name="second"),
                   L.Flatten(name="third"), L.Dense(2, name="fourth"))  # fmt: skip
    spec, _, _ = conversion.read(frozen(model).SerializeToString())
    ends = [layer.name.partition("/")[2].replace("_1", "") for layer in spec.layers[1:]]  # Keras numbers its scopes
    assert ends == ["first", "first/Relu", "second", "third", "fourth"]


def test_a_recurrent_layer_is_an_obstacle_with_its_name(frozen: Any) -> None:
    model = _chain((5, 4), L.LSTM(3, name="memory"))
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(frozen(model).SerializeToString())
    assert any("memory" in str(problem.where.layer) for problem in caught.value.problems)
