"""Each rewrite that a user may allow gives the numbers of what it replaces, in a runtime that knows nothing of it."""

import os
from typing import Any

import pytest
from visualnn_converter import conversion
from visualnn_converter.rewrites import rewrites
from visualnn_shared.errors import ConversionImpossible
from visualnn_shared.spec.model import Layer, Spec
from visualnn_shared.spec.reading import canonical_json
from visualnn_standalone.verify import Asked
from visualnn_standalone.verify.conversions import certify
from visualnn_standalone.verify.drawing import draw_weights

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
X = ("x", "Input", {"shape": [8, 6, 4]})
CONV = {"filters": 3, "kernel_size": 3}
CASES: dict[str, tuple[str, str, list[tuple[Any, ...]]]] = {
    "same with strides": ("wider kernel", "caffe", [X, ("y", "Conv2D", {**CONV, "strides": 2, "padding": "same"})]),
    "more cells before than after": (
        "wider kernel", "caffe", [X, ("y", "Conv2D", {**CONV, "padding": [[2, 0], [0, 1]], "groups": 1})],
    ),
    "a dilation": (
        "wider kernel", "caffe", [X, ("y", "Conv2D", {**CONV, "padding": [[0, 2], [1, 1]], "dilation_rate": 2})],
    ),
    "depthwise": (
        "wider kernel", "caffe", [X, ("y", "DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"})],
    ),
    "zeros around a picture": (
        "zeros as depthwise",
        "caffe",
        [X, ("z", "ZeroPadding2D", {"padding": [[0, 1], [2, 2]]}), ("y", "ReLU", {})],
    ),
    "zeros before a convolution": (
        "wider kernel",
        "caffe",
        [X, ("z", "ZeroPadding2D", {"padding": [[0, 1], [2, 2]]}), ("y", "Conv2D", {**CONV, "strides": 2})],
    ),
    "a separable convolution": (
        "separable in two", "caffe", [X, ("y", "SeparableConv2D", {**CONV, "depth_multiplier": 2, "strides": 2,
                                                                   "padding": "same", "activation": "relu"})],
    ),
    "Dense on a picture": ("dense as conv", "caffe", [X, ("y", "Dense", {"units": 5, "activation": "tanh"})]),
    "a sum with coefficients": (
        "weighted sum", "keras-file",
        [X, ("a", "ReLU", {}), ("y", "Add", {"coefficients": [2.0, -1.0]}, ["a", "x"])],
    ),
    "a padded maximum": (
        "zeros before pool", "keras-file",
        [X, ("r", "Conv2D", {**CONV, "activation": "relu"}), ("u", "UpSampling2D", {"size": 2}),
         ("y", "MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": [[1, 1], [1, 1]]})],
    ),
    "a clipped ReLU": ("activation in parts", "caffe", [X, ("y", "ReLU", {"max_value": 0.5})]),
    "relu6 inside a convolution": (
        "activation in parts", "caffe", [X, ("y", "Conv2D", {**CONV, "activation": "relu6"})],
    ),
    "hard_silu": ("activation in parts", "caffe", [X, ("y", "Activation", {"activation": "hard_silu"})]),
    "hard_sigmoid": ("activation in parts", "caffe", [X, ("y", "Activation", {"activation": "hard_sigmoid"})]),
    "noise": ("only in training", "caffe", [X, ("n", "GaussianNoise", {"stddev": 0.5}), ("y", "Conv2D", CONV)]),
}  # fmt: skip


def _spec(rows: list[tuple[Any, ...]]) -> Spec:
    layers = [
        Layer(
            name=name,
            type=type,
            params=params,
            inputs=tuple(rest[0] if rest else [rows[index - 1][0]] if index else []),
        )
        for index, (name, type, params, *rest) in enumerate(rows)
    ]
    return Spec(name="net", layers=tuple(layers), outputs=("y",))


@pytest.mark.parametrize("name", CASES)
def test_a_rewrite_is_suggested_and_certified(name: str) -> None:
    rule, target, rows = CASES[name]
    spec = _spec(rows)
    weights = draw_weights(spec, 3)
    with pytest.raises(ConversionImpossible) as refused:
        conversion.write(spec, target, weights)
    assert any("--allow-rewrite" in (one.hint or "") for one in refused.value.problems)
    made = conversion.write(spec, target, weights, allow_rewrite=True)
    assert rule in [one.rule for one in made.report.rewritten]
    found = certify(made, canonical_json(spec), "net.json", Asked(batch=3))
    assert found.passed, found
    assert found.max_abs is not None
    assert found.max_abs < 1e-5
    assert found.target.runtime.independent, found.target.runtime


def test_every_rewrite_has_a_case() -> None:
    assert {rule for rule, _, _ in CASES.values()} == set(rewrites())


def test_a_rewrite_that_rounds_says_by_how_much() -> None:
    made = conversion.write(_spec(CASES["hard_silu"][2]), "caffe", allow_rewrite=True)
    (line,) = made.report.approximated
    assert (line.layer, line.rule) == ("y", "activation in parts")
    assert "1e-7" in line.bound


def test_a_maximum_of_values_that_may_be_negative_keeps_its_obstacle() -> None:
    rows = [row if row[0] != "r" else ("r", "Conv2D", CONV) for row in CASES["a padded maximum"][2]]
    with pytest.raises(ConversionImpossible):
        conversion.write(_spec(rows), "keras-file", draw_weights(_spec(rows), 3), allow_rewrite=True)


def test_what_has_no_rewrite_is_still_an_obstacle_beside_what_has_one() -> None:
    rows = [X, ("a", "Dense", {"units": 3}), ("y", "Activation", {"activation": "sparsemax"})]
    with pytest.raises(ConversionImpossible) as refused:
        conversion.write(_spec(rows), "caffe", allow_rewrite=True)
    assert {one.where.layer for one in refused.value.problems} == {"y"}


def test_a_layer_that_shares_its_weights_is_not_rewritten() -> None:
    spec = _spec([X, ("a", "Dense", {"units": 4}), ("y", "Dense", {"units": 4}, ["a"])])
    spec = spec.model_copy(update={"layers": (*spec.layers[:2], spec.layers[2].model_copy(update={"weights_of": "a"}))})
    with pytest.raises(ConversionImpossible):
        conversion.write(spec, "caffe", allow_rewrite=True)


def test_a_rewrite_that_is_right_with_the_weights_alone_waits_for_them() -> None:
    with pytest.raises(ConversionImpossible) as refused:
        conversion.write(_spec(CASES["same with strides"][2]), "caffe", allow_rewrite=True)
    (one,) = refused.value.problems
    assert "give the weights" in str(one.hint)
