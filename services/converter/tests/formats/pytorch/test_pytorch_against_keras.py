"""PyTorch's answers to what the converter writes equal Keras' own, elementwise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.spec.model import Layer, Spec

from services.converter.tests.formats.onnx.test_writer_against_keras import CASES as SHARED
from services.converter.tests.formats.onnx.test_writer_against_keras import PICTURE, ROW, STEPS, even
from shared.tests.zoo_nets import SMALL

FUNCTIONS = ("squareplus", "sparse_plus", "sparsemax", "tanh_shrink")


def _rnn(type: str, **params: Any) -> list[tuple[Any, ...]]:
    return [STEPS, ("rnn", type, {"units": 4, **params})]


def _both(type: str, inner: dict[str, Any], **params: Any) -> tuple[Any, ...]:
    return ("both", "Bidirectional", {"layer": {"type": type, "params": {"units": 4, **inner}}, **params})


def _each(type: str, **params: Any) -> tuple[Any, ...]:
    return ("each", "TimeDistributed", {"layer": {"type": type, "params": params}})


def _pool(type: str, shape: tuple[Any, ...] = (9, 8, 6), **params: Any) -> list[tuple[Any, ...]]:
    return [("x", "Input", {"shape": shape}), ("pool", type, {"pool_size": [3, 3], "strides": [2, 2], **params})]


OWN: dict[str, list[tuple[Any, ...]]] = {
    **{f"{name} as a function": [STEPS, ("a", "Activation", {"activation": name})] for name in FUNCTIONS},
    "max pool with unlike padding": _pool("MaxPooling2D", padding=[[1, 2], [0, 1]]),
    "max pool with unlike padding rounding up": _pool("MaxPooling2D", padding=[[1, 0], [0, 2]], ceil_mode=True),
    "average pool with unlike padding": _pool("AveragePooling2D", padding=[[1, 2], [0, 1]]),
    "average pool with unlike padding that counts": _pool(
        "AveragePooling2D", padding=[[1, 2], [0, 1]], count_include_pad=True
    ),
    "max pool same of a free size": _pool("MaxPooling2D", (None, None, 6), padding="same"),
    "average pool same of a free size": _pool("AveragePooling2D", (None, None, 6), padding="same"),
    "max pool rounding up of a free size": _pool("MaxPooling2D", (None, None, 6), ceil_mode=True),
    "relu of three parts": [ROW, ("a", "ReLU", {"max_value": 0.9, "negative_slope": 0.1, "threshold": 0.2})],
    "softmax over two axes": [STEPS, ("a", "Softmax", {"axis": [1, 2]})],
    "separable with strides": [
        PICTURE,
        ("s", "SeparableConv2D", {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same",
                                  "depth_multiplier": 2, "activation": "relu"}),
    ],
    "gru": _rnn("GRU"),
    "gru of sequences backwards without bias": _rnn("GRU", return_sequences=True, go_backwards=True, use_bias=False),
    "gru that resets before": _rnn("GRU", reset_after=False, return_sequences=True),
    "gru that resets before without bias": _rnn("GRU", reset_after=False, use_bias=False),
    "gru with other functions": _rnn("GRU", activation="relu", recurrent_activation="hard_sigmoid"),
    "gru states": [
        STEPS, ("rnn", "GRU", {"units": 4, "return_state": True, "return_sequences": True}),
        ("d", "Dense", {"units": 4}, ["rnn"]), ("sum", "Multiply", {}, ["d", "rnn:1"]),
    ],
    "simple rnn": _rnn("SimpleRNN", return_sequences=True),
    "simple rnn of relu": _rnn("SimpleRNN", activation="relu", use_bias=False),
    "simple rnn of another function": _rnn("SimpleRNN", activation="elu"),
    "both ways": [STEPS, _both("LSTM", {})],
    "both ways, sequences": [STEPS, _both("GRU", {"return_sequences": True}, merge_mode="sum")],
    "both ways, mean": [STEPS, _both("SimpleRNN", {"return_sequences": True}, merge_mode="ave")],
    "both ways, apart": [
        STEPS, _both("LSTM", {"return_sequences": True}, merge_mode=None),
        ("d", "Subtract", {}, ["both", "both:1"]),
    ],
    "both ways with states": [
        STEPS, _both("LSTM", {"return_state": True}, merge_mode="mul"),
        ("d", "Concatenate", {}, ["both", "both:1", "both:4"]),
    ],
    "a dense at each step": [STEPS, _each("Dense", units=3, activation="softmax")],
    "a convolution at each step": [
        ("x", "Input", {"shape": [4, 6, 5, 2]}), _each("Conv2D", filters=3, kernel_size=3, padding="same"),
        ("m", "TimeDistributed", {"layer": {"type": "MaxPooling2D", "params": {}}}),
    ],
    "attention with heads": [
        STEPS,
        ("a", "MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 4, "output_shape": 7}, ["x", "x"]),
    ],
    "attention with heads without bias": [
        STEPS, ("a", "MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "use_bias": False}, ["x", "x", "x"]),
    ],
    "weights shared at another size": [
        ("a", "Input", {"shape": [9, 9, 2]}), ("b", "Input", {"shape": [8, 8, 2]}),
        ("c", "Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, ["a"]),
        ("c@1", "Conv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, ["b"], "c"),
        ("p", "GlobalAveragePooling2D", {}, ["c"]), ("q", "GlobalMaxPooling2D", {}, ["c@1"]),
        ("sum", "Add", {}, ["p", "q"]),
    ],
    "names that are Python": [
        ("self", "Input", {"shape": [5]}), ("forward", "Dense", {"units": 4}), ("import os", "Dense", {"units": 3}),
        ("weight", "ReLU", {}), ("3x3", "Dense", {"units": 2}), ("数", "Dense", {"units": 2}), ("x", "Softmax", {}),
    ],
}  # fmt: skip
CASES = {**SHARED, **OWN}


@pytest.mark.parametrize("name", CASES)
def test_answers_equal_those_of_keras(
    name: str, chain: Callable[..., Spec], random_weights: Any, random_inputs: Any, worker_outputs: Any, run_torch: Any
) -> None:
    spec = chain(*CASES[name])
    weights, inputs = random_weights(spec), random_inputs(spec)
    found = run_torch(spec, weights, inputs)
    _compare(found, worker_outputs(spec, weights, inputs))


def _compare(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


TYPES = [entry.type for entry in CATALOGUE.values() if entry.maps.get("torch")]


@pytest.mark.parametrize("type", TYPES)
def test_every_layer_with_a_map_answers_as_the_layer_that_is_trained(
    type: str, random_weights: Any, random_inputs: Any, worker_outputs: Any, run_torch: Any
) -> None:
    entry = CATALOGUE[type]
    dtype = "int32" if type == "Embedding" else "float32"
    layers = [
        Layer(name=f"x{i}", type="Input", params={"shape": list(shape), "dtype": dtype})
        for i, shape in enumerate(entry.example.inputs)
    ]
    names = tuple(layer.name for layer in layers)
    layers.append(Layer(name="y", type=type, params=dict(entry.example.params), inputs=names))
    spec = Spec(name="net", layers=tuple(layers), outputs=("y",))
    weights, inputs = random_weights(spec), random_inputs(spec)
    if type == "Log":
        inputs = {name: np.abs(value) for name, value in inputs.items()}
    _compare(run_torch(spec, weights, inputs), worker_outputs(spec, weights, inputs))


@pytest.mark.parametrize("name", SMALL)
def test_every_small_network_of_the_zoo_answers_as_it_is_trained(
    name: str, random_weights: Any, random_inputs: Any, worker_outputs: Any, run_torch: Any
) -> None:
    spec = zoo.load(name)
    weights, inputs = random_weights(spec), random_inputs(spec)
    weights = {key: value if "variance" in key else value * even(value.shape) for key, value in weights.items()}
    _compare(run_torch(spec, weights, inputs), worker_outputs(spec, weights, inputs))
