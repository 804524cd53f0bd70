"""Layers with several tops: which reference each blob becomes, and what is an output."""

from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 6 dim: 4 dim: 4 } } }\n'
SLICE = 'layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" top: "c" %s }\n'
RELU = 'layer { name: "r" type: "ReLU" bottom: "b" top: "r" }\n'


def read(text: str) -> Spec:
    return conversion.read(text.encode(), "caffe")[0]


@pytest.mark.parametrize(
    ("param", "points"),
    [("", [2, 4]), ("slice_param { slice_point: 1 slice_point: 5 }", [1, 5]),
     ("slice_param { slice_dim: 1 slice_point: 1 slice_point: 2 }", [1, 2])],
)  # fmt: skip
def test_each_top_of_a_slice_is_an_output_of_its_own(param: str, points: list[int]) -> None:
    spec = read(INPUT + SLICE % param + RELU)
    layers = {layer.name: layer for layer in spec.layers}
    assert layers["s"].params == {"slice_points": points}
    assert layers["r"].inputs == ("s:1",)
    assert spec.outputs == ("s", "s:2", "r")


def test_what_silence_swallows_is_no_output() -> None:
    silence = 'layer { name: "n" type: "Silence" bottom: "a" bottom: "c" }\n'
    assert read(INPUT + SLICE % "" + RELU + silence).outputs == ("r",)


def test_shares_that_do_not_fit_are_a_problem() -> None:
    text = INPUT.replace("dim: 6", "dim: 7") + SLICE % "" + RELU
    with pytest.raises(ConversionImpossible, match="the axis' 7 cells be a multiple of the 3 tops"):
        read(text)


def test_a_top_too_many_is_a_problem() -> None:
    with pytest.raises(ConversionImpossible, match="the layer must have 3 tops"):
        read(INPUT + SLICE.replace('top: "c"', 'top: "c" top: "d"') % "slice_param { slice_point: 1 slice_point: 2 }")


def _spec(type: str, params: dict[str, Any], outputs: tuple[str, ...]) -> Spec:
    x = Layer(name="x", type="Input", params={"shape": [4, 4, 6]})
    made = Layer(name="s", type=type, params=params, inputs=("x",))
    relu = Layer(name="r", type="ReLU", inputs=("s:1",))
    return Spec(name="net", layers=(x, made, relu), outputs=outputs)


@pytest.mark.parametrize("outputs", [("r",), ("s", "r"), ("s", "s:2", "r")])
@pytest.mark.parametrize(("type", "params"), [("Slice", {"slice_points": [1, 4]}), ("Split", {"outputs": 3})])
def test_several_outputs_come_back(type: str, params: dict[str, Any], outputs: tuple[str, ...]) -> None:
    spec = _spec(type, params, outputs)
    again, _, report = conversion.read(conversion.write(spec, "caffe").data, "caffe")
    assert canonical(again) == canonical(spec, "caffe")
    assert not report.dropped
