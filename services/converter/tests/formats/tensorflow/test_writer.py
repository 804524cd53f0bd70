"""Every layer type that a graph can say: TensorFlow loads the graph, and answers as the worker's Keras does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

SAID = sorted(name for name, entry in CATALOGUE.items() if entry.maps.get("tensorflow"))
CHANGED = {"LayerScale", "Average", "Rescaling", "ThresholdedReLU", "Normalization"}
"""Types that another one stands for in a graph, or whose numbers are rounded to float32."""


def _example(name: str, **params: Any) -> Spec:
    entry = CATALOGUE[name]
    dtypes = entry.example.dtypes or ("int32",) * (name == "Embedding")
    layers = []
    for i, shape in enumerate(entry.example.inputs):
        kind = {"dtype": dtypes[i]} if dtypes else {}
        layers.append(Layer(name=f"in{i}", type="Input", params={"shape": list(shape), **kind}))
    inputs = tuple(layer.name for layer in layers)
    tested = Layer(name="tested", type=name, params={**entry.example.params, **params}, inputs=inputs)
    return Spec(name="net", layers=(*layers, tested), outputs=("tested",))


@pytest.mark.parametrize("name", SAID)
def test_tensorflow_answers_as_keras(name: str, answers: Any, worker_outputs: Any, random_weights: Any,
                                     random_inputs: Any) -> None:  # fmt: skip
    spec = _example(name)
    weights, inputs = random_weights(spec), random_inputs(spec)
    written = conversion.write(spec, "tensorflow", weights)
    found = answers(written.data, inputs)
    expected = worker_outputs(spec, weights, inputs)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    again, kept, _ = conversion.read(written.data)
    assert kept is not None
    if name not in CHANGED:
        assert canonical(again) == canonical(spec, "tensorflow")


MORE: list[tuple[str, dict[str, Any]]] = [
    ("Conv2D", {"padding": [[1, 2], [0, 1]], "strides": 2}),
    ("Conv2D", {"padding": "same", "dilation_rate": 2, "use_bias": False}),
    ("Conv1D", {"padding": "same", "strides": 2}),
    ("Conv3D", {"padding": [[1, 0], [0, 0], [2, 1]]}),
    ("DepthwiseConv2D", {"depth_multiplier": 2, "dilation_rate": 2}),
    ("DepthwiseConv2D", {"strides": [1, 2], "padding": "valid"}),
    ("DepthwiseConv1D", {"strides": 2}),
    ("MaxPooling2D", {"padding": [[1, 1], [0, 1]]}),
    ("MaxPooling2D", {"pool_size": 3, "strides": 2, "ceil_mode": True}),
    ("AveragePooling2D", {"padding": "same", "pool_size": 3}),
    ("AveragePooling2D", {"padding": [[1, 1], [1, 1]], "count_include_pad": True}),
    ("Conv2DTranspose", {"padding": "valid", "kernel_size": 3, "output_padding": 1}),
    ("Conv2DTranspose", {"strides": 1, "dilation_rate": 2}),
    ("BatchNormalization", {"axis": 1, "scale": False}),
    ("BatchNormalization", {"scale": False, "center": False}),
    ("LayerNormalization", {"axis": [1, 2], "scale": False}),
    ("LRN", {"local_size": 3, "k": 2.0, "beta": 0.5}),
    ("UpSampling2D", {"interpolation": "bilinear"}),
    ("ReLU", {"max_value": 2.0, "negative_slope": 0.1, "threshold": 0.5}),
    ("ReLU", {"negative_slope": 0.1, "threshold": 0.5, "max_value": None}),
    ("ELU", {"alpha": 0.5}),
    ("Add", {"coefficients": [1.0, -0.5]}),
    ("Conv2D", {"groups": 3, "filters": 6, "strides": 2, "padding": "same"}),
    ("Conv1D", {"groups": 2, "filters": 4, "use_bias": False}),
    ("Conv3D", {"groups": 2, "filters": 4}),
    ("LSTM", {"go_backwards": True, "return_sequences": True, "return_state": False, "use_bias": False}),
    ("LSTM", {"activation": "hard_sigmoid", "recurrent_activation": "relu", "return_sequences": False}),
    ("GRU", {"reset_after": False, "return_sequences": True, "return_state": True}),
    ("GRU", {"reset_after": False, "use_bias": False}),
    ("GRU", {"use_bias": False, "go_backwards": True}),
    ("SimpleRNN", {"activation": "linear", "return_sequences": True, "go_backwards": True}),
    ("Bidirectional", {"layer": {"type": "GRU", "params": {"units": 3, "return_sequences": True}}}),
    ("Bidirectional", {"layer": {"type": "LSTM", "params": {"units": 3, "return_state": True}}, "merge_mode": "ave"}),
    ("Bidirectional", {"layer": {"type": "SimpleRNN", "params": {"units": 3}}, "merge_mode": None}),
    ("Attention", {"use_scale": False}),
    ("Attention", {"score_mode": "concat"}),
    ("AdditiveAttention", {"use_scale": False}),
    ("MultiHeadAttention", {"value_dim": 3, "output_shape": [2, 5], "use_bias": False}),
    ("MultiHeadAttention", {"use_gate": True}),
    ("MultiHeadAttention", {"sliding_window": 2}),
    ("MultiHeadAttention", {"sliding_window": 2, "dropout": 0.5}),
    ("GroupQueryAttention", {"use_gate": True, "use_bias": False}),
    ("EinsumDense", {"equation": "...b,bc->...c", "output_shape": [7], "bias_axes": None}),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": [10, 3, 4], "bias_axes": "be"}),
    ("GroupNormalization", {"groups": -1, "scale": False}),
    ("GroupNormalization", {"axis": 1, "groups": 2, "center": False, "epsilon": 0.1}),
    ("Highway", {"use_bias": False, "activation": "gelu"}),
]


@pytest.mark.parametrize(("name", "params"), MORE, ids=[f"{name}-{number}" for number, (name, _) in enumerate(MORE)])
def test_other_parameters_mean_the_same(name: str, params: dict[str, Any], answers: Any, worker_outputs: Any,
                                        random_weights: Any, random_inputs: Any) -> None:  # fmt: skip
    spec = _example(name, **params)
    weights, inputs = random_weights(spec), random_inputs(spec)
    data = conversion.write(spec, "tensorflow", weights).data
    found, expected = answers(data, inputs), worker_outputs(spec, weights, inputs)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4, atol=1e-4)
    again, kept, _ = conversion.read(data)
    assert canonical(again) == canonical(spec, "tensorflow")
    assert {key: array.tobytes() for key, array in (kept or {}).items()} == {
        key: array.tobytes() for key, array in weights.items()
    }


def test_a_softmax_along_another_axis_moves_it_to_the_end_and_back(chain: Any, answers: Any) -> None:
    spec = chain(("x", "Input", {"shape": [3, 4]}), ("s", "Softmax", {"axis": 1}))
    data, x = conversion.write(spec, "tensorflow", {}).data, np.random.default_rng(2).normal(size=(2, 3, 4))
    found = answers(data, {"x": np.float32(x)})[0]
    np.testing.assert_allclose(found.sum(axis=1), np.ones((2, 4)), rtol=1e-5)
    assert canonical(conversion.read(data)[0]) == canonical(spec)


def test_outputs_keep_their_order_and_may_be_read_by_other_layers(chain: Any, answers: Any) -> None:
    spec = chain(("x", "Input", {"shape": [3]}), ("a", "ReLU", {}), ("b", "Activation", {"activation": "tanh"}),
                 outputs=("b", "a", "x"))  # fmt: skip
    data = conversion.write(spec, "tensorflow", {}).data
    x = np.array([[-1, 0.5, 2]], np.float32)
    found = answers(data, {"x": x})
    np.testing.assert_allclose(found[0], np.tanh(np.maximum(x, 0)), rtol=1e-6)
    np.testing.assert_allclose(found[1:], [np.maximum(x, 0), x])
    assert conversion.read(data)[0].outputs == ("b", "a", "x")


def test_names_become_legal_and_the_report_tells(chain: Any) -> None:
    spec = chain(("my input", "Input", {"shape": [3]}), ("_é/", "ReLU", {}))
    written = conversion.write(spec, "tensorflow", {})
    assert written.report.renamed == {"my input": "my_input", "_é/": "n__"}
    assert conversion.read(written.data)[0].outputs == ("n__",)


def test_every_obstacle_is_named_and_nothing_is_written(chain: Any) -> None:
    spec = chain(("x", "Input", {"shape": [None, 4]}), ("lstm", "LSTM", {"units": 2, "return_sequences": True}),
                 ("gru", "GRU", {"units": 2}), ("dense", "Dense", {"units": 2}))  # fmt: skip
    with pytest.raises(ConversionImpossible) as caught:
        conversion.write(spec, "tensorflow")
    assert {problem.where.layer for problem in caught.value.problems} == {"lstm", "gru", "dense"}


def test_free_sizes_are_kept_where_a_graph_can_say_them(chain: Any, answers: Any, random_weights: Any,
                                                        keras_outputs: Callable[..., Any]) -> None:  # fmt: skip
    spec = chain(("x", "Input", {"shape": [None, 4]}), ("c", "Conv1D", {"filters": 3, "kernel_size": 3}),
                 ("d", "Dense", {"units": 2}), ("r", "Reshape", {"target_shape": [-1, 1]}))  # fmt: skip
    weights, x = random_weights(spec), np.random.default_rng(1).normal(size=(2, 9, 4)).astype(np.float32)
    data = conversion.write(spec, "tensorflow", weights).data
    np.testing.assert_allclose(answers(data, {"x": x})[0], keras_outputs(spec, weights, {"x": x})[0], atol=1e-5)
    assert conversion.read(data)[0].layers[0].params == {"shape": [None, 4]}


def test_the_text_is_the_same_graph(chain: Any, random_weights: Any) -> None:
    spec = chain(("x", "Input", {"shape": [4, 4, 2]}), ("c", "Conv2D", {"filters": 3, "kernel_size": 2}),
                 ("b", "BatchNormalization", {}))  # fmt: skip
    weights = random_weights(spec)
    text = conversion.write(spec, "tensorflow-text", weights)
    assert text.filename == "net.pbtxt"
    assert b'op: "Conv2D"' in text.data
    again, found, report = conversion.read(text.data)
    assert report.source == "tensorflow-text"
    binary = conversion.read(conversion.write(spec, "tensorflow", weights).data)
    assert canonical(again) == canonical(binary[0])
    assert {name: array.tobytes() for name, array in (found or {}).items()} == {
        name: array.tobytes() for name, array in weights.items()
    }
