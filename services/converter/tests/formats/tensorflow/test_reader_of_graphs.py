"""Graphs as people built them with TensorFlow 1: variables, flags, moving averages, channels first, losses."""

from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.spec.model import Spec

tf = pytest.importorskip("tensorflow")
rng = np.random.default_rng(5)
PICTURES = np.float32(rng.normal(size=(2, 8, 8, 3)))
ROWS = np.float32(rng.normal(size=(3, 6)))


def _variable(v1: Any, name: str, *shape: int, positive: bool = False) -> Any:
    values = np.float32(np.random.default_rng(len(name)).normal(0, 0.5, shape))
    return v1.Variable(np.abs(values) + 0.5 if positive else values, name=name, use_resource=False)


def _conv(v1: Any, x: Any, name: str, size: int, filters: int, strides: int = 1, padding: str = "SAME") -> Any:
    with v1.variable_scope(name):
        kernel = v1.get_variable("weights", [size, size, int(x.shape[-1]), filters])
        bias = v1.get_variable("biases", [filters], initializer=v1.random_normal_initializer())
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides, padding), bias)


def alexnet(v1: Any, x: Any) -> Any:
    """Convolution, LRN, pool, flatten by a computed shape, product."""
    y = tf.nn.relu(_conv(v1, x, "conv1", 3, 6))
    y = tf.nn.local_response_normalization(y, depth_radius=2, alpha=2e-5, beta=0.75, bias=1.0, name="norm1")
    y = tf.nn.max_pool2d(y, 3, 2, "VALID", name="pool1")
    flat = tf.reshape(y, tf.stack([tf.shape(y)[0], -1]))
    return tf.nn.softmax(tf.matmul(flat, _variable(v1, "fc/w", 54, 4)) + _variable(v1, "fc/b", 4), name="prob")


def old_norms(v1: Any, x: Any) -> Any:
    """Batch norm by hand, in three ways, and fused."""
    mean, variance = _variable(v1, "mean", 3), _variable(v1, "variance", 3, positive=True)
    gamma, beta = _variable(v1, "gamma", 3), _variable(v1, "beta", 3)
    y = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3, name="bn1")
    y = gamma * (y - mean) / tf.sqrt(variance + 1e-5) + beta
    y = tf.nn.batch_normalization(y, mean, variance, None, None, 1e-3)
    y, _, _ = v1.nn.fused_batch_norm(y, gamma, beta, mean, variance, 0.01, is_training=False, name="bn4")
    return y


def lenient(v1: Any, x: Any) -> Any:
    """Leaky ReLU by maximum, swish, dropout that a placeholder feeds, a residual with a factor."""
    y = tf.maximum(0.2 * x, x)
    y = y * tf.sigmoid(y)
    keep = v1.placeholder_with_default(tf.constant(1.0), [], "keep_prob")
    y = v1.nn.dropout(y, keep_prob=keep)
    return x + 0.17 * tf.matmul(y, _variable(v1, "w", 6, 6))


def turned(v1: Any, x: Any) -> Any:
    """A product with the transposed matrix, an axis that comes and goes."""
    y = tf.matmul(x, _variable(v1, "w", 4, 6), transpose_b=True)
    return tf.nn.elu(tf.squeeze(tf.expand_dims(y, 2), [2]))


GRAPHS = {"alexnet": (alexnet, PICTURES), "batch norms": (old_norms, PICTURES), "rows": (lenient, ROWS),
          "turned": (turned, ROWS)}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_a_frozen_graph_is_read_with_its_numbers(name: str, built: Any, worker_outputs: Any) -> None:
    make, x = GRAPHS[name]
    message, expected = built(make, x)
    spec, weights, _ = conversion.read(message.SerializeToString())
    assert weights is not None
    np.testing.assert_allclose(worker_outputs(spec, weights, {"x0": x})[0], expected[0], rtol=1e-4, atol=1e-4)


def _types(spec: Spec) -> list[str]:
    return [layer.type for layer in spec.layers]


def test_chains_of_operators_become_their_layers(built: Any) -> None:
    read = [conversion.read(built(make, x)[0].SerializeToString())[0] for make, x in GRAPHS.values()]
    assert _types(read[0]) == ["Input", "Conv2D", "ReLU", "LRN", "MaxPooling2D", "Flatten", "Dense", "Softmax"]
    assert read[0].layers[3].params == {"alpha": 1e-4}
    assert [layer.name for layer in read[0].layers] == [
        "x0", "conv1", "Relu", "norm1", "pool1", "Reshape", "add", "prob"]  # fmt: skip
    assert _types(read[1]) == ["Input", *["BatchNormalization"] * 4]
    assert _types(read[2]) == ["Input", "LeakyReLU", "Activation", "Dropout", "Dense", "Add"]
    assert read[2].layers[-1].params == {"coefficients": [1.0, 0.17]}
    assert _types(read[3]) == ["Input", "Dense", "ELU"]


