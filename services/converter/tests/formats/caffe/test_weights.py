"""How the blobs of a Caffe file become weights; what does not fit is refused, all of it at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from visualnn_converter import conversion
from visualnn_converter.formats.caffe.caffemodel import parse, render
from visualnn_shared import zoo
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.errors import ConversionImpossible, Invalid, TooLarge
from visualnn_shared.spec.model import Spec

Weights = dict[str, np.ndarray]
INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { %s } } }\n'
PICTURE = INPUT % "dim: 1 dim: 2 dim: 3 dim: 4"


def read(text: str, blobs: dict[str, list[Any]]) -> tuple[Spec, Weights, Any]:
    """The net with a file of these blobs."""
    file = render("net", [({"name": name, "type": ""}, list(map(np.asarray, ones))) for name, ones in blobs.items()])
    spec, weights, report = conversion.read(text.encode(), "caffe", weights_file=file)
    assert weights is not None
    return spec, dict(weights), report


def refused(text: str, blobs: dict[str, list[Any]]) -> list[str]:
    """What is wrong with the file, as sentences."""
    with pytest.raises(ConversionImpossible) as caught:
        read(text, blobs)
    return [str(one) for one in caught.value.problems]


def counted(*shape: int) -> np.ndarray:
    """Values that are all different."""
    return np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)


def test_every_weight_that_a_layer_has_in_caffe_is_a_blob() -> None:
    for entry in CATALOGUE.values():
        for found in entry.maps.get("caffe", ()):
            named = {name for name, _ in found.weight_steps()}
            left = {weight.name for weight in entry.weights} - named
            assert not left or (found.op == "BatchNorm" and left == {"gamma", "beta"}), entry.type


def test_rows_of_an_inner_product_behind_a_picture_are_reordered() -> None:
    text = (
        PICTURE + 'layer { name: "d" type: "InnerProduct" bottom: "x" top: "d" inner_product_param { num_output: 5 } }'
    )
    kernel = counted(5, 2 * 3 * 4)
    _, weights, _ = read(text, {"d": [kernel, np.zeros(5)]})
    by_hand = np.zeros((3, 4, 2, 5))
    for out in range(5):
        for channel in range(2):
            for row in range(3):
                for column in range(4):
                    by_hand[row, column, channel, out] = kernel[out, channel * 12 + row * 4 + column]
    np.testing.assert_array_equal(weights["d/kernel"], by_hand.reshape(24, 5))


def test_rows_keep_their_order_where_a_permute_restores_it() -> None:
    text = (
        PICTURE
        + 'layer { name: "f" type: "Flatten" bottom: "x" top: "f" }\n'
        + 'layer { name: "n" type: "PReLU" bottom: "f" top: "n" }\n'
        + 'layer { name: "d" type: "InnerProduct" bottom: "n" top: "d" inner_product_param { num_output: 5 } }'
    )
    spec, weights, _ = read(text, {"n": [counted(24)], "d": [counted(5, 24), np.zeros(5)]})
    assert "Permute" in [layer.type for layer in spec.layers]
    np.testing.assert_array_equal(weights["d/kernel"], counted(5, 24).T)
    np.testing.assert_array_equal(weights["n/alpha"], counted(24))


def test_a_transposed_inner_product_holds_its_matrix_the_other_way() -> None:
    text = INPUT % "dim: 1 dim: 3" + (
        'layer { name: "d" type: "InnerProduct" bottom: "x" top: "d" '
        "inner_product_param { num_output: 2 transpose: true } }"
    )
    _, weights, _ = read(text, {"d": [counted(3, 2), np.zeros(2)]})
    np.testing.assert_array_equal(weights["d/kernel"], counted(3, 2))


BATCH_NORM = (
    'layer { name: "b" type: "BatchNorm" bottom: "x" top: "b" }\n'
    'layer { name: "s" type: "Scale" bottom: "b" top: "s" scale_param { bias_term: true } }'
)


@pytest.mark.parametrize(("factor", "share"), [(1, 1), (4, 0.25), (0, 0)])
def test_batch_norm_divides_by_its_factor_and_takes_the_scale_behind_it(factor: float, share: float) -> None:
    blobs = {"b": [[2.0, 4.0], [6.0, 8.0], [factor]], "s": [[1.0, 2.0], [3.0, 4.0]]}
    spec, weights, _ = read(PICTURE + BATCH_NORM, blobs)
    assert [layer.type for layer in spec.layers] == ["Input", "BatchNormalization"]
    wanted = {"b/moving_mean": [2 * share, 4 * share], "b/moving_variance": [6 * share, 8 * share],
              "b/gamma": [1, 2], "b/beta": [3, 4]}  # fmt: skip
    assert {name: tensor.tolist() for name, tensor in weights.items()} == wanted


SHARED = INPUT % "dim: 1 dim: 3" + "".join(
    f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}" '
    'param { name: "w" } param { name: "b" } inner_product_param { num_output: 3 } }\n'
    for name, bottom in (("one", "x"), ("two", "one"))
)


@pytest.mark.parametrize("second", [{}, {"two": [counted(3, 3), np.zeros(3)]}])
def test_shared_weights_are_read_once(second: dict[str, Any]) -> None:
    spec, weights, _ = read(SHARED, {"one": [counted(3, 3), np.zeros(3)], **second})
    assert set(weights) == {"one/kernel", "one/bias"}
    file = parse(conversion.write_weights(spec, "caffe", weights))
    assert file["two"][0].equals(file["one"][0])


def test_layers_that_share_weights_must_not_have_different_ones() -> None:
    (found,) = refused(SHARED, {"one": [counted(3, 3), np.zeros(3)], "two": [counted(3, 3) + 1, np.zeros(3)]})
    assert "must have the same blobs" in found


POINTWISE = "convolution_param { num_output: 2 kernel_size: 1 }"
NET = (
    PICTURE
    + f'layer {{ name: "c" type: "Convolution" bottom: "x" top: "c" {POINTWISE} }}\n'
    + BATCH_NORM.replace('"x"', '"c"')
    + f'layer {{ name: "conv9" type: "Convolution" bottom: "s" top: "d" {POINTWISE} }}'
)


def test_all_that_does_not_fit_is_listed() -> None:
    found = refused(
        NET,
        {"c": [counted(2, 2, 3, 1), counted(3)], "b": [counted(2), counted(2)], "conv8": [counted(2, 2, 1, 1)]},
    )
    for said in (
        "kernel must have the shape [2, 2, 1, 1] in the weights file; received [2, 2, 3, 1]; layer c",
        "bias must have the shape [2] in the weights file; received [3]; layer c",
        "the layer must have 3 blobs in the weights file; received [[2], [2]]; layer b",
        "received \"none of 's'\"; layer s",
        "received \"none of 'conv9'\"; layer conv9, field weights; did you mean 'conv8'?",
    ):
        assert any(said in one for one in found), (said, found)
    assert len(found) == 5


def test_obstacles_of_the_net_and_of_the_file_are_told_together() -> None:
    text = NET + '\nlayer { name: "z" type: "Nonsense" bottom: "d" top: "z" }'
    found = refused(text, {})
    assert any("Nonsense" in one for one in found)
    assert any("must hold layers" in one for one in found)


def test_layers_that_only_the_file_has_are_reported() -> None:
    text = PICTURE + 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }'
    _, weights, report = read(text, {"loss1/fc": [counted(3)]})
    assert weights == {}
    assert [(one.layer, one.what) for one in report.dropped] == [("loss1/fc", "its weights")]


def test_two_layers_of_one_name_cannot_be_told_apart() -> None:
    text = NET.replace("conv9", "c")
    found = refused(text, {"c": [counted(2, 2, 1, 1), counted(2)], "b": [counted(2), counted(2), [1.0]],
                           "s": [counted(2), counted(2)]})  # fmt: skip
    assert ["names of their own" in one for one in found] == [True]


def test_weights_to_write_must_be_those_of_the_net(random_weights: Callable[[Spec], Weights]) -> None:
    spec = zoo.load("mnist-cnn")
    weights = random_weights(spec)
    names = sorted(weights)
    weights[names[0]] = weights[names[0]][..., :-1]
    del weights[names[-1]]
    with pytest.raises(ConversionImpossible) as caught:
        conversion.write_weights(spec, "caffe", weights)
    assert len(caught.value.problems) == 2


def test_only_formats_with_a_file_of_weights_take_one() -> None:
    spec = zoo.load("linear")
    with pytest.raises(Invalid, match="caffe"):
        conversion.read(conversion.write(spec, "keras").data, "keras", weights_file=b"")
    with pytest.raises(Invalid, match="caffe"):
        conversion.write_weights(spec, "keras", {})


def test_a_file_that_is_too_large_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LARGEST_WEIGHTS", 10)
    with pytest.raises(TooLarge):
        conversion.read(NET.encode(), "caffe", weights_file=b"x" * 11)
