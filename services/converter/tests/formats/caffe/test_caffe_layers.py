"""Layers that only Caffe has: their text comes back as the same layer, and means what the text says."""

from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_converter.canonical import canonical
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec

PICTURE, ROW, STEPS = [8, 9, 4], [12], [5, 6]
SPECS: list[tuple[str, list[int], dict[str, Any]]] = [
    ("AbsVal", PICTURE, {}),
    ("BNLL", ROW, {}),
    ("Power", PICTURE, {"power": 2.0, "shift": 1.0}),
    ("Exp", ROW, {}),
    ("Exp", ROW, {"base": 2.0, "scale": 3.0}),
    ("Log", ROW, {"shift": 1.0}),
    ("Threshold", ROW, {"threshold": 0.5}),
    ("Clip", PICTURE, {"min": -1.0, "max": 1.0}),
    ("MVN", PICTURE, {"across_channels": True, "eps": 0.1}),
    ("Reduction", PICTURE, {"operation": "MEAN"}),
    ("Reduction", PICTURE, {"operation": "ASUM", "axis": [1, 2], "coeff": 2.0}),
    ("Reduction", STEPS, {"operation": "SUMSQ", "axis": [2]}),
    ("ArgMax", ROW, {"top_k": 3, "out_max_val": True}),
    ("ArgMax", PICTURE, {"axis": -1}),
    ("ArgMax", PICTURE, {"axis": 1, "top_k": 2}),
    ("SPP", PICTURE, {"pyramid_height": 2, "pool": "AVE"}),
    ("Tile", PICTURE, {"tiles": 3}),
    ("Tile", STEPS, {"tiles": 2, "axis": 1}),
    ("Im2col", PICTURE, {"kernel_size": [3, 2], "strides": [2, 1], "padding": [[1, 1], [0, 0]]}),
]


@pytest.mark.parametrize(("type", "shape", "params"), SPECS)
def test_a_layer_comes_back(type: str, shape: list[int], params: dict[str, Any]) -> None:
    x = Layer(name="x", type="Input", params={"shape": shape})
    spec = Spec(name="net", layers=(x, Layer(name="y", type=type, params=params, inputs=("x",))), outputs=("y",))
    again, _, report = conversion.read(conversion.write(spec, "caffe").data, "caffe")
    assert canonical(again) == canonical(spec, "caffe")
    assert not report.dropped


def _crop(params: dict[str, Any]) -> Spec:
    x, y = (Layer(name=n, type="Input", params={"shape": s}) for n, s in (("x", PICTURE), ("y", [5, 4, 2])))
    made = Layer(name="c", type="Crop", params=params, inputs=("x", "y"))
    return Spec(name="net", layers=(x, y, made), outputs=("c",))


@pytest.mark.parametrize("params", [{}, {"offset": [2]}, {"offset": [1, 3]}, {"axis": [1, 2, 3], "offset": [1, 3, 2]}])
def test_a_crop_comes_back(params: dict[str, Any]) -> None:
    spec = _crop(params)
    again, _, _ = conversion.read(conversion.write(spec, "caffe").data, "caffe")
    assert canonical(again) == canonical(spec, "caffe")


def test_the_offsets_of_a_crop_are_channels_first() -> None:
    text = conversion.write(_crop({"axis": [1, 2, 3], "offset": [1, 3, 2]}), "caffe").data.decode()
    assert [line.strip() for line in text.splitlines() if "offset" in line] == ["offset: 2", "offset: 1", "offset: 3"]


@pytest.mark.parametrize(
    ("type", "params", "rule"),
    [
        ("Crop", {"axis": [1]}, "axis must name all axes behind one"),
        ("Reduction", {"axis": [2]}, "axis must reduce a picture's width together with its height"),
        ("Reduction", {"axis": [3]}, "axis must name all axes behind one"),
        ("ArgMax", {}, "axis must be given for pictures"),
    ],
)
def test_what_depends_on_the_order_of_axes_is_refused(type: str, params: dict[str, Any], rule: str) -> None:
    x = Layer(name="x", type="Input", params={"shape": PICTURE})
    made = Layer(name="c", type=type, params=params, inputs=("x",))
    spec = _crop(params) if type == "Crop" else Spec(name="net", layers=(x, made), outputs=("c",))
    with pytest.raises(ConversionImpossible, match=rule):
        conversion.write(spec, "caffe")