def test_channels_first_come_last_and_the_numbers_follow(worker_outputs: Any) -> None:
    """TensorFlow on a CPU runs channels last only: the same net in both orders must read as the same numbers."""
    kernel, dense = np.float32(rng.normal(size=(3, 3, 3, 4))), np.float32(rng.normal(size=(36, 2)))

    def graph(first: bool) -> bytes:
        v1, order = tf.compat.v1, "NCHW" if first else "NHWC"
        with tf.Graph().as_default() as made:
            x = v1.placeholder(tf.float32, [None, 3, 8, 8] if first else [None, 8, 8, 3], "x")
            y = tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "VALID", order), [0.1, 0.2, 0.3, 0.4], order)
            y = tf.nn.max_pool2d(tf.nn.relu(y), 2, 2, "VALID", order)
            rows = dense.reshape(3, 3, 4, 2).transpose(2, 0, 1, 3).reshape(36, 2) if first else dense
            tf.matmul(tf.reshape(y, [-1, 36]), rows, name="out")
            return bytes(made.as_graph_def().SerializeToString())

    answers = []
    for first in (False, True):
        spec, weights, report = conversion.read(graph(first))
        assert spec.layers[0].params == {"shape": [8, 8, 3]}
        assert any("channels come last" in one.why for one in report.rewritten) == first
        answers.append(worker_outputs(spec, weights, {"x": PICTURES})[0])
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-4, atol=1e-5)


def _training(v1: Any, x: Any) -> Any:
    labels = v1.placeholder(tf.float32, [None, 2], "labels")
    flag = v1.placeholder(tf.bool, [], "is_training")
    w = v1.get_variable("w", [6, 2], initializer=v1.glorot_uniform_initializer())
    hidden = tf.matmul(x, w)
    noisy = v1.cond(flag, lambda: v1.nn.dropout(hidden, rate=0.5), lambda: tf.identity(hidden))
    logits = tf.nn.bias_add(noisy, v1.get_variable("b", [2], initializer=v1.constant_initializer(0.5)), name="logits")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))
    v1.train.GradientDescentOptimizer(0.1).minimize(loss)
    return logits


def test_flags_are_false_and_losses_are_left_out_of_a_graph_for_training() -> None:
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        _training(v1, v1.placeholder(tf.float32, [None, 6], "x0"))
        message = graph.as_graph_def()
    spec, weights, report = conversion.read(message.SerializeToString())
    assert _types(spec) == ["Input", "Dense"]
    assert weights is None
    assert spec.layers[1].params == {"units": 2, "bias_initializer": {"name": "constant", "value": 0.5}}
    assert any("is_training" in note for note in report.notes)
    assert any("not frozen" in note for note in report.notes)
    assert [one.what for one in report.dropped] == ["SoftmaxCrossEntropyWithLogits"]


def test_moving_averages_are_no_outputs_and_initialisers_are_kept(built: Any) -> None:
    def make(v1: Any, x: Any) -> Any:
        y = _conv(v1, x, "conv", 3, 4)
        with v1.variable_scope("bn"):
            beta, gamma = v1.get_variable("beta", [4], initializer=v1.zeros_initializer()), tf.ones([4])
            moving = v1.get_variable("moving_mean", [4], initializer=v1.zeros_initializer(), trainable=False)
            y, mean, _ = v1.nn.fused_batch_norm(y, gamma, beta, is_training=True)
            v1.assign_sub(moving, 0.1 * (moving - mean))
        return tf.nn.relu(y, name="out")

    message, _ = built(make, PICTURES, freeze=False)
    spec, weights, _ = conversion.read(message.SerializeToString())
    assert weights is None
    assert _types(spec) == ["Input", "Conv2D", "BatchNormalization", "ReLU"]
    assert spec.layers[2].params["scale"] is False
    assert spec.layers[1].params["bias_initializer"] == {"name": "random_normal", "mean": 0.0, "stddev": 1.0}


def test_the_text_of_a_graph_reads_as_its_bytes(built: Any) -> None:
    message, _ = built(alexnet, PICTURES)
    text = conversion.read(str(message).encode())
    binary = conversion.read(message.SerializeToString())
    assert text[0] == binary[0]
    assert {name: one.tobytes() for name, one in (text[1] or {}).items()} == {
        name: one.tobytes() for name, one in (binary[1] or {}).items()
    }


PARAMETERS = {"BatchNorm": 1_696, "Conv3DCheck": 15_168, "FCStack": 10_976, "GoogleNet": 6_998_552}
"""By hand from the variables' shapes; GoogleNet's is the published number."""


@pytest.mark.parametrize("name", [*PARAMETERS, "LRN"])
def test_real_files_are_read_with_the_parameters_of_their_variables(name: str, corpus: Any) -> None:
    from google.protobuf import text_format
    from visualnn_shared.analysis.walk import resolve

    data = (corpus / "tensorflow" / f"{name}.pbtxt").read_bytes()
    spec, weights, report = conversion.read(data)
    assert report.source == "tensorflow-text"
    assert weights is None
    found = sum(int(np.prod(one.shape)) for layer in resolve(spec).layers for one in layer.weights)
    message = text_format.Parse(data.decode(), tf.compat.v1.GraphDef())
    shapes = [node.attr["shape"].shape for node in message.node if node.op.startswith("Variable")]
    assert found == sum(int(np.prod([dim.size for dim in shape.dim])) for shape in shapes)
    assert found == PARAMETERS.get(name, found)
