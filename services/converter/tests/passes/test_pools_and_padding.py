"""Layers of zeros within windows, padding at the end as rounding up: the same numbers, in Keras."""

from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.passes import fold_padding, pools_rounding_up
from visualnn_converter.report import Report
from visualnn_shared.spec.model import Spec

IN = ("in", "Input", {"shape": [9, 8, 4]})
RELU = ("relu", "ReLU", {})
PAD = ("pad", "ZeroPadding2D", {"padding": [[1, 2], [0, 1]]})
FOLDED = [
    (("x", "Conv2D", {"filters": 2, "kernel_size": [3, 3]}), True),
    (("x", "Conv2D", {"filters": 2, "kernel_size": [3, 3], "strides": [2, 2], "padding": [[1, 0], [0, 1]]}), True),
    (("x", "DepthwiseConv2D", {"kernel_size": [3, 3]}), True),
    (("x", "AveragePooling2D", {"pool_size": [3, 3], "strides": [2, 2]}), True),
    (("x", "MaxPooling2D", {"pool_size": [3, 3], "strides": [2, 2]}), True),
    (("x", "Conv2D", {"filters": 2, "kernel_size": [3, 3], "padding": "same"}), False),
    (("x", "MaxPooling2D", {"pool_size": [3, 3], "ceil_mode": True}), False),
    (("x", "Softmax", {}), False),
]


def _folded(spec: Spec) -> Spec:
    return fold_padding.run(spec, None, Report(source="keras", target="caffe"))[0]


@pytest.mark.parametrize(("layer", "fits"), FOLDED)
def test_a_layer_of_zeros_goes_into_what_pads_itself(chain: Any, layer: tuple[Any, ...], fits: bool) -> None:
    spec = chain(IN, RELU, PAD, layer)
    found = {one.name for one in _folded(spec).layers}
    assert found == ({"in", "relu", "x"} if fits else {"in", "relu", "pad", "x"})


def test_zeros_stay_before_a_pool_that_may_see_less_than_zero(chain: Any) -> None:
    spec = chain(IN, ("conv", "Conv2D", {"filters": 2, "kernel_size": [1, 1]}), PAD, FOLDED[4][0])
    assert _folded(spec) == spec


def test_zeros_that_are_an_output_or_that_another_layer_reads_stay(chain: Any) -> None:
    conv = FOLDED[0][0]
    assert "pad" in {one.name for one in _folded(chain(IN, RELU, PAD, conv, outputs=("x", "pad"))).layers}
    other = ("soft", "Softmax", {}, ["pad"])
    assert "pad" in {one.name for one in _folded(chain(IN, RELU, PAD, conv, other, outputs=("x", "soft"))).layers}


def _answer(spec: Spec, weights: dict[str, Any], picture: Any) -> Any:
    import onnxruntime

    data = conversion.write(spec, "onnx", weights).data
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {"in": picture})[0]


@pytest.mark.parametrize("layer", [one for one, fits in FOLDED if fits])
def test_no_number_changes(chain: Any, random_weights: Any, random_inputs: Any, layer: tuple[Any, ...]) -> None:
    spec = chain(IN, RELU, PAD, layer)
    weights, picture = random_weights(spec), random_inputs(spec)["in"]
    np.testing.assert_allclose(
        _answer(_folded(spec), weights, picture), _answer(spec, weights, picture), rtol=1e-5, atol=1e-6
    )


POOLS = [
    ("MaxPooling2D", [8, 8], [[0, 1], [0, 1]], True), ("AveragePooling2D", [8, 8], [[0, 1], [0, 1]], True),
    ("MaxPooling2D", [112, 112], [[1, 2], [1, 2]], True), ("AveragePooling2D", [112, 112], [[1, 2], [1, 2]], False),
    ("MaxPooling2D", [9, 9], [[0, 2], [0, 2]], False), ("MaxPooling2D", [8, 8], [[1, 0], [1, 0]], False),
]  # fmt: skip


@pytest.mark.parametrize(("type", "size", "padding", "fits"), POOLS)
def test_padding_at_the_end_is_rounding_up_where_windows_are_the_same(
    chain: Any, random_inputs: Any, type: str, size: list[int], padding: list[list[int]], fits: bool
) -> None:
    pool = ("x", type, {"pool_size": [3, 3], "strides": [2, 2], "padding": padding})
    spec = chain(("in", "Input", {"shape": [*size, 2]}), pool)
    made, _ = pools_rounding_up.run(spec, None, Report(source="keras", target="caffe"))
    assert bool(made.layers[1].params.get("ceil_mode")) is fits
    picture = random_inputs(spec)["in"]
    np.testing.assert_allclose(_answer(made, {}, picture), _answer(spec, {}, picture), rtol=1e-5, atol=1e-6)
