"""What slides over one, two or three axes, against NumPy by hand."""

from itertools import product

import keras
import numpy as np
import pytest
from visualnn_shared.catalogue import CATALOGUE
from visualnn_shared.catalogue.mapping import index, read_node
from visualnn_shared.catalogue.maps import Bag, Context
from visualnn_shared.catalogue.steps import write_blob
from visualnn_worker import keras_layers
from visualnn_worker.network.build import build

from shared.tests.layer_uses import one_layer

RNG = np.random.default_rng(5)
SIZES = {1: (7,), 2: (7, 6), 3: (5, 6, 4)}


def run(name, params, x):
    """The layer alone, built from the spec, and its output for ``x``."""
    network = build(one_layer(CATALOGUE[name], [x.shape[1:]], params))
    return network, np.asarray(network.model(x))


def pooled(x, size, stride, sides, ceil, how):
    """``how(real cells, cells that count with padding)`` for each window; every axis has the same window."""
    starts = []
    for n, (before, after) in zip(x.shape[1:-1], sides, strict=True):
        span = n + before + after - size
        count = (-(-span // stride) if ceil else span // stride) + 1
        count -= ceil and (count - 1) * stride >= n + before
        starts.append([i * stride - before for i in range(count)])
    out = np.empty((len(x), *map(len, starts), x.shape[-1]), np.float32)
    for at in np.ndindex(*map(len, starts)):
        first = [axis[i] for axis, i in zip(starts, at, strict=True)]
        real = x[(slice(None), *(slice(max(a, 0), a + size) for a in first))]
        ends = [min(a + size, n + side[1]) for a, n, side in zip(first, x.shape[1:-1], sides, strict=True)]
        out[(slice(None), *at)] = how(real, np.prod([end - a for end, a in zip(ends, first, strict=True)]))
    return out


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize(("size", "stride", "sides", "ceil"), [
    (3, 2, (0, 0), True), (2, 2, (1, 1), True), (3, 1, (1, 0), False), (3, 2, (2, 1), False),
])  # fmt: skip
class TestPoolingInCells:
    def test_the_maximum_is_over_real_cells(self, rank, size, stride, sides, ceil):
        x = -1 - RNG.random((2, *SIZES[rank], 2)).astype(np.float32)
        params = {"pool_size": size, "strides": stride, "padding": [sides] * rank, "ceil_mode": ceil}
        network, found = run(f"MaxPooling{rank}D", params, x)
        wanted = pooled(x, size, stride, [sides] * rank, ceil, lambda real, _: real.max(tuple(range(1, rank + 1))))
        assert network.model.output_shape[1:] == wanted.shape[1:]
        np.testing.assert_array_equal(found, wanted)

    @pytest.mark.parametrize("counts", [False, True])
    def test_the_mean_counts_padding_only_where_told(self, rank, size, stride, sides, ceil, counts):
        x = RNG.random((2, *SIZES[rank], 2)).astype(np.float32)
        params = {"pool_size": size, "strides": stride, "padding": [sides] * rank, "ceil_mode": ceil}
        _, found = run(f"AveragePooling{rank}D", {**params, "count_include_pad": counts}, x)

        def mean(real, count):
            axes = tuple(range(1, rank + 1))
            return real.sum(axes) / (count if counts else np.prod(real.shape[1:-1]))

        np.testing.assert_allclose(found, pooled(x, size, stride, [sides] * rank, ceil, mean), rtol=1e-5)


@pytest.mark.parametrize("rank", [1, 3])
def test_the_same_mean_counts_its_padding_as_zeros(rank):
    x = RNG.random((2, *SIZES[rank], 2)).astype(np.float32)
    _, found = run(f"AveragePooling{rank}D", {"pool_size": 2, "strides": 1, "padding": "same",
                   "count_include_pad": True}, x)  # fmt: skip
    padded = np.pad(x, [(0, 0), *[(0, 1)] * rank, (0, 0)])
    shifted = [
        padded[(slice(None), *(slice(i, i + n) for i, n in zip(at, SIZES[rank], strict=True)))]
        for at in product((0, 1), repeat=rank)
    ]
    np.testing.assert_allclose(found, np.mean(shifted, 0), rtol=1e-5)


def adaptive(x, size, how):
    """``how`` along the windows of one axis after the other."""
    for axis, n in enumerate(x.shape[1:-1], start=1):
        shares = [np.arange(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]
        x = np.stack([how(np.take(x, share, axis), axis) for share in shares], axis)
    return x


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 3, 4, 9])
@pytest.mark.parametrize(("name", "how"), [("Average", np.mean), ("Max", np.max)])
def test_adaptive_windows_go_from_floor_to_ceiling_of_their_share(rank, size, name, how):
    x = RNG.random((2, *SIZES[rank], 2)).astype(np.float32)
    _, found = run(f"Adaptive{name}Pooling{rank}D", {"output_size": size}, x)
    np.testing.assert_allclose(found, adaptive(x, size, how), rtol=1e-5)
    ours = getattr(keras_layers, f"Adaptive{name}Pooling")((size,) * rank)
    np.testing.assert_allclose(ours(x), adaptive(x, size, how), rtol=1e-5)


def test_adaptive_pooling_of_a_single_cell_repeats_it():
    x = RNG.random((2, 1, 5, 2)).astype(np.float32)
    for name in ("Average", "Max"):
        _, found = run(f"Adaptive{name}Pooling2D", {"output_size": [3, 5]}, x)
        np.testing.assert_allclose(found, np.repeat(x, 3, 1), rtol=1e-6)


def convolved(x, kernel, padding, stride):
    """Cross-correlation by its definition, channels last."""
    rank = x.ndim - 2
    x = np.pad(x, [(0, 0), *padding, (0, 0)])
    counts = [(n - k) // stride + 1 for n, k in zip(x.shape[1:-1], kernel.shape, strict=False)]
    out = np.empty((len(x), *counts, kernel.shape[-1]), np.float32)
    for at in np.ndindex(*counts):
        seen = x[(slice(None), *(slice(i * stride, i * stride + k) for i, k in zip(at, kernel.shape, strict=False)))]
        out[(slice(None), *at)] = np.tensordot(seen, kernel, rank + 1)
    return out


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_a_convolution_takes_its_padding_in_cells(rank):
    x = RNG.normal(size=(2, *SIZES[rank], 2)).astype(np.float32)
    sides = [(2, 1), (0, 1), (1, 0)][:rank]
    network, found = run(f"Conv{rank}D", {"filters": 3, "kernel_size": 3, "padding": sides, "strides": 2}, x)
    kernel = network.owners["it"].get_weights()[0]
    np.testing.assert_allclose(found, convolved(x, kernel, sides, 2), rtol=1e-4, atol=1e-5)


def test_a_causal_convolution_sees_no_later_step():
    x = RNG.normal(size=(2, 7, 2)).astype(np.float32)
    network, found = run("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal"}, x)
    kernel = network.owners["it"].get_weights()[0]
    np.testing.assert_allclose(found, convolved(x, kernel, [(2, 0)], 1), rtol=1e-4, atol=1e-5)


def deconvolved(x, blob, bias, stride, dilation, pad):
    """Caffe's Deconvolution by its definition: x (n, c, h, w), blob (c, o, kh, kw)."""
    sizes = [(n - 1) * stride + dilation * (k - 1) + 1 for n, k in zip(x.shape[2:], blob.shape[2:], strict=True)]
    out = np.zeros((len(x), blob.shape[1], *sizes), np.float32)
    for i, j, u, v in np.ndindex(*x.shape[2:], *blob.shape[2:]):
        row, column = i * stride + u * dilation, j * stride + v * dilation
        out[:, :, row, column] += x[:, :, i, j] @ blob[:, :, u, v]
    return out[:, :, pad : sizes[0] - pad, pad : sizes[1] - pad] + bias[:, None, None]


@pytest.mark.parametrize("attributes", [
    {"kernel_size": 4, "stride": 2, "pad": 1}, {"kernel_size": 3, "stride": 2, "pad": 1}, {"kernel_size": 3},
    {"kernel_size": 2, "stride": 3}, {"kernel_size": 5, "stride": 3, "pad": 1}, {"kernel_size": 3, "dilation": 2},
    {"kernel_size": 3, "dilation": 2, "pad": 2}, {"kernel_size": 16, "stride": 8, "pad": 4},
], ids=str)  # fmt: skip
def test_a_transposed_convolution_computes_what_caffes_deconvolution_does(attributes):
    x = RNG.normal(size=(2, 4, 5, 3)).astype(np.float32)
    context = Context(input_shapes=[x.shape[1:]])
    read = read_node(index("caffe"), "Deconvolution", Bag({"num_output": 2, **attributes}), context, "it")
    assert read.problems == ()
    network, _ = run("Conv2DTranspose", {**read.params, "bias_initializer": "random_normal"}, x)
    kernel, bias = network.owners["it"].get_weights()
    blob = write_blob(kernel, dict(read.map.weight_steps())["kernel"])
    at = {"stride": 1, "dilation": 1, "pad": 0} | attributes
    wanted = deconvolved(x.transpose(0, 3, 1, 2), blob, bias, at["stride"], at["dilation"], at["pad"])
    np.testing.assert_allclose(network.model(x), wanted.transpose(0, 2, 3, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("rank", "size", "strides"), [(1, (3,), (2,)), (2, (3, 2), (1, 3)), (2, (1, 6), (2, 1))])
def test_a_locally_connected_layer_has_weights_of_its_own_at_each_position(rank, size, strides):
    x = RNG.normal(size=(2, *SIZES[rank], 3)).astype(np.float32)
    layer = getattr(keras_layers, f"LocallyConnected{rank}D")(4, size, strides, activation="relu")
    layer.build(x.shape)
    kernel, bias = (RNG.normal(size=w.shape).astype(np.float32) for w in layer.weights)
    layer.set_weights([kernel, bias])
    counts = [(n - k) // s + 1 for n, k, s in zip(SIZES[rank], size, strides, strict=True)]
    wanted = np.empty((2, *counts, 4), np.float32)
    for number, at in enumerate(np.ndindex(*counts)):  # row-major, as Keras 2 counted
        seen = x[(slice(None), *(slice(i * s, i * s + k) for i, s, k in zip(at, strides, size, strict=True)))]
        wanted[(slice(None), *at)] = seen.reshape(2, -1) @ kernel[number] + bias[at]
    assert kernel.shape == (np.prod(counts), np.prod(size) * 3, 4)
    np.testing.assert_allclose(layer(x), np.maximum(wanted, 0), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        keras_layers.LocallyConnected1D(3, (2,), activation="tanh", kernel_regularizer="l2", use_bias=False),
        keras_layers.LocallyConnected2D(3, (2, 3), (1, 2), bias_initializer="ones", kernel_constraint="non_neg"),
        keras_layers.AdaptiveMaxPooling((1, 3)),
        keras_layers.AdaptiveAveragePooling((2,)),
        keras_layers.MaxPooling1D((3,), (2,), ((1, 0),), True),
        keras_layers.AveragePooling3D((3, 2, 2), (2, 1, 1), ((1, 0), (0, 1), (0, 0)), count_include_pad=True),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_comes_back_from_its_configuration(layer):
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == f"visualnn>{type(layer).__name__}"
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == layer.get_config()
