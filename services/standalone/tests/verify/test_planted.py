"""An error planted in the target is found at its layer, with its cause."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from visualnn_converter import conversion
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.spec.model import Layer, Spec
from visualnn_standalone.verify import Asked, verify
from visualnn_standalone.verify.causes import causes
from visualnn_standalone.verify.certificate import Certificate
from visualnn_standalone.verify.drawing import draw_weights
from visualnn_standalone.verify.runtimes.base import ModelFile
from visualnn_standalone.verify.runtimes.read_back import of_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
Rows = list[tuple[Any, ...]]
Weights = Mapping[str, np.ndarray]

NET: Rows = [
    ("x", "Input", {"shape": [8, 6, 4]}),
    ("first", "Conv2D", {"filters": 4, "kernel_size": 3, "padding": [[1, 0], [0, 1]]}),
    ("norm", "BatchNormalization", {"epsilon": 1e-2}),
    ("act", "ReLU", {}),
    ("second", "Conv2D", {"filters": 4, "kernel_size": 3, "activation": "relu"}),
    ("pool", "AveragePooling2D", {"pool_size": 2, "strides": 1, "padding": "same"}),
    ("flat", "Flatten", {}),
    ("out", "Dense", {"units": 5, "activation": "softmax"}),
]
SEQUENCE: Rows = [
    ("x", "Input", {"shape": [5, 3]}),
    ("lstm", "LSTM", {"units": 4}),
    ("out", "Dense", {"units": 2, "activation": "tanh"}),
]


def _spec(rows: Rows) -> Spec:
    names = [row[0] for row in rows]
    layers = [
        Layer(name=name, type=type, params=params, inputs=(names[index - 1],) if index else ())
        for index, (name, type, params) in enumerate(rows)
    ]
    return Spec(name="net", layers=tuple(layers), outputs=(names[-1],))


def _changed(rows: Rows, layer: str, type: str | None = None, **params: Any) -> Spec:
    return _spec([
        (name, type or kind, {**({} if type else known), **params}) if name == layer else (name, kind, known)
        for name, kind, known in rows
    ])  # fmt: skip


def _certificate(honest: Spec, written: Spec, weights: Weights, planted: Weights, format: str = "onnx") -> Certificate:
    """The certificate of a target that was made of another spec, or of other weights, than it should have been."""
    made = conversion.write(written, format, planted)
    beside = conversion.write_weights(written, format, planted) if format == "caffe" else None
    source = ModelFile("native", "net.json", b"{}", honest, weights)
    target = ModelFile(format, made.filename, made.data, honest, weights, beside, made.report.renamed)
    return verify(source, target, Asked())


PARAMETERS = {
    "padding": ("first", {"padding": [[0, 1], [0, 1]]}, "padding", "[[0, 1], [0, 1]]"),
    "epsilon": ("norm", {"epsilon": 1e-5}, "epsilon", "1e-05 instead of 0.01"),
    "a fused activation": ("second", {"activation": "elu"}, "activation", "elu instead of relu"),
    "the slope of an activation": ("act", {"negative_slope": 0.01}, "activation", "negative_slope is 0.01"),
    "what an average counts": ("pool", {"count_include_pad": True}, "count include pad", "is True instead of False"),
    "the last activation": ("out", {"activation": "sigmoid"}, "activation", "sigmoid instead of softmax"),
}


@pytest.mark.parametrize(("name", "format"), [*((name, "onnx") for name in PARAMETERS), ("padding", "keras-file")])
def test_a_changed_parameter_is_found_at_its_layer_with_its_cause(name: str, format: str) -> None:
    layer, params, kind, text = PARAMETERS[name]
    honest, weights = _spec(NET), draw_weights(_spec(NET), 1)
    found = _certificate(honest, _changed(NET, layer, **params), weights, weights, format)
    assert not found.passed
    assert found.divergence is not None
    assert found.divergence.layer == layer
    assert found.divergence.between == "writing the target"
    assert kind in [cause.kind for cause in found.divergence.causes]
    assert any(text in cause.text for cause in found.divergence.causes), found.divergence.causes


def _swapped(weights: Weights, name: str, change: Any) -> Weights:
    return {**weights, name: np.ascontiguousarray(change(weights[name]))}


TENSORS = {
    "a kernel transposed": ("second/kernel", lambda k: np.swapaxes(k, -1, -2), "kernel", "inputs and outputs"),
    "a kernel flipped": ("first/kernel", lambda k: k[::-1, ::-1], "kernel flip", "flipped"),
    "height and width exchanged": ("first/kernel", lambda k: np.swapaxes(k, 0, 1), "kernel", "height and width"),
    "a bias forgotten": ("second/bias", np.zeros_like, "weights", "bias is left out"),
    "a deviation for a variance": ("norm/moving_variance", np.sqrt, "batch-norm mode", "standard deviation"),
    "rows as channels first": (
        "out/kernel", lambda k: k.reshape(6, 4, 4, 5).transpose(2, 0, 1, 3).reshape(-1, 5), "layout", "channels",
    ),
    "other values": ("second/kernel", lambda k: k[:, :, :, ::-1] * 1.5 + 0.1, "weights", "the weights differ"),
}  # fmt: skip


@pytest.mark.parametrize("name", TENSORS)
def test_a_changed_tensor_is_found_at_its_layer_with_its_cause(name: str) -> None:
    tensor, change, kind, text = TENSORS[name]
    rows: Rows = [row for row in NET if row[0] != "pool"]
    rows = [(n, t, {**p, "padding": "same"} if n in ("first", "second") else p) for n, t, p in rows]
    if name == "rows as channels first":
        change = lambda k: k.reshape(8, 6, 4, 5).transpose(2, 0, 1, 3).reshape(-1, 5)  # noqa: E731
    honest, weights = _spec(rows), draw_weights(_spec(rows), 1)
    found = _certificate(honest, honest, weights, _swapped(weights, tensor, change))
    assert found.divergence is not None
    assert found.divergence.layer == tensor.partition("/")[0]
    assert kind in [cause.kind for cause in found.divergence.causes]
    assert any(text in cause.text for cause in found.divergence.causes), found.divergence.causes
    assert found.divergence.read_back == (
        f"{tensor.partition('/')[0]}: the values of {tensor.partition('/')[2]} differ",
    )


def test_gates_in_another_order_are_found() -> None:
    honest, weights = _spec(SEQUENCE), draw_weights(_spec(SEQUENCE), 1)
    planted = {
        name: np.concatenate([np.split(tensor, 4, -1)[gate] for gate in (0, 1, 3, 2)], -1) if "lstm" in name else tensor
        for name, tensor in weights.items()
    }
    found = _certificate(honest, honest, weights, planted)
    assert found.divergence is not None
    assert (found.divergence.layer, found.divergence.causes[0].kind) == ("lstm", "gate order")
    assert "i, f, o, c" in found.divergence.causes[0].text


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [({"use_causal_mask": True}, "call", "use_causal_mask=True"),
     ({"attention_mask": np.tri(5, 5, 1, dtype=bool)[None]}, "unknown", "a mask, states or other arguments")],
)  # fmt: skip
def test_what_a_layer_is_called_with_is_not_taken_for_its_weights(call: Any, kind: str, text: str) -> None:
    spec = Spec(
        name="net",
        layers=(
            Layer(name="x", type="Input", params={"shape": [5, 8]}),
            Layer(name="heads", type="MultiHeadAttention", params={"num_heads": 2, "key_dim": 4}, inputs=("x", "x")),
        ),
        outputs=("heads",),
    )
    weights, resolved = draw_weights(spec, 1), resolve(spec)
    x = np.float32(np.random.default_rng(3).normal(0, 1, (2, 5, 8)))
    theirs = of_spec(spec, weights, "").called("heads", [x, x], call)
    (found, *_) = causes(resolved.layers[1], resolved, {"x": x}, weights, theirs, 1e-5)
    assert (found.kind, text in found.text) == (kind, True), found


def test_statistics_of_the_batch_are_told_from_those_of_training() -> None:
    rows: Rows = [NET[0], ("norm", "BatchNormalization", {}), ("gap", "GlobalAveragePooling2D", {})]
    honest, weights = _spec(rows), draw_weights(_spec(rows), 1)
    from visualnn_standalone.verify.drawing import draw_inputs

    x = draw_inputs(honest, 0)["x"]
    planted = {**weights, "norm/moving_mean": x.mean((0, 1, 2)), "norm/moving_variance": x.var((0, 1, 2))}
    found = _certificate(honest, honest, weights, planted)
    assert found.divergence is not None
    assert found.divergence.layer == "norm"
    assert found.divergence.causes[0].text == "the statistics are the batch's, as in training"


def test_a_changed_padding_in_a_caffe_net_is_found_by_opencv() -> None:
    pytest.importorskip("cv2")
    rows: Rows = [
        NET[0],
        ("first", "Conv2D", {"filters": 4, "kernel_size": 3, "padding": [[1, 1], [1, 1]]}),
        ("second", "Conv2D", {"filters": 2, "kernel_size": 5, "strides": 2, "padding": [[2, 2], [1, 1]]}),
        ("relu", "ReLU", {}),
    ]
    honest, weights = _spec(rows), draw_weights(_spec(rows), 1)
    found = _certificate(honest, _changed(rows, "second", padding=[[1, 1], [1, 1]]), weights, weights, "caffe")
    assert found.target.runtime.name == "OpenCV DNN"
    assert found.target.runtime.independent
    assert found.divergence is not None
    assert found.divergence.layer == "second"
    assert found.outputs[0].max_abs is None  # the shapes differ
    assert found.divergence.causes[0].kind == "padding"


def test_a_file_that_was_edited_by_hand_is_caught_too() -> None:
    honest, weights = _spec(NET), draw_weights(_spec(NET), 1)
    model = onnx.load_from_string(conversion.write(honest, "onnx", weights).data)
    (conv,) = [node for node in model.graph.node if node.name == "first"]
    next(one for one in conv.attribute if one.name == "pads").ints[:] = [0, 0, 1, 1]
    target = ModelFile("onnx", "net.onnx", model.SerializeToString(), honest, weights)
    found = verify(ModelFile("native", "net.json", b"{}", honest, weights), target, Asked())
    assert found.divergence is not None
    assert (found.divergence.layer, found.divergence.causes[0].kind) == ("first", "padding")
    assert found.divergence.read_back == ("first: padding is [[0, 1], [0, 1]] instead of [[1, 0], [0, 1]]",)


def test_an_error_of_reading_is_told_from_one_of_writing() -> None:
    honest, weights = _spec(NET), draw_weights(_spec(NET), 1)
    made = conversion.write(honest, "onnx", weights)
    misread = _changed(NET, "norm", epsilon=1e-5)
    source = ModelFile("onnx", "net.onnx", made.data, misread, weights)
    target = ModelFile(
        "keras-file", "net.keras", conversion.write(misread, "keras-file", weights).data, misread, weights
    )
    found = verify(source, target, Asked())
    assert found.source.runtime.name == "ONNX Runtime"
    assert found.divergence is not None
    assert (found.divergence.layer, found.divergence.between) == ("norm", "reading the source")
    assert "epsilon is 0.01 instead of 1e-05" in [cause.text for cause in found.divergence.causes]


def test_an_error_that_the_outputs_hide_is_told_though_the_gate_passes() -> None:
    rows: Rows = [(n, t, {"epsilon": 1e-3} if n == "norm" else p) for n, t, p in NET]
    honest, weights = _spec(rows), draw_weights(_spec(rows), 1)
    found = _certificate(honest, _changed(rows, "norm", epsilon=5e-4), weights, weights)
    assert found.passed
    assert found.divergence is not None
    assert found.divergence.layer == "norm"
    assert any("passes, but the values of the layer norm differ" in note for note in found.notes)
