"""Layers that Keras does not have, against NumPy by hand."""

import keras
import numpy as np
import pytest
from visualnn_worker import keras_layers

RNG = np.random.default_rng(3)


def windows(n, size, stride, before, after, ceil):
    """(start, stop) of each window, counted in the input's own cells; padding has negative and large numbers."""
    span = n + before + after - size
    count = (-(-span // stride) if ceil else span // stride) + 1
    if ceil and (count - 1) * stride >= n + before:
        count -= 1
    return [(i * stride - before, i * stride - before + size) for i in range(count)]


def pooled(x, size, strides, padding, ceil, how):
    """``how(real cells of a window, cells that count with padding)`` for each window and channel."""
    rows = windows(x.shape[1], size[0], strides[0], *padding[0], ceil)
    columns = windows(x.shape[2], size[1], strides[1], *padding[1], ceil)
    out = np.empty((x.shape[0], len(rows), len(columns), x.shape[3]), np.float32)
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            real = x[:, max(top, 0) : bottom, max(left, 0) : right]
            high = min(bottom, x.shape[1] + padding[0][1]) - top
            wide = min(right, x.shape[2] + padding[1][1]) - left
            out[:, i, j] = how(real, high * wide)
    return out


CASES = [
    ((7, 6), (3, 3), (2, 2), ((0, 0), (0, 0)), True),
    ((7, 6), (3, 2), (2, 2), ((1, 1), (1, 0)), True),
    ((6, 6), (2, 2), (2, 2), ((1, 1), (1, 1)), True),  # the last window would start in the padding: dropped
    ((5, 5), (3, 3), (1, 1), ((1, 0), (0, 2)), False),
    ((8, 9), (3, 3), (3, 2), ((2, 1), (0, 1)), False),
]


@pytest.mark.parametrize(("shape", "size", "strides", "padding", "ceil"), CASES)
@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
class TestPooling:
    def run(self, layer, shape, free, x):
        inputs = keras.Input((None, None, 2) if free else (*shape, 2))
        return keras.Model(inputs, layer(inputs))

    def test_the_maximum_is_over_real_cells(self, shape, size, strides, padding, ceil, free):
        x = -1 - RNG.random((2, *shape, 2)).astype(np.float32)  # below the zeros that padding must not be
        model = self.run(keras_layers.MaxPooling2D(size, strides, padding, ceil), shape, free, x)
        wanted = pooled(x, size, strides, padding, ceil, lambda real, _count: real.max((1, 2)))
        assert free or tuple(model.output_shape[1:]) == wanted.shape[1:]
        np.testing.assert_array_equal(model(x), wanted)

    @pytest.mark.parametrize("padding_counts", [False, True])
    def test_the_mean_counts_padding_only_where_told(self, shape, size, strides, padding, ceil, free, padding_counts):
        x = RNG.random((2, *shape, 2)).astype(np.float32)
        layer = keras_layers.AveragePooling2D(size, strides, padding, ceil, count_include_pad=padding_counts)
        model = self.run(layer, shape, free, x)

        def mean(real, count):
            return real.sum((1, 2)) / (count if padding_counts else real.shape[1] * real.shape[2])

        wanted = pooled(x, size, strides, padding, ceil, mean)
        assert free or tuple(model.output_shape[1:]) == wanted.shape[1:]
        np.testing.assert_allclose(model(x), wanted, rtol=1e-5)


def test_lrn_across_channels_is_krizhevskys_with_alpha_over_n():
    x = RNG.normal(size=(2, 3, 3, 7)).astype(np.float32)
    wanted = np.empty_like(x)
    for channel in range(7):
        near = x[..., max(channel - 2, 0) : channel + 3]
        wanted[..., channel] = x[..., channel] / (2 + 0.5 / 5 * (near**2).sum(-1)) ** 0.75
    np.testing.assert_allclose(keras_layers.LRN(5, 0.5, 0.75, 2.0)(x), wanted, rtol=1e-5)


def test_lrn_within_a_channel_takes_the_square_around():
    x = RNG.normal(size=(2, 5, 4, 2)).astype(np.float32)
    wanted = np.empty_like(x)
    for i in range(5):
        for j in range(4):
            near = x[:, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            wanted[:, i, j] = x[:, i, j] / (1 + 2.0 / 9 * (near**2).sum((1, 2))) ** 0.75
    np.testing.assert_allclose(keras_layers.LRN(3, 2.0, norm_region="WITHIN_CHANNEL")(x), wanted, rtol=1e-5)


@pytest.mark.parametrize(("axis", "shape"), [(-1, (4,)), (1, (3,)), ([1, 3], (3, 4)), ([3, 1], (3, 4))])
def test_scale_multiplies_and_adds_along_its_axes(axis, shape):
    layer = keras_layers.Scale(axis)
    x = RNG.normal(size=(2, 3, 2, 4)).astype(np.float32)
    layer.build(x.shape)
    gamma, beta = (RNG.normal(size=shape).astype(np.float32) for _ in range(2))
    layer.set_weights([gamma, beta])
    spread = {(4,): "d", (3,): "b", (3, 4): "bd", (4, 3): "db"}[shape]
    wanted = np.einsum(f"abcd,{spread}->abcd", x, gamma) + np.einsum(f"abcd,{spread}->abcd", np.ones_like(x), beta)
    np.testing.assert_allclose(layer(x), wanted, rtol=1e-5, atol=1e-6)


def test_bias_add_adds_along_its_axis():
    layer = keras_layers.BiasAdd(1, bias_initializer=keras.initializers.Constant(2.0))
    np.testing.assert_array_equal(layer(np.zeros((1, 3, 2), np.float32)), np.full((1, 3, 2), 2.0))


@pytest.mark.parametrize("layer", [
    keras_layers.BiasAdd(1),
    keras_layers.Scale(1, gamma_initializer="zeros"),
], ids=lambda layer: type(layer).__name__)  # fmt: skip
def test_what_is_added_lies_along_its_axis_where_the_last_one_has_the_same_size(layer):
    layer.build((None, 3, 3))
    layer.weights[-1].assign([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(layer(np.zeros((2, 3, 3), np.float32))[1], [[0.0] * 3, [1.0] * 3, [2.0] * 3])


def test_a_weighted_sum_takes_one_factor_for_each_input():
    one, other = np.ones((2, 3), np.float32), np.full((2, 3), 10, np.float32)
    np.testing.assert_allclose(keras_layers.WeightedSum([2, -1])([one, other]), np.full((2, 3), -8.0))
    with pytest.raises(ValueError, match="one number for each of the 2 inputs"):
        keras_layers.WeightedSum([1.0])([one, other])


@pytest.mark.parametrize(
    "layer",
    [
        keras_layers.LRN(3, 0.1, 0.5, 2.0, "WITHIN_CHANNEL"),
        keras_layers.MaxPooling2D((3, 2), (2, 1), ((1, 0), (0, 1)), True),
        keras_layers.AveragePooling2D((3, 2), (2, 1), ((1, 0), (0, 1)), True, count_include_pad=True),
        keras_layers.Scale([1, 3], False, gamma_initializer="zeros", gamma_regularizer="l2"),
        keras_layers.BiasAdd(2, bias_constraint="non_neg"),
        keras_layers.WeightedSum([1.0, 2.0]),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_comes_back_from_its_configuration(layer):
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == f"visualnn>{type(layer).__name__}"
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == layer.get_config()
