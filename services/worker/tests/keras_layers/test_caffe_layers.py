"""Layers of Caffe, against NumPy by its documentation."""

import itertools

import keras
import numpy as np
import pytest
from visualnn_worker.keras_layers import caffe_math, caffe_shape

RNG = np.random.default_rng(5)
X = RNG.normal(size=(2, 5, 4, 3)).astype(np.float32)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (caffe_math.AbsVal(), lambda x: np.sqrt(x * x)),
        (caffe_math.Power(2.0, scale=0.5, shift=1.0), lambda x: (1 + 0.5 * x) * (1 + 0.5 * x)),
        (caffe_math.Power(-0.5, scale=0.0, shift=4.0), lambda x: np.full_like(x, 0.5)),
        (caffe_math.Power(shift=1.0), lambda x: x + 1),
        (caffe_math.Exp(), np.exp),
        (caffe_math.Exp(2.0, scale=3.0, shift=-1.0), lambda x: 2.0 ** (3 * x - 1)),
        (caffe_math.Log(shift=9.0), lambda x: np.log(9 + x)),
        (caffe_math.Log(2.0, scale=2.0, shift=16.0), lambda x: np.log2(16 + 2 * x)),
        (caffe_math.BNLL(), lambda x: np.log1p(np.exp(x.astype(np.float64)))),
        (caffe_math.Threshold(0.5), lambda x: (x > 0.5).astype(np.float32)),
        (caffe_math.Clip(-0.5, 1.0), lambda x: np.minimum(np.maximum(x, -0.5), 1)),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_function_of_each_value_is_caffes_formula(layer, wanted):
    close(layer(X), wanted(X))


def test_bnll_does_not_overflow():
    close(caffe_math.BNLL()(np.array([[200.0, -200.0]], np.float32)), [[200.0, 0.0]])


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_mvn_adds_eps_to_the_deviation(across, normalize):
    axes = (1, 2, 3) if across else (1, 2)
    centred = X - X.mean(axes, keepdims=True)
    wanted = centred / (np.sqrt((centred**2).mean(axes, keepdims=True)) + 0.1) if normalize else centred
    close(caffe_math.MVN(normalize, across, 0.1)(X), wanted)


def test_mvn_of_equal_values_is_zero_and_has_a_gradient():
    layer = caffe_math.MVN()
    inputs = keras.Input((2, 2, 1))
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(keras.layers.Dense(1)(inputs))))
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2, 2, 1)), np.ones((4, 2, 2, 1)), verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("SUM", np.sum),
        ("ASUM", lambda x, a: np.abs(x).sum(a)),
        ("SUMSQ", lambda x, a: (x**2).sum(a)),
        ("MEAN", np.mean),
    ],
)
@pytest.mark.parametrize(("axis", "axes"), [(None, (1, 2, 3)), (-1, (3,)), ([1, 2], (1, 2))])
def test_a_reduction_is_that_of_numpy_times_its_coefficient(operation, wanted, axis, axes):
    close(caffe_math.Reduction(operation, axis, 0.5)(X), 0.5 * wanted(X, axes))


def test_a_reduction_of_samples_that_are_one_number_keeps_it():
    close(caffe_math.Reduction("SUMSQ")(np.array([2.0, 3.0], np.float32)), [4, 9])


def best(values, k):
    """Caffe sorts pairs of value and position, the largest first: of equal values the larger position."""
    return sorted(((value, i) for i, value in enumerate(values)), reverse=True)[:k]


@pytest.mark.parametrize("k", [1, 3])
def test_argmax_of_a_whole_sample_gives_positions_and_values(k):
    x = RNG.integers(0, 5, (2, 3, 4)).astype(np.float32)  # equal values occur
    pairs = np.array([best(sample.ravel(), k) for sample in x])
    close(caffe_math.ArgMax(k)(x), pairs[:, None, :, 1])
    close(caffe_math.ArgMax(k, True)(x), np.stack([pairs[:, :, 1], pairs[:, :, 0]], 1))


@pytest.mark.parametrize("values", [False, True])
def test_argmax_along_an_axis_replaces_it(values):
    x = RNG.integers(0, 4, (2, 5, 3)).astype(np.float32)
    wanted = np.empty((2, 2, 3), np.float32)
    for sample, column in itertools.product(range(2), range(3)):
        wanted[sample, :, column] = [pair[0 if values else 1] for pair in best(x[sample, :, column], 2)]
    close(caffe_math.ArgMax(2, values, 1)(x), wanted)


@pytest.mark.parametrize(("axis", "offset", "cut"), [
    ([1, 2], [0], np.s_[:, :3, :2]), ([1, 2], [2, 1], np.s_[:, 2:5, 1:3]), ([3, 1], [1, 2], np.s_[:, 2:5, :, 1:3]),
])  # fmt: skip
@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
def test_a_crop_has_the_size_of_its_reference(axis, offset, cut, free):
    inputs = [keras.Input((None, None, 3) if free else (5, 4, 3)), keras.Input((None, None, 2) if free else (3, 2, 2))]
    model = keras.Model(inputs, caffe_shape.Crop(axis, offset)(inputs))
    close(model([X, np.zeros((2, 3, 2, 2), np.float32)]), X[cut])


