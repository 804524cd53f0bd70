"""Each runtime runs files that VisualNN did not write, and says what it is."""

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.errors import Invalid
from visualnn_shared.spec.model import Layer, Spec
from visualnn_standalone.verify import Asked, verify
from visualnn_standalone.verify.drawing import draw_inputs, draw_weights
from visualnn_standalone.verify.runtimes.base import ModelFile, last_of

if TYPE_CHECKING:
    from tests.parts.tfjs import Tfjs

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SPEC = Spec(
    name="net",
    layers=(
        Layer(name="x", type="Input", params={"shape": [6, 6, 2]}, inputs=()),
        Layer(name="c", type="Conv2D", params={"filters": 3, "kernel_size": 3, "activation": "relu"}, inputs=("x",)),
        Layer(name="g", type="GlobalAveragePooling2D", params={}, inputs=("c",)),
        Layer(name="y", type="Dense", params={"units": 4, "activation": "softmax"}, inputs=("g",)),
    ),
    outputs=("y",),
)


def _graph(weights: dict[str, np.ndarray], padding: str) -> Any:
    """The net as a person would write it in TensorFlow 1."""
    tf = pytest.importorskip("tensorflow")
    graph, v1 = tf.Graph(), tf.compat.v1
    with graph.as_default():
        x = v1.placeholder(tf.float32, [None, 6, 6, 2], name="x")
        c = tf.nn.conv2d(x, weights["c/kernel"], 1, padding, name="c/Conv2D")
        c = tf.nn.relu(tf.nn.bias_add(c, weights["c/bias"], name="c/BiasAdd"), name="c/Relu")
        g = tf.reduce_mean(c, [1, 2], name="g/Mean")
        y = tf.nn.bias_add(tf.matmul(g, weights["y/kernel"], name="y/MatMul"), weights["y/bias"], name="y/BiasAdd")
        tf.nn.softmax(y, name="y/Softmax")
    return graph.as_graph_def()


@pytest.mark.parametrize("format", ["tensorflow", "tensorflow-text"])
def test_tensorflow_runs_a_graph(format: str) -> None:
    weights = draw_weights(SPEC, 1)
    graph = _graph(weights, "VALID")
    data = graph.SerializeToString() if format == "tensorflow" else str(graph).encode()
    found = verify(ModelFile("native", "n", b"{}", SPEC, weights), ModelFile(format, "g", data, SPEC, weights), Asked())
    assert found.passed
    assert (found.target.runtime.name, found.target.runtime.independent) == ("TensorFlow", True)


def test_pytorch_runs_the_module_that_was_written() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: it is no dependency")
    weights = draw_weights(SPEC, 1)
    data = conversion.write(SPEC, "pytorch", weights).data
    source = ModelFile("native", "n", b"{}", SPEC, weights)
    found = verify(source, ModelFile("pytorch", "m.zip", data, SPEC, weights), Asked())
    assert found.passed
    assert (found.target.runtime.name, found.target.runtime.independent) == ("PyTorch", True)
    other = conversion.write(SPEC, "pytorch", draw_weights(SPEC, 2)).data
    assert not verify(source, ModelFile("pytorch", "m.zip", other, SPEC, weights), Asked()).passed


def test_tensorflow_js_runs_the_model_that_was_written(tfjs: "Tfjs", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_PATH", str(tfjs.folder / "node_modules"))
    monkeypatch.setenv("PATH", str(tfjs.node.parent), prepend=os.pathsep)
    weights = draw_weights(SPEC, 1)
    source = ModelFile("native", "n", b"{}", SPEC, weights)
    data = conversion.write(SPEC, "tfjs", weights).data
    found = verify(source, ModelFile("tfjs", "m.zip", data, SPEC, weights), Asked())
    assert found.passed
    assert (found.target.runtime.name, found.target.runtime.independent) == ("TensorFlow.js", True)
    other = conversion.write(SPEC, "tfjs", draw_weights(SPEC, 2)).data
    assert not verify(source, ModelFile("tfjs", "m.zip", other, SPEC, weights), Asked()).passed


def test_a_padding_that_differs_in_a_graph_is_found() -> None:
    weights = draw_weights(SPEC, 1)
    target = ModelFile("tensorflow", "g", _graph(weights, "SAME").SerializeToString(), SPEC, weights)
    found = verify(ModelFile("native", "n", b"{}", SPEC, weights), target, Asked(gate=1e-6))
    assert found.divergence is not None
    assert found.divergence.layer == "c"
    assert found.divergence.causes[0].text == "padding is 'same' instead of 'valid'"


def test_a_file_that_no_runtime_can_run_is_refused_with_the_reasons() -> None:
    weights = draw_weights(SPEC, 1)
    target = ModelFile("onnx", "n.onnx", b"no model", SPEC, weights)
    with pytest.raises(Invalid) as refused:
        verify(ModelFile("native", "n", b"{}", SPEC, weights), target, Asked())
    assert "ONNX Runtime" in str(refused.value.problems[0].received)


def test_whole_numbers_are_drawn_within_what_reads_them() -> None:
    layers = (
        Layer(name="t", type="Input", params={"shape": [40], "dtype": "int32"}, inputs=()),
        Layer(name="f", type="Input", params={"shape": [4, 10]}, inputs=()),
        Layer(name="r", type="Reshape", params={"target_shape": [40]}, inputs=("f",)),
        Layer(name="a", type="Embedding", params={"input_dim": 3, "output_dim": 2}, inputs=("t",)),
        Layer(name="b", type="Embedding", params={"input_dim": 5, "output_dim": 2}, inputs=("r",)),
        Layer(name="y", type="Add", params={}, inputs=("a", "b")),
    )
    drawn = draw_inputs(Spec(name="n", layers=layers, outputs=("y",)), 0, batch=8)
    assert set(np.unique(drawn["t"])) == {0, 1, 2}
    assert set(np.unique(drawn["f"])) == {0.0, 1.0, 2.0, 3.0, 4.0}
    assert (drawn["t"].dtype, drawn["f"].dtype) == (np.int32, np.float32)


def test_inputs_of_a_free_size_are_drawn_at_one_that_fits() -> None:
    layers = (
        Layer(name="x", type="Input", params={"shape": [None, None, 1]}, inputs=()),
        Layer(name="y", type="Conv2D", params={"filters": 1, "kernel_size": 40}, inputs=("x",)),
    )
    assert draw_inputs(Spec(name="n", layers=layers, outputs=("y",)), 0)["x"].shape == (2, 64, 64, 1)


@pytest.mark.parametrize(
    ("names", "others", "found"),
    [
        (["a", "a/activation", "b"], ["a", "b"], "a/activation"),
        (["a", "a/b", "a/b/c"], ["a", "a/b"], "a"),
        (["a/padding", "a"], ["a"], "a"),
        (["ab", "b"], ["a", "ab"], None),
    ],
)
def test_the_value_of_a_layer_is_the_last_of_its_parts(names: list[str], others: list[str], found: str | None) -> None:
    assert last_of("a", names, frozenset(others)) == found
