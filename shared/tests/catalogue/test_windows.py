"""What slides over one, two or three axes: contradictions are named, and products counted as by hand."""

from math import prod
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from visualnn_shared.analysis.params import clean_params
from visualnn_shared.analysis.walk import resolve
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.free import Shape
from visualnn_shared.catalogue.mapping import Read, Written, index, read_node, write_node
from visualnn_shared.catalogue.maps import Bag, Context
from visualnn_shared.catalogue.windows import window

from shared.tests.layer_uses import one_layer

CONV = {"filters": 4, "kernel_size": 3}
STRIDED = {"strides": 2, "dilation_rate": 2}

CONTRADICTIONS: list[tuple[str, list[Any], dict[str, Any], str | None, str]] = [
    ("Conv1D", [9, 4], {**CONV, **STRIDED}, "dilation_rate", "dilation_rate must be 1 where strides are above 1"),
    ("Conv3D", [9, 9, 9, 4], {**CONV, **STRIDED}, "dilation_rate", "dilation_rate must be 1 where"),
    ("SeparableConv2D", [9, 9, 4], {**CONV, **STRIDED}, "dilation_rate", "dilation_rate must be 1 where"),
    ("Conv2DTranspose", [9, 9, 4], {**CONV, **STRIDED}, "dilation_rate", "dilation_rate must be 1 where"),
    ("Conv1D", [9, 4], {**CONV, "groups": 3}, "groups", "groups must divide filters"),
    ("Conv3D", [9, 9, 9, 3], {**CONV, "groups": 2}, "groups", "groups must divide the input's channels"),
    ("Conv1D", [2, 4], CONV, "kernel_size", "kernel_size must fit into the padded input"),
    ("Conv3D", [9, 9, 2, 4], CONV, "kernel_size", "kernel_size must fit into the padded input"),
    ("LocallyConnected1D", [2, 4], CONV, "kernel_size", "kernel_size must fit into the padded input"),
    ("MaxPooling3D", [4, 4, 1, 2], {}, "pool_size", "pool_size must fit into the padded input"),
    ("MaxPooling1D", [4, 2], {"padding": [[2, 0]]}, "padding", "padding must be smaller than pool_size"),
    ("AveragePooling3D", [4, 4, 4, 2], {"pool_size": 2, "padding": "same", "ceil_mode": True}, "ceil_mode",
     "ceil_mode must be false where padding is 'same'"),
    ("Conv1DTranspose", [9, 4], {**CONV, "strides": 2, "output_padding": 2}, "output_padding",
     "output_padding must be smaller than strides"),
    ("Conv2DTranspose", [9, 9, 4], {**CONV, "kernel_size": [3, 4], "strides": 2, "padding": "same",
     "output_padding": [0, 0]}, "output_padding", "output_padding must be at least 1 where padding is 'same'"),
    ("Cropping1D", [3, 2], {"cropping": [1, 2]}, "cropping", "cropping must leave at least one cell"),
    ("Cropping3D", [3, 3, 3, 2], {"cropping": [1, 1, 2]}, "cropping", "cropping must leave at least one cell"),
    ("AdaptiveMaxPooling2D", [None, 4, 2], {"output_size": 2}, None, "the input must have a known size along every"),
    ("LocallyConnected2D", [None, 5, 2], CONV, None, "weights must have a known shape"),
    ("Conv1D", [9, 9, 4], CONV, None, "the input must have 2 axes (steps, channels) besides the batch"),
    ("GlobalMaxPooling3D", [9, 4], {}, None, "the input must have 4 axes (depth, height, width, channels) besides"),
    ("SpatialDropout1D", [9], {"rate": 0.5}, None, "the input must have 2 axes (steps, channels) besides the batch"),
    ("ZeroPadding3D", [9, 9, 4], {}, None, "the input must have 4 axes (depth, height, width, channels) besides"),
    ("Conv2D", [9, 9, 4], {**CONV, "padding": "causal"}, "padding",
     'padding must be "valid", "same" or [[top, bottom], [left, right]] in cells'),
    ("Conv1D", [9, 4], {**CONV, "padding": [1, 1]}, "padding",
     'padding must be "valid", "same", "causal" or [[before, after]] in cells'),
    ("Conv2DTranspose", [9, 9, 4], {**CONV, "padding": [[1, 1], [1, 1]]}, "padding",
     'padding must be "valid" or "same"'),
    ("ZeroPadding3D", [9, 9, 9, 4], {"padding": [1, 2]}, "padding",
     "padding must be an integer of at least 0, [depth, height, width] or [[front, back], [top, bottom], [left, right]]"
     " in cells"),
    ("Cropping1D", [9, 4], {"cropping": -1}, "cropping",
     "cropping must be an integer of at least 0, or a list of 2 of them"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "params", "param", "rule"), CONTRADICTIONS)
def test_a_contradiction_is_told_with_its_parameter(
    name: str, shape: list[Any], params: dict[str, Any], param: str | None, rule: str
) -> None:
    (found,) = resolve(one_layer(CATALOGUE[name], [shape], params)).problems
    assert found.rule.startswith(rule)
    assert (found.where.layer, found.where.param) == ("it", param)


def _macs(name: str, params: dict[str, Any], shape: Shape) -> Any:
    entry = CATALOGUE[name]
    clean, problems = clean_params(entry, params)
    assert problems == []
    return entry.macs(clean, [shape], entry.shape(clean, [shape]))


