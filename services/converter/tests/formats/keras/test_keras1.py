"""Keras 1: its names, merges, order of axes, and files of weights; the numbers against NumPy and Theano's meaning."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import ConversionImpossible

OLD = {"trainable": True, "W_regularizer": None, "b_regularizer": None, "W_constraint": None, "b_constraint": None,
       "activity_regularizer": None, "bias": True, "init": "glorot_uniform", "activation": "linear"}  # fmt: skip
CONV = {**OLD, "nb_row": 3, "nb_col": 2, "border_mode": "valid", "subsample": [1, 1]}
RNN = {"trainable": True, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh",
       "go_backwards": False, "inner_activation": "sigmoid", "stateful": False, "unroll": False,
       "return_sequences": False, "input_dim": None, "dropout_W": 0.0, "dropout_U": 0.0, "W_regularizer": None,
       "U_regularizer": None, "b_regularizer": None, "consume_less": "cpu", "input_length": None,
       "output_dim": 3}  # fmt: skip


def _sequential(shape: list[int], *layers: tuple[str, dict[str, Any]], version: str = "1.2.2") -> dict[str, Any]:
    made = [
        {"class_name": type, "config": {"name": f"l{number}", **config}} for number, (type, config) in enumerate(layers)
    ]
    made[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": made, "keras_version": version}


def _read(document: dict[str, Any]) -> Any:
    return conversion.read(json.dumps(document).encode())


ONE_LAYER: list[tuple[str, dict[str, Any], list[int], str, dict[str, Any]]] = [
    ("Convolution2D", {**CONV, "nb_filter": 4, "dim_ordering": "tf", "border_mode": "same", "subsample": [2, 1]},
     [8, 8, 3], "Conv2D", {"filters": 4, "kernel_size": [3, 2], "padding": "same", "strides": [2, 1]}),
    ("AtrousConvolution2D", {**CONV, "nb_filter": 4, "dim_ordering": "tf", "atrous_rate": [2, 2]}, [8, 8, 3], "Conv2D",
     {"filters": 4, "kernel_size": [3, 2], "dilation_rate": [2, 2]}),
    ("Deconvolution2D", {**CONV, "nb_filter": 4, "dim_ordering": "tf", "output_shape": [None, 10, 9, 4]}, [8, 8, 3],
     "Conv2DTranspose", {"filters": 4, "kernel_size": [3, 2]}),
    ("Convolution1D", {**OLD, "nb_filter": 4, "filter_length": 3, "subsample_length": 2, "border_mode": "valid",
                       "input_dim": 3, "input_length": 9}, [9, 3], "Conv1D",
     {"filters": 4, "kernel_size": [3], "strides": [2]}),
    ("Convolution3D", {**OLD, "nb_filter": 2, "kernel_dim1": 2, "kernel_dim2": 3, "kernel_dim3": 1,
                       "border_mode": "valid", "subsample": [1, 1, 1], "dim_ordering": "tf"}, [4, 4, 4, 2], "Conv3D",
     {"filters": 2, "kernel_size": [2, 3, 1]}),
    ("MaxPooling2D", {"pool_size": [2, 2], "strides": [1, 1], "border_mode": "same", "dim_ordering": "tf"}, [8, 8, 3],
     "MaxPooling2D", {"strides": [1, 1], "padding": "same"}),
    ("AveragePooling1D", {"pool_length": 3, "stride": 2, "border_mode": "valid"}, [9, 3], "AveragePooling1D",
     {"pool_size": [3], "strides": [2]}),
    ("Dense", {**OLD, "output_dim": 5, "input_dim": 4,
               "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5},
               "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0}, "init": "uniform"}, [4], "Dense",
     {"units": 5, "kernel_initializer": "random_uniform", "kernel_regularizer": {"name": "l1_l2", "l2": 0.5},
      "kernel_constraint": {"name": "max_norm", "max_value": 3.0}}),
    ("TimeDistributedDense", {**OLD, "output_dim": 5}, [6, 4], "TimeDistributed",
     {"layer": {"type": "Dense", "params": {"units": 5}}}),
    ("MaxoutDense", {"output_dim": 5, "nb_feature": 4, "input_dim": 3, "bias": True}, [3], "Maxout",
     {"units": 5, "pieces": 4}),
    ("Highway", {**OLD, "transform_bias": -2, "input_dim": 3}, [3], "Highway",
     {"activation": "linear", "transform_bias_initializer": {"name": "constant", "value": -2.0}}),
    ("LSTM", {**RNN, "forget_bias_init": "one", "dropout_W": 0.25}, [6, 4], "LSTM", {"units": 3, "dropout": 0.25}),
    ("GRU", RNN, [6, 4], "GRU", {"units": 3, "reset_after": False}),
    ("Dropout", {"p": 0.25, "trainable": True}, [4], "Dropout", {"rate": 0.25}),
    ("GaussianNoise", {"sigma": 0.25}, [4], "GaussianNoise", {"stddev": 0.25}),
    ("UpSampling1D", {"length": 3}, [4, 2], "UpSampling1D", {"size": 3}),
    ("Embedding", {"input_dim": 9, "output_dim": 4, "init": "uniform", "input_length": 6, "mask_zero": False,
                   "W_regularizer": None, "W_constraint": None, "activity_regularizer": None, "dropout": 0.0}, [6],
     "Embedding", {"input_dim": 9, "output_dim": 4}),
    ("BatchNormalization", {"epsilon": 1e-5, "mode": 0, "axis": -1, "momentum": 0.9, "gamma_regularizer": None,
                            "beta_regularizer": None}, [4], "BatchNormalization", {"epsilon": 1e-5, "momentum": 0.9}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "config", "shape", "wanted", "params"), ONE_LAYER, ids=[row[0] for row in ONE_LAYER])
def test_a_layer_of_keras_1_has_its_counterpart(
    type: str, config: dict[str, Any], shape: list[int], wanted: str, params: dict[str, Any]
) -> None:
    spec, _, report = _read(_sequential(shape, (type, config)))
    layer = spec.layers[-1]
    assert (layer.type, layer.params) == (wanted, params)
    assert not [line for line in report.dropped if line.what != "dropout = 0.0"]


def _file(document: dict[str, Any], tensors: dict[str, list[np.ndarray]], version: str | None = "1.2.2") -> bytes:
    """A model as Keras 1 saved it."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = json.dumps(document).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in tensors]
        if version:
            file.attrs["keras_version"] = version.encode()
        for layer, arrays in tensors.items():
            group = root.create_group(layer)
            names = [f"{layer}_{number}" for number in range(len(arrays))]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, arrays, strict=True):
                group[name] = array
    return buffer.getvalue()


