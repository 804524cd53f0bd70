"""Recurrent nets of Caffe, with its marks of where sequences begin, against its own rules in NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.caffe import caffemodel
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.errors import ConversionImpossible

STEPS, BATCH, WORDS, SIZE, UNITS = 5, 2, 7, 4, 3
CAPTIONS = """
layer { name: "data" type: "HDF5Data" top: "cont" top: "words" top: "target" hdf5_data_param { batch_size: 2 } }
layer { name: "embed" type: "Embed" bottom: "words" top: "embed"
  embed_param { input_dim: 7 num_output: 4 bias_term: false } }
layer { name: "lstm" type: "LSTM" bottom: "embed" bottom: "cont" top: "lstm" recurrent_param { num_output: 3 } }
layer { name: "predict" type: "InnerProduct" bottom: "lstm" top: "predict"
  inner_product_param { num_output: 7 axis: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "predict" bottom: "target" top: "loss"
  softmax_param { axis: 2 } }
"""
_SOURCE = (
    'layer { name: "data" type: "HDF5Data" top: "cont" top: "words" top: "target" hdf5_data_param { batch_size: 2 } }'
)
_INPUTS = 'input: "cont" input_shape { dim: 5 dim: 2 } input: "words" input_shape { dim: 5 dim: 2 }'
DEPLOY = CAPTIONS.replace(_SOURCE, _INPUTS).replace(
    'type: "SoftmaxWithLoss" bottom: "predict" bottom: "target"', 'type: "Softmax" bottom: "predict"'
)


@pytest.mark.parametrize(("text", "options"), [(CAPTIONS, {"input_shape": {"words": [5]}}), (DEPLOY, {})])
def test_a_captioning_net_is_read_without_its_marks(text: str, options: dict[str, Any]) -> None:
    spec, _, report = conversion.read(text.encode(), "caffe", **options)
    assert [(layer.name, layer.type) for layer in spec.layers] == [
        ("words", "Input"), ("embed", "Embedding"), ("lstm", "LSTM"), ("predict", "Dense"), ("loss", "Softmax"),
    ]  # fmt: skip
    assert spec.layers[0].params["shape"] == [STEPS]
    assert [list(one.output_shapes[0]) for one in resolve(spec).layers] == [[5], [5, 4], [5, 3], [5, 7], [5, 7]]
    assert ("cont", "it marks where sequences begin; here every sample is one whole sequence") in [
        (one.layer, one.why) for one in report.dropped
    ]
    assert {line.layer for line in report.rewritten} >= {"words", "lstm"}


def test_an_lstm_with_weights_answers_as_caffes_rules_say(worker_outputs: Callable[..., Any]) -> None:
    rng = np.random.default_rng(5)
    shapes = {"embed": [(WORDS, SIZE)], "predict": [(WORDS, UNITS), (WORDS,)],
              "lstm": [(4 * UNITS, SIZE), (4 * UNITS,), (4 * UNITS, UNITS)]}  # fmt: skip
    blobs = {name: [np.float32(rng.normal(0, 1, shape)) for shape in each] for name, each in shapes.items()}
    spec, weights, _ = conversion.read(DEPLOY.encode(), "caffe", weights_file=_caffemodel(blobs))
    words = rng.integers(0, WORDS, (BATCH, STEPS))
    (found,) = worker_outputs(spec, weights, {"words": np.float32(words)})
    np.testing.assert_allclose(found, _by_hand(blobs, words), rtol=1e-5, atol=1e-6)


def _by_hand(blobs: dict[str, list[Any]], words: Any) -> Any:
    """Caffe's lstm_unit_layer: gates in the order i, f, o, g; the marks are 0 at the first step and 1 behind it."""
    kernel, bias, again = blobs["lstm"]
    h = c = np.zeros((len(words), UNITS))
    out = []
    for step in range(words.shape[1]):
        cont = float(step > 0)
        gates = blobs["embed"][0][words[:, step]] @ kernel.T + bias + (cont * h) @ again.T
        i, f, o, g = np.split(gates, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-one)) for one in (i, f, o))
        c = cont * f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        out.append(h @ blobs["predict"][0].T + blobs["predict"][1])
    logits = np.exp(np.stack(out, 1))
    return logits / logits.sum(-1, keepdims=True)


def _caffemodel(blobs: dict[str, list[Any]]) -> bytes:
    return caffemodel.render("net", [({"name": name, "type": ""}, each) for name, each in blobs.items()])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (DEPLOY.replace('bottom: "cont" top', 'bottom: "cont" bottom: "embed" top'), "LSTM must have two bottoms"),
        (DEPLOY.replace('"LSTM"', '"RNN"'), "RNN must be written as a SimpleRNN layer and a Dense layer"),
        (DEPLOY.replace("recurrent_param {", "recurrent_param { expose_hidden: true"), "expose_hidden must be"),
        (DEPLOY + 'layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 7 } } }',
         "a net must compute its blobs of its samples"),
    ],
)  # fmt: skip
def test_what_a_spec_does_not_say_of_recurrent_nets_is_told(text: str, rule: str) -> None:
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(text.encode(), "caffe")
    (problem,) = caught.value.problems
    assert problem.rule.startswith(rule)


def test_the_shape_that_is_asked_for_is_that_of_the_steps() -> None:
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(CAPTIONS.encode(), "caffe")
    (problem,) = caught.value.problems
    assert problem.where.layer == "words"
    assert problem.hint == 'give input_shape, such as {"words": [20]}: the number of steps'


def test_labels_that_are_cut_are_still_labels() -> None:
    text = """layer { name: "d" type: "Data" top: "data" top: "label" transform_param { crop_size: 8 mean_value: 1
      mean_value: 1 mean_value: 1 } }
    layer { name: "cut" type: "Slice" bottom: "label" top: "a" top: "b" }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "a" }"""
    with pytest.raises(ConversionImpossible) as caught:
        conversion.read(text.encode(), "caffe")
    (problem, *_) = caught.value.problems
    assert problem.rule == "a layer must not read the samples' labels: they are no part of the net"
    assert problem.where.layer == "cut"