MACS: list[tuple[str, dict[str, Any], Shape, int]] = [
    ("Conv1D", CONV, (10, 2), 8 * 3 * 2 * 4),
    ("Conv3D", {**CONV, "groups": 2}, (5, 5, 5, 2), 27 * 27 * 1 * 4),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, (10, 5), 8 * 3 * 5 * 2),
    ("SeparableConv1D", {**CONV, "depth_multiplier": 2}, (10, 5), 8 * (3 * 10 + 10 * 4)),
    ("SeparableConv2D", CONV, (5, 6, 3), 3 * 4 * (9 * 3 + 3 * 4)),
    ("Conv1DTranspose", {**CONV, "strides": 2}, (10, 2), 10 * 2 * 3 * 4),
    ("Conv2DTranspose", {**CONV, "padding": "same"}, (5, 6, 2), 30 * 2 * 9 * 4),
    ("LocallyConnected1D", CONV, (10, 2), 8 * 3 * 2 * 4),
    ("LocallyConnected2D", {**CONV, "strides": [1, 2]}, (5, 6, 2), 3 * 2 * 9 * 2 * 4),
    ("AdaptiveAveragePooling1D", {"output_size": 3}, (10, 2), 0),
]


@pytest.mark.parametrize(("name", "params", "shape", "products"), MACS)
def test_products_are_counted_as_by_hand(name: str, params: dict[str, Any], shape: Shape, products: int) -> None:
    assert _macs(name, params, shape) == products


def test_every_weight_of_a_locally_connected_layer_is_used_once() -> None:
    entry = CATALOGUE["LocallyConnected2D"]
    clean, _ = clean_params(entry, {**CONV, "strides": [2, 1]})
    kernel = entry.weights[0].shape(clean, [(7, 6, 3)])
    assert kernel == (3 * 4, 9 * 3, 4)
    assert prod(kernel) == _macs("LocallyConnected2D", {**CONV, "strides": [2, 1]}, (7, 6, 3))


@given(st.integers(1, 50), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3))
def test_causal_padding_is_the_whole_reach_before_the_first_step(n: int, size: int, stride: int, step: int) -> None:
    reach = step * (size - 1)
    assert window(n, size, stride, "causal", dilation=step) == window(n, size, stride, (reach, 0), dilation=step)


@st.composite
def transposed(draw: st.DrawFn) -> dict[str, Any]:
    """Valid parameters of a Conv2DTranspose."""
    small = st.integers(1, 5)
    params: dict[str, Any] = {
        "filters": 3, "kernel_size": draw(st.tuples(small, small)), "padding": draw(st.sampled_from(["valid", "same"])),
        "strides": draw(st.tuples(small, small)),
        "output_padding": draw(st.none() | st.tuples(st.integers(0, 4), st.integers(0, 4))),
    }  # fmt: skip
    if params["strides"] == (1, 1):
        params["dilation_rate"] = draw(st.integers(1, 3))
    assume(not resolve(one_layer(CATALOGUE["Conv2DTranspose"], [[5, 6, 2]], params)).problems)
    return clean_params(CATALOGUE["Conv2DTranspose"], params)[0]


@pytest.mark.parametrize(("format", "op"), [("onnx", "ConvTranspose"), ("caffe", "Deconvolution")])
@settings(max_examples=200)
@given(p=transposed())
def test_a_transposed_convolution_comes_back_with_the_same_windows(format: str, op: str, p: dict[str, Any]) -> None:
    entry = CATALOGUE["Conv2DTranspose"]
    ins = [(5, 6, 2)]
    context = Context(input_shapes=ins, tensors={"kernel": (*p["kernel_size"], 3, 2), "bias": (3,)})
    written = write_node(format, entry, p, context, "it")
    if isinstance(written, list):  # Caffe cuts both sides alike, and adds nothing
        assert format == "caffe"
        assert {found.where.param for found in written} == {"padding"}
        return
    read = read_node(index(format), op, Bag(written.attributes), context, "it")
    assert isinstance(read, Read)
    assert read.problems == ()
    assert entry.shape(read.params, ins) == entry.shape(p, ins)
    again = write_node(format, entry, read.params, context, "it")
    assert isinstance(again, Written)
    assert again.attributes == written.attributes


@pytest.mark.parametrize(
    ("format", "op", "attributes"),
    [
        ("caffe", "Deconvolution", {"num_output": 3, "kernel_size": 3, "stride": 2, "pad": 2}),
        ("onnx", "ConvTranspose", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 0, 0, 1]}),
        ("onnx", "ConvTranspose", {"kernel_shape": [3, 3], "output_padding": [1, 1]}),
        ("onnx", "ConvTranspose", {"kernel_shape": [3, 3], "pads": [1, 1]}),
    ],
)
def test_cuts_that_keras_does_not_make_are_named(format: str, op: str, attributes: dict[str, Any]) -> None:
    context = Context(input_shapes=[(5, 6, 2)], tensors={"kernel": (3, 3, 3, 2)})
    read = read_node(index(format), op, Bag(attributes), context, "it")
    assert isinstance(read, Read)
    assert [found.where.param for found in read.problems] == ["padding"]


def test_a_window_that_cannot_be_read_is_told_once() -> None:
    attributes = {"num_output": 3, "kernel_size": 3, "stride": [1, 2, 3], "pad": 1}
    read = read_node(index("caffe"), "Deconvolution", Bag(attributes), Context(input_shapes=[(5, 6, 2)]), "it")
    assert isinstance(read, Read)
    assert [found.where.param for found in read.problems] == ["strides"]
