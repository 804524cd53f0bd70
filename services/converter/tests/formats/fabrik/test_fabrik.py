"""Documents of Fabrik and of the VisualNN that grew from it: every layer type, its odd paddings, and what is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_converter.formats.fabrik.table import TYPES
from visualnn_shared.analysis.summary import summary
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Spec

WINDOW = {"kernel_h": 3, "kernel_w": 3, "stride_h": 1, "stride_w": 1, "pad_h": 0, "pad_w": 0, "layer_type": "2D"}
FILLERS = {"weight_filler": "xavier", "bias_filler": "constant"}


def document(*layers: tuple[Any, ...], **shapes: list[int]) -> bytes:
    """``(type, params)`` one after the other under l0, l1, ...; a third item names the inputs."""
    net: dict[str, Any] = {}
    for number, (type, params, *rest) in enumerate(layers):
        id = f"l{number}"
        inputs = rest[0] if rest else [f"l{number - 1}"] if number else []
        net[id] = {
            "info": {"type": type, "phase": None},
            "params": params,
            "connection": {"input": inputs, "output": []},
            "shape": {"input": None, "output": shapes.get(id)},
        }
    return json.dumps({"net": net, "net_name": "old work"}).encode()


def _conv(filters: int, size: int, **more: Any) -> tuple[str, dict[str, Any]]:
    return "Convolution", {**WINDOW, **FILLERS, "kernel_h": size, "kernel_w": size, "num_output": filters, **more}


def _pool(**more: Any) -> tuple[str, dict[str, Any]]:
    return "Pooling", {**WINDOW, "kernel_h": 2, "kernel_w": 2, "stride_h": 2, "stride_w": 2, "pool": "MAX", **more}


def _input(*sizes: int) -> tuple[str, dict[str, Any]]:
    return "Input", {"dim": ", ".join(map(str, (1, *sizes)))}


def _read(data: bytes, **options: Any) -> Spec:
    return conversion.read(data, filename="net.json", **options)[0]


LENET = (
    _input(1, 28, 28), _conv(20, 5), _pool(caffe=True), _conv(50, 5), _pool(caffe=True),
    ("InnerProduct", {"num_output": 500, **FILLERS}), ("ReLU", {"negative_slope": 0, "inplace": True}),
    ("InnerProduct", {"num_output": 10, **FILLERS}), ("SoftmaxWithLoss", {}), ("Accuracy", {}, ["l7"]),
)  # fmt: skip


def test_lenet_is_recognised_and_has_its_parameters() -> None:
    spec, _, report = conversion.read(document(*LENET), filename="net.json")
    assert report.source == "fabrik"
    assert spec.name == "old work"
    assert summary(spec).params == 431_080
    assert [layer.type for layer in spec.layers][-2:] == ["Dense", "Softmax"]
    assert any("categorical_crossentropy" in line.why for line in report.rewritten)
    assert any(line.what == "Accuracy" for line in report.dropped)


def test_a_residual_block_merges_its_norms_and_scales() -> None:
    data = document(
        _input(8, 6, 6), _conv(8, 3, pad_h=1, pad_w=1, use_bias=False),
        ("BatchNorm", {"eps": 1e-4, "moving_average_fraction": 0.9}),
        ("Scale", {"bias_term": True, "axis": 1, "filler": "constant"}),
        ("Eltwise", {"layer_type": "Sum"}, ["l0", "l3"]), ("ReLU", {"negative_slope": 0.1}),
    )  # fmt: skip
    layers = {layer.type: layer for layer in _read(data).layers}
    assert list(layers) == ["Input", "Conv2D", "BatchNormalization", "Add", "LeakyReLU"]
    assert layers["BatchNormalization"].params == {"epsilon": 1e-4, "momentum": 0.9}
    assert layers["Add"].inputs == ("l0", layers["BatchNormalization"].name)


def _only(type: str, params: dict[str, Any], *sizes: int, output: list[int] | None = None) -> dict[str, Any]:
    shapes = {"l1": output} if output else {}
    return canonical(_read(document(_input(*sizes), (type, params), **shapes)))["layers"]["l1"]


CASES: dict[str, tuple[tuple[str, dict[str, Any]], tuple[int, ...], list[int] | None, str, dict[str, Any]]] = {
    "padding in cells": (_conv(4, 3, pad_h=1, pad_w=2), (3, 8, 8), None, "Conv2D", {"padding": [[1, 1], [2, 2]]}),
    "half cells are same": (_conv(4, 2, pad_h=0.5, pad_w=0.5), (3, 8, 8), None, "Conv2D", {"padding": "same"}),
    "a recorded shape that only same gives": (
        _conv(4, 3, stride_h=2, stride_w=2), (3, 8, 8), [4, 4, 4], "Conv2D", {"padding": "same"},
    ),
    "a word for the padding": (_conv(4, 3, padding="SAME"), (3, 8, 8), None, "Conv2D", {"padding": "same"}),
    "numbers as texts": (_conv(4, 3, stride_h="2", stride_w="2"), (3, 9, 9), None, "Conv2D", {"strides": [2, 2]}),
    "a pool of Caffe rounds up": (_pool(caffe=True), (2, 7, 7), None, "MaxPooling2D", {"ceil_mode": True}),
    "a shape that only rounding up gives, of Caffe": (
        _pool(caffe=True), (2, 7, 7), [2, 4, 4], "MaxPooling2D", {"ceil_mode": True},
    ),
    "a shape that only same gives, of Keras": (_pool(), (2, 7, 7), [2, 4, 4], "MaxPooling2D", {"padding": "same"}),
    "a pool of Keras rounds down": (_pool(pool=1), (2, 7, 7), [2, 3, 3], "AveragePooling2D", {"pool_size": [2, 2]}),
    "a sequence": (
        ("Convolution", {"layer_type": "1D", "kernel_w": 3, "stride_w": 1, "dilation_w": 1, "pad_w": 0,
                         "num_output": 4}), (6, 20), None, "Conv1D", {"kernel_size": [3]},
    ),
    "a volume": (
        ("Pooling", {"layer_type": "3D", "pool": "AVE", **{f"{name}_{axis}": 2 for name in ("kernel", "stride")
                                                           for axis in "hwd"}}),
        (2, 4, 6, 8), None, "AveragePooling3D", {"pool_size": [2, 2, 2]},
    ),
    "up-sampling": (("Upsample", {"layer_type": "2D", "size_h": 3, "size_w": 2}), (2, 4, 4), None, "UpSampling2D",
                    {"size": [3, 2]}),
    "embedding": (("Embed", {"input_dim": 9, "num_output": 4, "mask_zero": False}), (5,), None, "Embedding",
                  {"input_dim": 9, "output_dim": 4}),
    "lrn": (("LRN", {"alpha": 0.1, "beta": 0.5, "k": 2, "local_size": 3, "norm_region": "WITHIN_CHANNEL"}),
            (2, 4, 4), None, "LRN", {"norm_region": "WITHIN_CHANNEL", "local_size": 3}),
    "gru": (("GRU", {"num_output": 7, "recurrent_activation": "sigmoid"}), (3, 5), None, "GRU",
            {"units": 7, "reset_after": False}),
    "prelu of channels": (("PReLU", {"channel_shared": False}), (2, 4, 4), None, "PReLU", {"shared_axes": [1, 2]}),
    "transposed": (
        ("Deconvolution", {**WINDOW, "kernel_h": 4, "kernel_w": 4, "stride_h": 2, "stride_w": 2, "pad_h": 1, "pad_w": 1,
                           "num_output": 3}), (2, 4, 4), None, "Conv2DTranspose", {"padding": "same"},
    ),
    "padding as a layer": (("Pad", {"pad": [1, 2]}), (2, 4, 4), None, "ZeroPadding2D", {"padding": [[1, 1], [2, 2]]}),
    "dropout": (("Dropout", {"inplace": True}), (4,), None, "Dropout", {"rate": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_read_as_it_was_meant(name: str) -> None:
    (type, params), sizes, output, wanted, some = CASES[name]
    found = _only(type, params, *sizes, output=output)
    assert found["type"] == wanted
    assert {key: found["params"].get(key) for key in some} == some


EVERYWHERE = {
    **WINDOW, "kernel_d": 2, "num_output": 4, "size_h": 2, "size_w": 2, "filters": 3, "n": 2, "rate": 0.5, "stddev": 1,
    "input_dim": 3,
}  # fmt: skip
SPECIAL = {"Reshape": {"dim": "1, 36, 8"}, "Permute": {"dim": "2, 1, 3"}, "Upsample": {"layer_type": "2D"}}
RANK = {"RepeatVector": (4,), "RNN": (3, 5), "GRU": (3, 5), "LSTM": (3, 5), "Embed": (5,)}


@pytest.mark.parametrize("type", TYPES)
def test_every_type_of_the_table_is_read(type: str) -> None:
    params = {**EVERYWHERE, **SPECIAL.get(type, {})}
    if type in ("Eltwise", "Concat"):
        params["layer_type"] = "Sum"
    inputs = ["l0", "l0"] if type in ("Eltwise", "Concat") else ["l0"]
    layers = [_input(*RANK.get(type, (8, 6, 6))), (type, params, inputs)]
    assert len(_read(document(*layers)).layers) >= 2


def test_wrappers_hold_the_layer_behind_them() -> None:
    lstm = ("LSTM", {"num_output": 4, "recurrent_activation": "hard_sigmoid"})
    spec, _, report = conversion.read(document(_input(3, 5), ("Bidirectional", {"merge_mode": "sum"}), lstm))
    assert [layer.type for layer in spec.layers] == ["Input", "Bidirectional"]
    assert spec.layers[1].params["merge_mode"] == "sum"
    assert any("hard_sigmoid" in note for note in report.notes)


def test_names_that_people_gave_are_kept() -> None:
    net = json.loads(document(_input(4), ("InnerProduct", {"num_output": 2})))
    net["net"]["l1"]["props"] = {"name": "scores: all"}
    spec, _, report = conversion.read(json.dumps(net).encode())
    assert spec.layers[1].name == "scores_ all"
    assert report.renamed == {"scores: all": "scores_ all"}


def test_lines_told_by_the_layer_above_count_too() -> None:
    net = json.loads(document(_input(4), ("InnerProduct", {"num_output": 2}, [])))
    net["net"]["l0"]["connection"]["output"] = ["l1"]
    assert _read(json.dumps(net).encode()).layers[1].inputs == ("l0",)


def test_data_layers_ask_for_their_size() -> None:
    data = document(("Data", {"source": "/x", "batch_size": 32}), ("InnerProduct", {"num_output": 2}))
    with pytest.raises(ConversionImpossible, match="shape must be known"):
        _read(data)
    assert summary(_read(data, input_shape=[6, 6, 3])).params == 218


def test_every_obstacle_is_told_at_once() -> None:
    data = document(
        _input(3, 8, 8), ("Python", {}), ("InnerProduct", {"num_output": "many"}, ["l0"]), _conv(4, 30),
        ("ReLU", {}, ["nowhere"]), ("Slice", {"slice_point": "1"}, ["l0"]),
    )  # fmt: skip
    with pytest.raises(ConversionImpossible) as caught:
        _read(data)
    assert {problem.where.layer for problem in caught.value.problems} == {"l1", "l2", "l4", "l5"}


def test_a_circle_is_told() -> None:
    with pytest.raises(ConversionImpossible, match="circle"):
        _read(document(("ReLU", {}, ["l1"]), ("ReLU", {}, ["l0"])))


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), st.just("9" * 400), st.just("0"), st.just(-1),
)  # fmt: skip
DOCUMENT = json.loads(document(*LENET))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    damaged = json.loads(json.dumps(DOCUMENT))
    for _ in range(data.draw(st.integers(1, 3))):
        place = damaged
        while isinstance(place, dict) and place:
            key = data.draw(st.sampled_from(sorted(place)))
            if not isinstance(place[key], dict) or data.draw(st.integers(0, 3)) == 0:
                place[key] = data.draw(JUNK)
                break
            place = place[key]
    try:
        spec = _read(json.dumps(damaged).encode(), source="fabrik")
    except (Invalid, TooLarge) as error:
        told = bool(error.problems) or isinstance(error, TooLarge)
    else:
        told = bool(spec.layers)
    assert told
