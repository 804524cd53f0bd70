"""OpenCV reads our prototxt and caffemodel and answers what Keras answers with the weights they were made from.

Pools round up here: OpenCV's schema lacks Caffe's ``round_mode``, and it drops the parameters of a layer that has it.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.caffemodel import render
from visualnn_shared.spec.model import Spec

build = pytest.importorskip("visualnn_worker.network.build").build
set_weights = pytest.importorskip("visualnn_worker.network.weights").set_weights
Weights = dict[str, np.ndarray]

X: tuple[Any, ...] = ("x", "Input", {"shape": [8, 6, 4]})
NETS: dict[str, list[tuple[Any, ...]]] = {
    "a convolution with strides and cells of padding": [
        X, ("c", "Conv2D", {"filters": 5, "kernel_size": [3, 2], "strides": 2, "padding": [[1, 1], [0, 0]]}),
    ],
    "a grouped convolution": [X, ("c", "Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "use_bias": False})],
    "a depthwise convolution": [X, ("c", "DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2})],
    "a transposed convolution": [X, ("c", "Conv2DTranspose", {"filters": 3, "kernel_size": 4, "strides": 2,
                                                               "padding": "same"})],
    "an InnerProduct that flattens by itself": [X, ("d/flatten", "Flatten", {}), ("d", "Dense", {"units": 7})],
    "a Flatten with an activation before the InnerProduct": [
        X, ("f", "Flatten", {}), ("r", "ReLU", {}), ("d", "Dense", {"units": 7, "activation": "sigmoid"}),
        ("e", "Dense", {"units": 3}),
    ],
    "BatchNorm and Scale": [X, ("b", "BatchNormalization", {"epsilon": 0.01}), ("r", "ReLU", {})],
    "BatchNorm without Scale": [X, ("b", "BatchNormalization", {"scale": False, "center": False})],
    "PReLU": [X, ("p", "PReLU", {"shared_axes": [1, 2]})],
    "a classifier": [
        X, ("c", "Conv2D", {"filters": 6, "kernel_size": 3, "padding": "same"}), ("b", "BatchNormalization", {}),
        ("r", "ReLU", {}), ("p", "MaxPooling2D", {"pool_size": 2, "ceil_mode": True}), ("d/flatten", "Flatten", {}),
        ("d", "Dense", {"units": 9, "activation": "relu"}), ("o", "Dropout", {"rate": 0.5}),
        ("e", "Dense", {"units": 4, "activation": "softmax"}),
    ],
}  # fmt: skip


def _in_opencv(spec: Spec, weights: Weights, x: np.ndarray) -> np.ndarray:
    """What OpenCV answers, channels last."""
    text = conversion.write(spec, "caffe").data
    file = conversion.write_weights(spec, "caffe", weights)
    net = cv2.dnn.readNetFromCaffe(np.frombuffer(text, np.uint8), np.frombuffer(file, np.uint8))
    net.setInput(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    out = net.forward()
    return out.transpose(0, 2, 3, 1) if out.ndim == 4 else out


def _in_keras(spec: Spec, weights: Weights, x: np.ndarray) -> np.ndarray:
    """What the worker's model of the spec answers."""
    network = build(spec)
    set_weights(network, weights)
    return np.asarray(network.model(x, training=False))


@pytest.mark.parametrize("name", NETS)
def test_opencv_answers_as_keras(
    name: str,
    chain: Callable[..., Spec],
    random_weights: Callable[[Spec], Weights],
    random_inputs: Callable[..., Weights],
) -> None:
    spec = chain(*NETS[name])
    weights, inputs = random_weights(spec), random_inputs(spec, batch=1)
    wanted = _in_keras(spec, weights, inputs["x"])
    found = _in_opencv(spec, weights, inputs["x"])
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NETS)
def test_keras_answers_the_same_with_the_weights_read_back(
    name: str,
    chain: Callable[..., Spec],
    random_weights: Callable[[Spec], Weights],
    random_inputs: Callable[..., Weights],
) -> None:
    spec = chain(*NETS[name])
    weights, inputs = random_weights(spec), random_inputs(spec)
    text, file = conversion.write(spec, "caffe").data, conversion.write_weights(spec, "caffe", weights)
    read, back, _ = conversion.read(text, "caffe", weights_file=file)
    assert back is not None
    wanted, found = _in_keras(spec, weights, inputs["x"]), _in_keras(read, dict(back), inputs["x"])
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


FILE_OF_CAFFE = """
name: "net"
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 dim: 8 dim: 6 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 6 kernel_size: 3 group: 2 } }
layer { name: "n" type: "BatchNorm" bottom: "c" top: "c" batch_norm_param { use_global_stats: true } }
layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
layer { name: "d" type: "InnerProduct" bottom: "p" top: "d" inner_product_param { num_output: 5 } }
layer { name: "q" type: "PReLU" bottom: "d" top: "d" }
layer { name: "e" type: "InnerProduct" bottom: "d" top: "e" inner_product_param { num_output: 3 } }
"""
BLOBS = {
    "c": [(6, 2, 3, 3), (6,)], "n": [(6,), (6,), (1,)], "s": [(6,), (6,)], "d": [(5, 36), (5,)], "q": [(5,)],
    "e": [(3, 5), (3,)],
}  # fmt: skip


def test_a_net_of_caffe_answers_as_opencv_says(random_inputs: Callable[..., Weights]) -> None:
    rng = np.random.default_rng(3)
    layers = [
        ({"name": name, "type": ""}, [np.float32(rng.uniform(0.2, 2, shape)) for shape in shapes])
        for name, shapes in BLOBS.items()
    ]
    file, text = render("net", layers), FILE_OF_CAFFE.encode()
    spec, weights, _ = conversion.read(text, "caffe", weights_file=file)
    assert weights is not None
    x = random_inputs(spec, batch=1)["x"]
    net = cv2.dnn.readNetFromCaffe(np.frombuffer(text, np.uint8), np.frombuffer(file, np.uint8))
    net.setInput(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(_in_keras(spec, dict(weights), x), net.forward(), rtol=1e-4, atol=1e-4)