@pytest.mark.parametrize("pool", ["MAX", "AVE"])
@pytest.mark.parametrize("size", [(9, 7), (8, 8), (13, 11)])
def test_spp_pools_caffes_windows_in_caffes_order(pool, size):
    x = RNG.normal(size=(2, *size, 3)).astype(np.float32) - 3  # below the zeros that padding must not be
    wanted = []
    for bins in (1, 2, 4):
        kernel = [-(-n // bins) for n in size]
        pad = [(k * bins - n + 1) // 2 for k, n in zip(kernel, size, strict=True)]
        for channel, i, j in itertools.product(range(3), range(bins), range(bins)):
            top, left = i * kernel[0] - pad[0], j * kernel[1] - pad[1]
            real = x[:, max(top, 0) : top + kernel[0], max(left, 0) : left + kernel[1], channel]
            largest = real.max((1, 2))
            wanted.append(largest if pool == "MAX" else real.sum((1, 2)) / (kernel[0] * kernel[1]))
    close(caffe_shape.SPP(3, pool)(x), np.stack(wanted, 1))


def test_split_gives_the_input_several_times():
    found = caffe_shape.Split(3)(X)
    assert len(found) == 3
    for one in found:
        close(one, X)


@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
def test_slice_cuts_before_each_point(free):
    inputs = keras.Input((None if free else 5, 4, 3))
    model = keras.Model(inputs, caffe_shape.Slice([1, 3], 1)(inputs))
    for found, wanted in zip(model(X), (X[:, :1], X[:, 1:3], X[:, 3:]), strict=True):
        close(found, wanted)


@pytest.mark.parametrize("axis", [1, -1])
def test_tile_repeats_the_whole(axis):
    close(caffe_shape.Tile(3, axis)(X), np.concatenate([X, X, X], axis))


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "dilation", "sides"),
    [
        ((2, 3), (1, 1), "valid", (1, 1), ((0, 0), (0, 0))),
        ((2, 2), (2, 1), [[1, 0], [0, 2]], (1, 1), ((1, 0), (0, 2))),
        ((3, 2), (1, 1), "same", (1, 1), ((1, 1), (0, 1))),
        ((2, 2), (1, 1), "valid", (2, 1), ((0, 0), (0, 0))),
    ],
)
@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
def test_im2col_lists_the_cells_of_each_window(kernel, strides, padding, dilation, sides, free):
    padded = np.pad(X, [(0, 0), *sides, (0, 0)])
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    rows = (padded.shape[1] - span[0]) // strides[0] + 1
    columns = (padded.shape[2] - span[1]) // strides[1] + 1
    wanted = np.empty((2, rows, columns, 3 * kernel[0] * kernel[1]), np.float32)
    for i, j in itertools.product(range(rows), range(columns)):
        cells = itertools.product(range(3), range(kernel[0]), range(kernel[1]))
        for k, (channel, a, b) in enumerate(cells):
            y, x = i * strides[0] + a * dilation[0], j * strides[1] + b * dilation[1]
            wanted[:, i, j, k] = padded[:, y, x, channel]
    inputs = keras.Input((None, None, 3) if free else (5, 4, 3))
    model = keras.Model(inputs, caffe_shape.Im2col(kernel, strides, padding, dilation)(inputs))
    assert free or tuple(model.output_shape[1:]) == wanted.shape[1:]
    close(model(X), wanted)


def test_a_parameter_is_the_same_for_every_sample_and_learnt():
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, caffe_shape.Parameter([2], "ones")(inputs))
    close(model(np.zeros((3, 4, 3), np.float32)), np.ones((3, 2)))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(np.zeros((4, 4, 3)), np.full((4, 2), 3.0), verbose=0)
    close(model.get_weights()[0], [3, 3])


@pytest.mark.parametrize(
    "layer",
    [
        caffe_math.AbsVal(), caffe_math.BNLL(), caffe_math.Threshold(0.5), caffe_math.Clip(0.0, 2.0),
        caffe_math.Power(2.0, scale=3.0, shift=1.0), caffe_math.Exp(2.0, shift=1.0), caffe_math.Log(3.0, scale=2.0),
        caffe_math.MVN(False, True, 0.1), caffe_math.Reduction("MEAN", [1, 2], 2.0), caffe_math.ArgMax(2, True, 1),
        caffe_shape.Crop([1], [2]), caffe_shape.SPP(2, "AVE"), caffe_shape.Split(3), caffe_shape.Slice([1, 2], 1),
        caffe_shape.Tile(2, 1), caffe_shape.Im2col((2, 3), (2, 1), [[1, 0], [0, 2]], (1, 1)),
        caffe_shape.Parameter([2], "ones", "l2", "non_neg"),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_a_layer_comes_back_from_its_configuration(layer):
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == f"visualnn>{type(layer).__name__}"
    assert keras.saving.deserialize_keras_object(config).get_config() == layer.get_config()