def _theano_convolution(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(channels, h, w) and (filters, channels, rows, columns): a convolution, whose kernel is turned around."""
    turned = kernel[:, :, ::-1, ::-1]
    rows, columns = (x.shape[1] - kernel.shape[2] + 1, x.shape[2] - kernel.shape[3] + 1)
    made = np.zeros((len(kernel), rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = x[:, i : i + kernel.shape[2], j : j + kernel.shape[3]]
            made[:, i, j] = (turned * window).sum((1, 2, 3)) + bias
    return made


BATCHNORM = {"epsilon": 1e-3, "mode": 0, "axis": 1, "momentum": 0.99}
POOL = {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": "th"}


def test_a_net_of_theano_answers_with_channels_last_as_it_did(worker_outputs: Callable[..., Any]) -> None:
    rng = np.random.default_rng(4)
    kernel, bias, weight, out = (rng.normal(0, 0.5, shape) for shape in [(4, 3, 3, 2), (4,), (4 * 3 * 3, 5), (5,)])
    gamma, beta, mean, variance = (rng.uniform(0.5, 1.5, 4) for _ in range(4))
    document = _sequential(
        [3, 8, 7], ("Convolution2D", {**CONV, "nb_filter": 4, "dim_ordering": "th"}), ("BatchNormalization", BATCHNORM),
        ("Activation", {"activation": "relu"}), ("MaxPooling2D", POOL), ("Flatten", {}),
        ("Dense", {**OLD, "output_dim": 5, "input_dim": None}),
    )  # fmt: skip
    data = _file(document, {"l0": [kernel, bias], "l1": [gamma, beta, mean, variance], "l2": [], "l3": [], "l4": [],
                            "l5": [weight, out]})  # fmt: skip
    spec, weights, report = conversion.read(data)
    assert [(layer.name, layer.type) for layer in spec.layers] == [
        ("l0_input", "Input"), ("l0", "Conv2D"), ("l1", "BatchNormalization"), ("l2", "Activation"),
        ("l3", "MaxPooling2D"), ("l3/channels_first", "Permute"), ("l4", "Flatten"), ("l5", "Dense"),
    ]  # fmt: skip
    assert {"l0_input", "l0", "l3/channels_first"} <= {line.layer for line in report.rewritten}
    x = rng.normal(0, 1, (3, 8, 7))
    y = _theano_convolution(x, kernel, bias)
    y = np.maximum(((y.T - mean) / np.sqrt(variance + 1e-3) * gamma + beta).T, 0)
    y = y[:, :6, :6].reshape(4, 3, 2, 3, 2).max((2, 4)).reshape(-1) @ weight + out
    found = worker_outputs(spec, weights, {"l0_input": x.transpose(1, 2, 0)[None].astype("float32")})[0]
    np.testing.assert_allclose(found[0], y, rtol=1e-4, atol=1e-4)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("version", ["1.1.0", None])
def test_the_gates_of_an_old_lstm_are_put_together(worker_outputs: Callable[..., Any], version: str | None) -> None:
    rng = np.random.default_rng(5)
    gates = {
        gate: [rng.normal(0, 0.5, shape) for shape in [(4, 3), (3, 3), (3,)]] for gate in "icfo"
    }  # Keras 1's order
    document = _sequential([6, 4], ("LSTM", {**RNN, "forget_bias_init": "one"}))
    spec, weights, _ = conversion.read(
        _file(document, {"l0": [one for gate in "icfo" for one in gates[gate]]}, version)
    )
    x, h, c = rng.normal(0, 1, (6, 4)), np.zeros(3), np.zeros(3)
    for step in x:
        i, candidate, f, o = (step @ w + h @ u + b for w, u, b in gates.values())
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(candidate)
        h = _sigmoid(o) * np.tanh(c)
    found = worker_outputs(spec, weights, {"l0_input": x[None].astype("float32")})[0]
    np.testing.assert_allclose(found[0], h, rtol=1e-4, atol=1e-5)


def test_highways_and_maxouts_keep_their_numbers(worker_outputs: Callable[..., Any]) -> None:
    rng = np.random.default_rng(6)
    w, carry, b, b_carry = (rng.normal(0, 0.5, shape) for shape in [(3, 3), (3, 3), (3,), (3,)])
    pieces, biases = rng.normal(0, 0.5, (4, 3, 5)), rng.normal(0, 0.5, (4, 5))
    document = _sequential(
        [3], ("Highway", {**OLD, "activation": "tanh", "transform_bias": -2, "input_dim": 3}),
        ("MaxoutDense", {"output_dim": 5, "nb_feature": 4, "input_dim": None, "bias": True}),
    )  # fmt: skip
    spec, weights, _ = conversion.read(_file(document, {"l0": [w, carry, b, b_carry], "l1": [pieces, biases]}))
    x = rng.normal(0, 1, 3)
    gate = _sigmoid(x @ carry + b_carry)
    y = gate * np.tanh(x @ w + b) + (1 - gate) * x
    found = worker_outputs(spec, weights, {"l0_input": x[None].astype("float32")})[0]
    np.testing.assert_allclose(found[0], (np.einsum("i,pio->po", y, pieces) + biases).max(0), rtol=1e-4, atol=1e-5)


MERGES = {
    "sum": ("Add", {}), "mul": ("Multiply", {}), "ave": ("Average", {}), "max": ("Maximum", {}),
    "concat": ("Concatenate", {}),
    "dot": ("Dot", {"axes": [1, 1]}), "cos": ("Dot", {"axes": [1, 1], "normalize": True}),
}  # fmt: skip


def _branch(name: str) -> dict[str, Any]:
    config = {"name": name, "batch_input_shape": [None, 4], "output_dim": 3, **OLD}
    return {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": config}]}


def _merge(mode: str, **more: Any) -> dict[str, Any]:
    config = {"name": "m", "mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": [[1], [1]],
              "layers": [_branch("left"), _branch("right")], "output_shape": None, **more}  # fmt: skip
    layers = [{"class_name": "Merge", "config": config},
              {"class_name": "Dense", "config": {"name": "end", "output_dim": 2, **OLD}}]  # fmt: skip
    return {"class_name": "Sequential", "config": layers, "keras_version": "1.2.0"}


@pytest.mark.parametrize("mode", MERGES)
def test_a_merge_of_models_is_a_layer_of_its_mode(mode: str) -> None:
    spec, _, report = _read(_merge(mode))
    merge = next(layer for layer in spec.layers if layer.name == "m")
    assert merge.inputs == ("left", "right")
    assert merge.type == MERGES[mode][0]
    assert merge.params == MERGES[mode][1]
    assert [layer.type for layer in spec.layers].count("Input") == 2
    assert not report.dropped


@pytest.mark.parametrize(
    ("document", "layer", "text"),
    [
        (_merge("function", mode_type="lambda"), "m", "layer type"),
        (_sequential([4], ("BatchNormalization", {**BATCHNORM, "axis": -1, "mode": 1})), "l0", "mode must be 0"),
        (_sequential([4], ("Lambda", {"function": ["4wA=", None, None]})), "l0", "layer type"),
        (_sequential([4], ("ParametricSoftplus", {"alpha_init": 0.2})), "l0", "layer type"),
    ],
)
def test_what_cannot_be_read_is_named(document: dict[str, Any], layer: str, text: str) -> None:
    with pytest.raises(ConversionImpossible) as error:
        _read(document)
    assert layer in {problem.where.layer for problem in error.value.problems}
    assert text in error.value.problems[0].rule


def test_channels_first_in_keras_2_is_the_same_net_with_channels_last(worker_outputs: Callable[..., Any]) -> None:
    """Keras 2's Flatten puts the channels last by itself, and joins are along the axis of the channels."""
    rng = np.random.default_rng(9)
    first = {"data_format": "channels_first"}
    nodes = [
        ("InputLayer", "x", {"batch_input_shape": [None, 2, 4, 5]}, []),
        ("Conv2D", "c", {**first, "filters": 3, "kernel_size": [1, 1]}, ["x"]),
        ("Concatenate", "j", {"axis": 1}, ["c", "x"]),
        ("GlobalAveragePooling2D", "g", first, ["j"]),
        ("Flatten", "f", first, ["j"]),
    ]
    layers = [
        {"class_name": type, "name": name, "config": {"name": name, **config},
         "inbound_nodes": [[[one, 0, 0, {}] for one in inputs]] if inputs else []}
        for type, name, config, inputs in nodes
    ]  # fmt: skip
    config = {"name": "n", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["g", 0, 0], ["f", 0, 0]]}
    spec, _, _ = _read({"class_name": "Model", "config": config, "keras_version": "2.2.4", "backend": "tensorflow"})
    kernel, bias = rng.normal(0, 1, (1, 1, 2, 3)).astype("float32"), rng.normal(0, 1, 3).astype("float32")
    x = rng.normal(0, 1, (4, 5, 2)).astype("float32")
    joined = np.concatenate([x @ kernel[0, 0] + bias, x], -1)
    found = worker_outputs(spec, {"c/kernel": kernel, "c/bias": bias}, {"x": x[None]})
    np.testing.assert_allclose(found[0][0], joined.mean((0, 1)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[1][0], joined.reshape(-1), rtol=1e-4, atol=1e-5)


REAL = {
    "AlexNet": 62_378_344, "VQA": 13_707_240, "imdb_cnn_lstm": 2_638_895, "resnet50": 25_636_712,
    "seq2seq_lang": 718_940, "shapeCheck1D": 128, "shapeCheck2D": 242_858, "shapeCheck3D": 703_946,
    "textGeneration": 805_695, "vgg16": 138_357_544,
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_every_real_file_has_its_parameters(corpus: Path, name: str) -> None:
    spec, _, _ = conversion.read((corpus / "keras" / f"{name}.json").read_bytes())
    assert summary(spec).params == REAL[name]
