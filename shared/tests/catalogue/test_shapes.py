from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.entry import Broken
from visualnn_shared.catalogue.free import FREE
from visualnn_shared.catalogue.shapes import axis_of, broadcast
from visualnn_shared.catalogue.windows import window

small = st.integers(0, 4)


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 5), small, small, st.integers(1, 3), st.booleans())
def test_windows_are_those_that_can_be_laid_one_by_one(
    n: int, size: int, stride: int, before: int, after: int, dilation: int, ceil: bool
) -> None:
    reach = dilation * (size - 1) + 1
    if reach > n + before + after or (ceil and after >= reach):  # pooling refuses a window that may see padding alone
        return
    laid = start = 0
    while start + reach <= n + before + after:
        laid, start = laid + 1, start + stride
    cells_left = start - stride + reach < n + before + after
    if ceil and cells_left and start < n + before:  # a last, partial window starts in the input or the padding before
        laid += 1
    assert window(n, size, stride, (before, after), dilation=dilation, ceil=ceil) == laid


@given(st.integers(1, 100), st.integers(1, 9), st.integers(1, 9))
def test_same_padding_gives_as_many_windows_as_strides_fit(n: int, size: int, stride: int) -> None:
    assert window(n, size, stride, "same") == -(-n // stride)


def test_rounding_up_gives_caffes_resnet_two_by_two_at_227() -> None:
    n = window(227, 7, 2, (3, 3))
    n = window(n, 3, 2, (0, 0), ceil=True)
    for _ in range(3):
        n = window(n, 1, 2, "valid")
    assert window(n, 7, 1, (0, 0), ceil=True) == 2


def test_a_free_size_stays_free() -> None:
    assert window(FREE, 3, 2, "same") is FREE
    assert window(FREE, 3, 2, (1, 1), ceil=True) is FREE


@pytest.mark.parametrize(("axis", "index"), [(1, 0), (3, 2), (-1, 2), (-3, 0)])
def test_axes_are_counted_with_the_batch_as_keras_does(axis: int, index: int) -> None:
    assert axis_of(axis, (4, 5, 6)) == index


@pytest.mark.parametrize("axis", [4, -4])
def test_an_axis_outside_the_input_is_refused(axis: int) -> None:
    with pytest.raises(Broken, match="axis must be one of the input's axes, 1 to 3 or -3 to -1"):
        axis_of(axis, (4, 5, 6))


@pytest.mark.parametrize(
    ("shapes", "out"),
    [
        ([(2, 3), (2, 3)], (2, 3)),
        ([(2, 3), (1, 3)], (2, 3)),
        ([(4, 1, 3), (5, 1)], (4, 5, 3)),
        ([(3,), (2, 3), (3,)], (2, 3)),
        ([(FREE, 3), (1, 3)], (FREE, 3)),
    ],
)
def test_shapes_stretch_from_the_last_axis(shapes: list[Any], out: Any) -> None:
    assert broadcast({}, shapes) == [out]


INPUT = (13, 13, 16)
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("LRN", {"norm_region": "WITHIN_CHANNEL"}, {}),
    ("Scale", {}, {"gamma": (16,), "beta": (16,)}),
    ("Scale", {"use_bias": False, "axis": [1, 3]}, {"gamma": (13, 16)}),
    ("BiasAdd", {}, {"bias": (16,)}),
]


@pytest.mark.parametrize(("name", "params", "weights"), CASES)
def test_layers_that_keras_lacks_keep_shapes_and_have_the_weights_of_their_axis(
    name: str, params: dict[str, Any], weights: dict[str, Any]
) -> None:
    entry = CATALOGUE[name]
    full = {**entry.defaults, **{key: entry.kinds[key].clean(value) for key, value in params.items()}}
    assert entry.shape(full, [INPUT]) == [INPUT]
    found = {w.name: w.shape(full, [INPUT]) for w in entry.weights if w.when is None or full[w.when]}
    assert found == weights


def test_explicit_padding_and_rounding_up_reach_the_pooled_shape() -> None:
    entry = CATALOGUE["MaxPooling2D"]
    pool = {**entry.defaults, "pool_size": (3, 3), "strides": (2, 2), "ceil_mode": True, "padding": ((0, 0), (1, 1))}
    assert entry.shape(pool, [(112, 112, 64)]) == [(56, 57, 64)]


@given(st.integers(1, 8), st.integers(1, 8), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_a_convolution_multiplies_every_weight_at_every_position(
    height: int, width: int, per_group: int, filters: int, groups: int
) -> None:
    entry = CATALOGUE["Conv2D"]
    params = {
        **entry.defaults, "filters": filters * groups, "kernel_size": (2, 3), "groups": groups, "padding": "same",
        "use_bias": False,
    }  # fmt: skip
    ins = [(height, width, per_group * groups)]
    (out,) = entry.shape(params, ins)
    kernel = entry.weights[0].shape(params, ins)
    assert entry.macs(params, ins, [out]) == prod(kernel) * height * width
