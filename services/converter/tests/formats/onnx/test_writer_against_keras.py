"""ONNX Runtime's answers to what the converter writes equal Keras' own, elementwise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from visualnn_converter import conversion
from visualnn_shared import zoo
from visualnn_shared.spec.model import Spec

from shared.tests.zoo_nets import SMALL

PICTURE = ("x", "Input", {"shape": [9, 8, 6]})
STEPS = ("x", "Input", {"shape": [6, 5]})
ROW = ("x", "Input", {"shape": [12]})


def _conv(**params: Any) -> tuple[Any, ...]:
    return ("conv", "Conv2D", {"filters": 4, "kernel_size": [3, 3], **params})


def _pool(type: str, *, shape: tuple[int, ...] = (9, 8, 6), **params: Any) -> list[tuple[Any, ...]]:
    return [("x", "Input", {"shape": shape}), ("pool", type, {"pool_size": [3, 3], "strides": [2, 2], **params})]


SEQUENCE = ("x", "Input", {"shape": [9, 6]})
VOLUME = ("x", "Input", {"shape": [5, 6, 7, 4]})


def _transposed(**params: Any) -> list[tuple[Any, ...]]:
    return [PICTURE, ("t", "Conv2DTranspose", {"filters": 3, "kernel_size": 3, **params})]


def _lstm(**params: Any) -> tuple[Any, ...]:
    return ("lstm", "LSTM", {"units": 4, **params})


ACTIVATIONS = (
    "linear", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "elu", "selu", "celu", "gelu", "mish", "softplus",
    "softsign", "exponential", "leaky_relu", "hard_sigmoid", "sparse_sigmoid", "hard_silu", "relu6", "hard_tanh",
    "soft_shrink", "hard_shrink", "silu", "tanh_shrink", "log_sigmoid",
)  # fmt: skip

MERGES = ("Add", "Multiply", "Average", "Maximum", "Minimum")

CASES: dict[str, list[tuple[Any, ...]]] = {
    "conv valid": [PICTURE, _conv()],
    "conv same": [PICTURE, _conv(padding="same")],
    "conv same with strides on odd and even sizes": [PICTURE, _conv(padding="same", strides=[2, 2])],
    "conv same with a dilation": [PICTURE, _conv(padding="same", dilation_rate=[2, 2])],
    "conv with unlike explicit padding": [PICTURE, _conv(padding=[[1, 2], [0, 3]], strides=[2, 1])],
    "conv in groups": [PICTURE, _conv(groups=2, use_bias=False)],
    "conv with an even kernel": [PICTURE, _conv(kernel_size=[2, 4], padding="same")],
    "conv with an activation": [PICTURE, _conv(activation="relu")],
    "conv with softmax over the channels": [PICTURE, _conv(activation="softmax")],
    "conv on a free size": [("x", "Input", {"shape": [None, None, 6]}), _conv(padding="same", strides=[2, 2])],
    "depthwise": [PICTURE, ("dw", "DepthwiseConv2D", {"kernel_size": 3, "padding": "same"})],
    "depthwise with a multiplier": [
        PICTURE, ("dw", "DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 3, "strides": [2, 2]}),
    ],
    "conv of a sequence, causal with a dilation": [
        SEQUENCE, ("c", "Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}),
    ],
    "conv of a sequence in groups with strides": [
        SEQUENCE, ("c", "Conv1D", {"filters": 4, "kernel_size": 2, "padding": "same", "strides": 2, "groups": 2,
        "activation": "relu"}),
    ],
    "conv of a volume": [
        VOLUME, ("c", "Conv3D", {"filters": 2, "kernel_size": [2, 3, 1], "padding": [[1, 0], [0, 2], [0, 0]]}),
    ],
    "depthwise of a sequence": [
        SEQUENCE, ("d", "DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    ],
    "transposed": _transposed(),
    "transposed with strides": _transposed(strides=[2, 3]),
    "transposed with strides beyond the kernel": _transposed(kernel_size=[1, 2], strides=[3, 4]),
    "transposed with strides beyond the kernel, same": _transposed(kernel_size=[1, 2], strides=[3, 4], padding="same"),
    "transposed same": _transposed(kernel_size=[4, 3], strides=2, padding="same", activation="relu"),
    "transposed same of an even kernel": _transposed(kernel_size=[2, 4], padding="same", use_bias=False),
    "transposed with output padding": _transposed(strides=3, output_padding=[1, 2]),
    "transposed same with output padding": _transposed(kernel_size=[5, 4], strides=3, padding="same",
        output_padding=[0, 2]),
    "transposed with a dilation": _transposed(dilation_rate=[2, 3], padding="same"),
    "transposed of a sequence": [SEQUENCE, ("t", "Conv1DTranspose", {"filters": 3, "kernel_size": 4, "strides": 2})],
    "transposed of a volume": [
        VOLUME, ("t", "Conv3DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ],
    "pools of a sequence": [
        SEQUENCE, ("m", "MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("a", "AveragePooling1D", {"pool_size": 2, "strides": 1}), ("g", "GlobalAveragePooling1D", {}),
    ],
    "pools of a volume": [
        VOLUME, ("m", "MaxPooling3D", {"pool_size": 2, "ceil_mode": True}),
        ("a", "AveragePooling3D", {"pool_size": [2, 1, 2], "strides": 1, "padding": "same"}),
        ("g", "GlobalMaxPooling3D", {"keepdims": True}),
    ],
    "zeros around a sequence that is repeated and loses channels in training": [
        SEQUENCE, ("z", "ZeroPadding1D", {"padding": [1, 2]}), ("u", "UpSampling1D", {"size": 3}),
        ("d", "SpatialDropout1D", {"rate": 0.5}),
    ],
    "zeros around a volume that is repeated": [
        VOLUME, ("z", "ZeroPadding3D", {"padding": [[1, 0], [0, 2], [1, 1]]}),
        ("u", "UpSampling3D", {"size": [1, 2, 3]}),
    ],
    "max pool valid": _pool("MaxPooling2D"),
    "max pool same": _pool("MaxPooling2D", padding="same"),
    "max pool rounding up": _pool("MaxPooling2D", shape=(8, 6, 2), ceil_mode=True),
    "average pool valid": _pool("AveragePooling2D"),
    "average pool same leaves the padding out": _pool("AveragePooling2D", padding="same"),
    "average pool with padding that counts": _pool(
        "AveragePooling2D", padding=[[1, 1], [1, 1]], count_include_pad=True
    ),
    "average pool rounding up": _pool("AveragePooling2D", shape=(8, 6, 2), ceil_mode=True),
    "global average": [PICTURE, ("gap", "GlobalAveragePooling2D", {})],
    "global average that keeps its axes": [PICTURE, ("gap", "GlobalAveragePooling2D", {"keepdims": True})],
    "global max": [PICTURE, ("gmp", "GlobalMaxPooling2D", {})],
    "zero padding": [PICTURE, ("pad", "ZeroPadding2D", {"padding": [[1, 2], [3, 0]]})],
    "up-sampling nearest": [PICTURE, ("up", "UpSampling2D", {"size": [2, 3]})],
    "up-sampling bilinear": [PICTURE, ("up", "UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"})],
    "batch norm of a picture": [PICTURE, ("bn", "BatchNormalization", {})],
    "batch norm of rows": [PICTURE, ("bn", "BatchNormalization", {"axis": 1})],
    "batch norm of a row": [ROW, ("bn", "BatchNormalization", {"epsilon": 0.1})],
    "batch norm of steps": [STEPS, ("bn", "BatchNormalization", {})],
    "batch norm without scale": [PICTURE, ("bn", "BatchNormalization", {"scale": False})],
    "batch norm without shift": [PICTURE, ("bn", "BatchNormalization", {"center": False})],
    "layer norm of steps": [STEPS, ("ln", "LayerNormalization", {})],
    "layer norm along the steps": [STEPS, ("ln", "LayerNormalization", {"axis": 1})],
    "layer norm along two axes": [STEPS, ("ln", "LayerNormalization", {"axis": [1, 2], "center": False})],
    "layer norm without scale behind a convolution": [
        PICTURE, _conv(), ("ln", "LayerNormalization", {"scale": False}),
    ],
    "prelu per value": [PICTURE, ("a", "PReLU", {})],
    "prelu per channel behind a convolution": [PICTURE, _conv(), ("a", "PReLU", {"shared_axes": [1, 2]})],
    "relu": [ROW, ("a", "ReLU", {})],
    "relu with a limit": [ROW, ("a", "ReLU", {"max_value": 0.5})],
    "relu with a threshold": [ROW, ("a", "ReLU", {"threshold": 0.5})],
    "relu with a slope": [ROW, ("a", "ReLU", {"negative_slope": 0.3})],
    "leaky relu": [ROW, ("a", "LeakyReLU", {"negative_slope": 0.2})],
    "elu": [ROW, ("a", "ELU", {"alpha": 0.7})],
    "softmax of a picture's channels": [PICTURE, _conv(), ("a", "Softmax", {})],
    "softmax of a picture's rows": [PICTURE, _conv(), ("a", "Softmax", {"axis": 1})],
    "softmax of steps": [STEPS, ("a", "Softmax", {"axis": 1})],
    "dense": [ROW, ("d", "Dense", {"units": 3, "use_bias": False})],
    "dense on steps": [STEPS, ("d", "Dense", {"units": 3, "activation": "softmax"})],
    "dense on a picture": [PICTURE, _conv(), ("d", "Dense", {"units": 3})],
    "flatten then dense": [PICTURE, _conv(), ("f", "Flatten", {}), ("d", "Dense", {"units": 3})],
    "flatten, relu, dropout, then dense": [
        PICTURE, _conv(), ("f", "Flatten", {}), ("a", "ReLU", {}), ("o", "Dropout", {"rate": 0.5}), ("d", "Dense",
        {"units": 3}),
    ],
    "flatten then batch norm then dense": [
        PICTURE, _conv(), ("f", "Flatten", {}), ("bn", "BatchNormalization", {}), ("d", "Dense", {"units": 3}),
    ],
    "flatten then softmax": [PICTURE, _conv(), ("f", "Flatten", {}), ("a", "Softmax", {})],
    "two dense behind one flatten": [
        PICTURE, _conv(), ("f", "Flatten", {}), ("d1", "Dense", {"units": 3}, ["f"]), ("d2", "Dense", {"units": 3},
        ["f"]),
        ("sum", "Add", {}, ["d1", "d2"]),
    ],
    "dense and softmax behind one flatten": [
        PICTURE, _conv(), ("f", "Flatten", {}), ("d1", "Dense", {"units": 8}, ["f"]), ("s", "Softmax", {}, ["f"]),
        ("both", "Concatenate", {}, ["d1", "s"]),
    ],
    "reshape of a picture": [PICTURE, _conv(), ("r", "Reshape", {"target_shape": [-1, 4]})],
    "reshape to a picture": [ROW, ("r", "Reshape", {"target_shape": [3, 2, 2]}), _conv(kernel_size=2)],
    "permute of steps": [STEPS, ("p", "Permute", {"dims": [2, 1]}), ("d", "Dense", {"units": 3})],
    "permute behind a convolution": [PICTURE, _conv(), ("p", "Permute", {"dims": [3, 1, 2]}), ("f", "Flatten", {})],
    "embedding": [
        ("x", "Input", {"shape": [6], "dtype": "int32"}), ("e", "Embedding", {"input_dim": 5, "output_dim": 4}),
    ],
    "embedding of whole numbers as floats": [
        ("x", "Input", {"shape": [6], "dtype": "int64"}), ("e", "Embedding", {"input_dim": 5, "output_dim": 4}),
        ("f", "Flatten", {}), ("d", "Dense", {"units": 2}),
    ],
    "lstm": [STEPS, _lstm()],
    "lstm without bias": [STEPS, _lstm(use_bias=False)],
    "lstm of sequences": [STEPS, _lstm(return_sequences=True)],
    "lstm backwards": [STEPS, _lstm(go_backwards=True)],
    "lstm of sequences backwards": [STEPS, _lstm(go_backwards=True, return_sequences=True)],
    "lstm with other functions": [STEPS, _lstm(activation="relu", recurrent_activation="hard_sigmoid")],
    "lstm of free length": [("x", "Input", {"shape": [None, 5]}), _lstm(return_sequences=True), ("d", "Dense",
        {"units": 2})],
    "two lstm": [STEPS, _lstm(return_sequences=True), ("last", "LSTM", {"units": 3})],
    "lstm from an initial state": [
        STEPS, ("h", "Input", {"shape": [4]}), ("c", "Input", {"shape": [4]}), ("lstm", "LSTM", {"units": 4}, ["x",
        "h", "c"]),
    ],
    "lstm states": [
        STEPS, _lstm(return_state=True), ("sum", "Concatenate", {}, ["lstm", "lstm:1", "lstm:2"]),
    ],
    "weights shared by two inputs": [
        ("a", "Input", {"shape": [5]}), ("b", "Input", {"shape": [5]}), ("d", "Dense", {"units": 3}, ["a"]),
        ("d@1", "Dense", {"units": 3}, ["b"], "d"), ("diff", "Subtract", {}, ["d", "d@1"]),
    ],
    "concatenate channels": [PICTURE, _conv(), ("j", "Concatenate", {}, ["conv", "conv"])],
    "concatenate rows": [PICTURE, _conv(), ("j", "Concatenate", {"axis": 1}, ["conv", "conv"])],
    "merge of a plain and a channels-first tensor": [PICTURE, _conv(filters=6, padding="same"), ("s", "Add", {},
        ["x", "conv"])],
    "merge of different ranks": [
        STEPS, ("r", "Input", {"shape": [5]}), ("s", "Multiply", {}, ["x", "r"]),
    ],
    "every merge of two and of three": [
        ROW, *((f"d{i}", "Dense", {"units": 4}, ["x"]) for i in range(3)),
        *((f"{type}{n}", type, {}, [f"d{i}" for i in range(n)]) for type in MERGES for n in (2, 3)),
        ("all", "Concatenate", {}, [f"{type}{n}" for type in MERGES for n in (2, 3)]),
    ],
    "every activation": [
        STEPS, *((name, "Activation", {"activation": name}, ["x"]) for name in ACTIVATIONS),
        ("all", "Concatenate", {"axis": 1}, list(ACTIVATIONS)),
    ],
}  # fmt: skip


def run_onnx(data: bytes, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Checked by ONNX' own checker, run by ONNX Runtime."""
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_answers_equal_those_of_keras(
    name: str,
    chain: Callable[..., Spec],
    random_weights: Callable[..., Any],
    random_inputs: Callable[..., Any],
    keras_outputs: Callable[..., Any],
) -> None:
    spec = chain(*CASES[name])
    weights, inputs = random_weights(spec), random_inputs(spec)
    expected = keras_outputs(spec, weights, inputs)
    found = run_onnx(conversion.write(spec, "onnx", weights).data, inputs)
    assert list(found) == list(spec.outputs)
    for one, other in zip(found.values(), expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def even(shape: tuple[int, ...]) -> np.float32:
    """A factor for random weights that neither blows up nor dries up the values of a deep network."""
    return np.float32(2 / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1 else 0.2)


@pytest.mark.parametrize("name", SMALL)
def test_every_small_network_of_the_zoo_answers_as_in_keras(
    name: str, random_weights: Callable[..., Any], random_inputs: Callable[..., Any], worker_outputs: Callable[..., Any]
) -> None:
    spec = zoo.load(name)
    weights, inputs = random_weights(spec), random_inputs(spec)
    weights = {key: value if "variance" in key else value * even(value.shape) for key, value in weights.items()}
    expected = worker_outputs(spec, weights, inputs)
    found = run_onnx(conversion.write(spec, "onnx", weights).data, inputs)
    for one, other in zip(found.values(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
