"""Keras loads what is written and counts the same; what Keras writes is read, nested and shared layers included."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared import zoo
from visualnn_shared.analysis.summary import summary
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

from shared.tests.zoo_nets import SMALL

keras = pytest.importorskip("keras")
WRITABLE = [entry for entry in CATALOGUE.values() if entry.maps.get("keras")]
SPELLED_OUT = {"MelSpectrogram", *(name for name, entry in CATALOGUE.items() if entry.group == "augmentation")}
"""Types whose configs say more than was given: a factor as a range, a seed that was drawn, a length that followed."""


def _read(model: Any) -> Spec:
    return conversion.read(model.to_json().encode())[0]


def _example(type: str) -> Spec:
    entry = CATALOGUE[type]
    inputs = [
        Layer(name=f"x{i}", type="Input", params={"shape": list(shape)}) for i, shape in enumerate(entry.example.inputs)
    ]
    layer = Layer(name="y", type=type, params=dict(entry.example.params), inputs=tuple(one.name for one in inputs))
    return Spec(name="example", layers=(*inputs, layer), outputs=("y",))


@pytest.mark.parametrize("type", [entry.type for entry in WRITABLE])
def test_keras_loads_each_layer_and_gives_it_back(type: str) -> None:
    spec = _example(type)
    model = keras.models.model_from_json(conversion.write(spec, "keras").data.decode())
    assert model.count_params() == summary(spec).params
    read = _read(model)
    if type not in SPELLED_OUT:
        assert canonical(read) == canonical(spec, "keras")
    elif type == "RandomShear":  # Keras refuses its own config, where 0.2 is written as [-0.2, 0.2]
        assert read.layers[-1].params["x_factor"] == spec.layers[-1].params["x_factor"]
    else:
        again = keras.models.model_from_json(conversion.write(read, "keras").data.decode())
        assert again.get_layer("y").get_config() == model.get_layer("y").get_config()


@pytest.mark.parametrize("name", [name for name in SMALL if name != "highway"])  # Keras has no such layer
def test_keras_loads_every_small_network_of_the_zoo(name: str) -> None:
    spec = zoo.load(name)
    model = keras.models.model_from_json(conversion.write(spec, "keras").data.decode())
    assert model.count_params() == summary(spec).params
    assert [layer.name for layer in model.layers if layer.name in {one.name for one in spec.layers}]
    assert canonical(_read(model)) == canonical(spec, "keras")


def test_shared_layers_are_calls_of_one(chain: Callable[..., Spec], random_weights: Any, keras_outputs: Any) -> None:
    spec = chain(
        ("a", "Input", {"shape": [4]}), ("b", "Input", {"shape": [4]}), ("d", "Dense", {"units": 3}, ["a"]),
        ("other", "Dense", {"units": 3}, ["b"], "d"), ("sum", "Add", {}, ["d", "other"]),
    )  # fmt: skip
    written = conversion.write(spec, "keras")
    assert written.report.renamed == {"other": "d@1"}
    model = keras.models.model_from_json(written.data.decode())
    assert model.count_params() == 15
    assert canonical(_read(model)) == canonical(spec, "keras")


def test_a_sharer_before_its_owner_is_the_second_call(chain: Callable[..., Spec]) -> None:
    spec = chain(
        ("a", "Input", {"shape": [4]}), ("first", "Dense", {"units": 4}, ["a"], "owner"), ("r", "ReLU", {}, ["first"]),
        ("owner", "Dense", {"units": 4}, ["r"]),
    )  # fmt: skip
    data = conversion.write(spec, "keras").data
    assert keras.models.model_from_json(data.decode()).count_params() == 20
    assert canonical(conversion.read(data)[0]) == canonical(spec, "keras")


def test_shared_layers_with_other_parameters_are_an_obstacle(chain: Callable[..., Spec]) -> None:
    spec = chain(
        ("a", "Input", {"shape": [4]}), ("d", "Dense", {"units": 4}), ("e", "Dense", {"units": 4,
         "activation": "relu"}, ["d"], "d"),
    )  # fmt: skip
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(spec, "keras")
    assert error.value.problems[0].received == {"activation": "relu"}


def test_nested_models_are_flattened() -> None:
    layers = keras.layers
    x = keras.Input((4,), name="inner_x")
    inner = keras.Model(x, layers.Dense(3, name="d")(layers.Dense(5, name="c")(x)), name="inner")
    tower = keras.Sequential([keras.Input((3,)), layers.Dense(3, name="t")], name="tower")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    out = layers.Add(name="sum")([tower(inner(left)), inner(right)])
    model = keras.Model([left, right], out)
    spec = _read(model)
    found = {layer.name: layer for layer in spec.layers}
    assert summary(spec).params == model.count_params()
    assert found["inner@1/d"].weights_of == "inner/d"
    assert found["tower/t"].inputs == ("inner/d",)
    assert set(found["sum"].inputs) == {"tower/t", "inner@1/d"}


def test_states_of_an_lstm_are_its_further_outputs() -> None:
    layers = keras.layers
    x, y = keras.Input((6, 3), name="x"), keras.Input((5, 2), name="y")
    _, h, c = layers.LSTM(4, return_state=True, name="encoder")(x)
    out = layers.LSTM(4, return_sequences=True, name="decoder")(y, initial_state=[h, c])
    spec = _read(keras.Model([x, y], out))
    assert {layer.name: layer.inputs for layer in spec.layers}["decoder"] == ("y", "encoder:1", "encoder:2")
    assert keras.models.model_from_json(conversion.write(spec, "keras").data.decode()).output_shape == (None, 5, 4)


def test_explicit_padding_becomes_a_layer_and_the_numbers_stay(
    chain: Callable[..., Spec], random_weights: Any, random_inputs: Any, keras_outputs: Any
) -> None:
    spec = chain(
        ("x", "Input", {"shape": [6, 6, 2]}),
        ("c", "Conv2D", {"filters": 2, "kernel_size": 3, "padding": [[2, 0], [0, 1]]}),
    )
    weights, inputs = random_weights(spec), random_inputs(spec)
    found = keras_outputs(spec, weights, inputs)[0]
    x = np.pad(inputs["x"], [(0, 0), (2, 0), (0, 1), (0, 0)])
    kernel = weights["c/kernel"]
    expected = weights["c/bias"] + sum(x[:, i : i + 6, j : j + 5] @ kernel[i, j] for i in range(3) for j in range(3))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "param"),
    [
        (("n", "LRN", {}), None),
        (
            ("p", "MaxPooling2D", {"pool_size": 3, "strides": 2, "ceil_mode": True, "padding": [[1, 0], [0, 0]]}),
            "padding",
        ),
        (("s", "Scale", {}), None),
    ],
)
def test_what_keras_cannot_say_is_named(chain: Callable[..., Spec], layer: Any, param: str | None) -> None:
    with pytest.raises(ConversionImpossible) as error:
        conversion.write(chain(("x", "Input", {"shape": [7, 7, 2]}), layer), "keras")
    assert error.value.problems[0].where.layer == layer[0]
    assert param in (None, *(p.where.param for p in error.value.problems))


@pytest.mark.parametrize(("name", "params"), [("resnet50", 25_636_712), ("VQA", 13_707_240)])
def test_keras_2_files_have_their_known_parameters(corpus: Path, name: str, params: int) -> None:
    spec, _, _ = conversion.read((corpus / "keras" / f"{name}.json").read_bytes())
    assert summary(spec).params == params
    assert keras.models.model_from_json(conversion.write(spec, "keras").data.decode()).count_params() == params


def test_the_largest_keras_2_file_has_its_published_parameters(corpus: Path) -> None:
    spec, _, _ = conversion.read((corpus / "keras" / "vgg16.json").read_bytes())
    assert summary(spec).params == 138_357_544


def test_the_deepest_caffe_net_of_the_corpus_loads_in_keras(corpus: Path) -> None:
    spec, _, _ = conversion.read((corpus / "caffe" / "resnet101.prototxt").read_bytes())
    model = keras.models.model_from_json(conversion.write(spec, "keras").data.decode())
    assert model.count_params() == summary(spec).params


OLD = """{"class_name": "Sequential", "keras_version": "2.0.6", "backend": "tensorflow", "config": [
 {"class_name": "Conv2D", "config": {"name": "c", "batch_input_shape": [null, 8, 8, 3], "filters": 2,
         "kernel_size": [3, 3],
  "data_format": "DATA", "activation": "linear", "kernel_initializer": {"class_name": "VarianceScaling",
   "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": null}}, "strange": 3}},
 {"class_name": "LeakyReLU", "config": {"name": "a", "alpha": 0.1, "trainable": true}}]}"""


def test_keras_2_names_and_initialisers_become_ours() -> None:
    spec, _, report = conversion.read(OLD.replace("DATA", "channels_last").encode())
    assert [(layer.name, layer.type, layer.params) for layer in spec.layers] == [
        ("c_input", "Input", {"shape": [8, 8, 3]}), ("c", "Conv2D", {"filters": 2, "kernel_size": [3, 3]}),
        ("a", "LeakyReLU", {"negative_slope": 0.1}),
    ]  # fmt: skip
    assert [(one.layer, one.what) for one in report.dropped] == [("c", "strange = 3")]


def test_channels_first_within_a_wrapper_is_an_obstacle_not_another_net() -> None:
    inner = {"class_name": "Conv1D", "config": {"filters": 2, "kernel_size": 1, "data_format": "channels_first"}}
    layers = [
        _item("InputLayer", "x", [], batch_input_shape=[None, 3, 4, 4]),
        _item("TimeDistributed", "t", [[["x", 0, 0, {}]]], layer=inner),
    ]
    with pytest.raises(ConversionImpossible) as error:
        conversion.read(_keras2(layers, "t"))
    assert "data_format" in error.value.problems[0].rule


def _keras2(layers: list[dict[str, Any]], output: str) -> bytes:
    config = {"name": "old", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [[output, 0, 0]]}
    return json.dumps({"class_name": "Functional", "config": config, "keras_version": "2.15.0"}).encode()


def _item(type: str, name: str, nodes: list[Any], **config: Any) -> dict[str, Any]:
    return {"class_name": type, "name": name, "config": {"name": name, **config}, "inbound_nodes": nodes}


def test_tensorflow_counts_the_calls_of_a_nested_model_from_one() -> None:
    inner = {
        "name": "inner", "input_layers": [["in", 0, 0]], "output_layers": [["d", 0, 0]],
        "layers": [
            _item("InputLayer", "in", [], batch_input_shape=[None, 4]),
            _item("Dense", "d", [[["in", 0, 0, {}]]], units=4),
        ],
    }  # fmt: skip
    layers = [
        _item("InputLayer", "x", [], batch_input_shape=[None, 4]),
        {"class_name": "Functional", "name": "inner", "config": inner,
         "inbound_nodes": [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]]},
        _item("Dense", "last", [[["inner", 2, 0, {}]]], units=2),
    ]  # fmt: skip
    found = {
        layer.name: (layer.inputs, layer.weights_of) for layer in conversion.read(_keras2(layers, "last"))[0].layers
    }
    assert found == {
        "x": ((), None), "inner/d": (("x",), None), "inner@1/d": (("inner/d",), "inner/d"),
        "last": (("inner@1/d",), None),
    }  # fmt: skip


def test_tensors_given_by_name_in_keras_2_are_inputs() -> None:
    layers = [
        _item("InputLayer", "x", [], batch_input_shape=[None, 6, 8]),
        _item("Dense", "v", [[["x", 0, 0, {}]]], units=8),
        _item("Dense", "k", [[["x", 0, 0, {}]]], units=8),
        _item("MultiHeadAttention", "a", [[["x", 0, 0, {"key": ["k", 0, 0], "value": ["v", 0, 0]}]]],
              num_heads=2, key_dim=4),
    ]  # fmt: skip
    read = conversion.read(_keras2(layers, "a"))[0]
    assert [layer.inputs for layer in read.layers if layer.name == "a"] == [("x", "v", "k")]
