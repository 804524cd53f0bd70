"""Layers of papers, against NumPy by their formulas."""

import keras
import numpy as np
import pytest
from keras.src.applications import convnext
from visualnn_worker.keras_layers import pyramid, taught

RNG = np.random.default_rng(7)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def close(found, wanted):
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-5, atol=1e-5)


def given_weights(layer, x):
    """The layer, built, with random weights."""
    if not layer.built:
        layer.build(x.shape)
    layer.set_weights([normal(*weight.shape) for weight in layer.weights])
    return {weight.name: np.asarray(weight.value) for weight in layer.weights}


@pytest.mark.parametrize("shape", [(3, 5), (2, 4, 5)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_highway_mixes_by_its_gate(shape, use_bias):
    x, layer = normal(*shape), taught.Highway("tanh", use_bias=use_bias)
    w = given_weights(layer, x)
    gate = 1 / (1 + np.exp(-(x @ w["transform_kernel"] + w.get("transform_bias", 0))))
    wanted = gate * np.tanh(x @ w["kernel"] + w.get("bias", 0)) + (1 - gate) * x
    close(layer(x), wanted)


def test_the_gate_of_a_new_highway_is_nearly_closed():
    layer = taught.Highway()
    layer.build((None, 4))
    close(layer.transform_bias, [-1] * 4)


@pytest.mark.parametrize("use_bias", [True, False])
def test_maxout_is_the_largest_of_its_pieces(use_bias):
    x, layer = normal(2, 3, 5), taught.Maxout(4, 3, use_bias=use_bias)
    w = given_weights(layer, x)
    wanted = np.empty((2, 3, 4))
    for unit in range(4):
        sums = [
            x @ w["kernel"][:, unit * 3 + piece] + (w["bias"][unit * 3 + piece] if use_bias else 0)
            for piece in range(3)
        ]
        wanted[..., unit] = np.max(sums, axis=0)
    close(layer(x), wanted)


def softmax(logits):
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


@pytest.mark.parametrize(("classes", "per"), [(10, 4), (9, 3), (3, 8), (5, 1)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_hierarchical_softmax_is_a_product_of_two(classes, per, use_bias):
    x, layer = normal(2, 3, 5), taught.HierarchicalSoftmax(classes, per, use_bias=use_bias)
    w = given_weights(layer, x)
    clusters = softmax(x @ w["cluster_kernel"] + w.get("cluster_bias", 0))
    logits = x @ w["kernel"] + w.get("bias", 0)
    parts = [clusters[..., [i // per]] * softmax(logits[..., i : i + per]) for i in range(0, classes, per)]
    wanted = np.concatenate(parts, -1)
    found = layer(x)
    close(found, wanted)
    close(np.sum(found, -1), np.ones((2, 3)))


def test_hierarchical_softmax_has_gradients_where_a_cluster_is_not_full():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, taught.HierarchicalSoftmax(5, 3)(inputs))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(normal(8, 4), np.arange(8) % 5, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_layer_scale_multiplies_each_channel():
    x, layer = normal(2, 3, 4), taught.LayerScale(0.5)
    close(layer(x), x * 0.5)
    w = given_weights(layer, x)
    close(layer(x), x * w["gamma"])


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_stochastic_depth_keeps_or_drops_whole_samples_and_the_mean(rate):
    x, layer = np.ones((4000, 2, 3), np.float32), taught.StochasticDepth(rate, seed=1)
    close(layer(x, training=False), x)
    found = np.asarray(layer(x, training=True))
    assert (found == found[:, :1, :1]).all()
    assert set(np.unique(found)) <= {0.0, np.float32(1 / (1 - rate)) if rate < 1 else 0.0}
    assert abs((found[:, 0, 0] == 0).mean() - rate) < 0.03


def test_both_helpers_of_residual_branches_are_those_of_keras_convnext():
    x = normal(6, 4, 3)
    theirs, ours = convnext.LayerScale(0.3, 3), taught.LayerScale(0.3)
    close(ours(x), theirs(x))
    close(taught.StochasticDepth(0.4)(x, training=False), convnext.StochasticDepth(0.4)(x, training=False))
    kept = np.asarray(convnext.StochasticDepth(0.4)(x, training=True))
    ours = np.asarray(taught.StochasticDepth(0.4)(x, training=True))
    for found in (kept, ours):  # other draws, but each sample is dropped or scaled alike
        for sample, given in zip(found, x, strict=True):
            close(sample, given / 0.6 if sample.any() else given * 0)


def windows(n, size, stride, before, count):
    return [(max(i * stride - before, 0), min(i * stride - before + size, n)) for i in range(count)]


@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
@pytest.mark.parametrize(
    ("size", "strides", "padding", "before", "counts"),
    [
        ((2, 3), (2, 1), "valid", (0, 0), (3, 4)),
        ((3, 3), (2, 2), "same", (1, 0), (4, 3)),  # 7 x 6: 2 cells of padding above and below, 1 on the right
        ((3, 2), (1, 3), [[1, 1], [0, 1]], (1, 0), (7, 2)),
        ((1, 1), (2, 3), "same", (0, 0), (4, 2)),
    ],
)
def test_l2_norm_pooling_is_the_norm_of_each_window(free, size, strides, padding, before, counts):
    x = normal(2, 7, 6, 3)
    rows = windows(7, size[0], strides[0], before[0], counts[0])
    columns = windows(6, size[1], strides[1], before[1], counts[1])
    wanted = np.empty((2, *counts, 3))
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            wanted[:, i, j] = np.linalg.norm(x[:, top:bottom, left:right].reshape(2, -1, 3), axis=1)
    inputs = keras.Input((None, None, 3) if free else (7, 6, 3))
    model = keras.Model(inputs, pyramid.L2NormPooling2D(size, strides, padding)(inputs))
    assert free or tuple(model.output_shape[1:]) == wanted.shape[1:]
    close(model(x), wanted)
    close(model.predict(x, verbose=0), wanted)


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize("free", [False, True], ids=["fixed size", "free size"])
@pytest.mark.parametrize("size", [(7, 6), (4, 4), (2, 3)])
def test_a_spatial_pyramid_has_as_many_values_for_every_size(pool, free, size):
    x = normal(2, *size, 3)
    wanted = []
    for n in (1, 3, 4):
        for i in range(n):
            top, bottom = int(np.floor(i * size[0] / n)), int(np.ceil((i + 1) * size[0] / n))
            for j in range(n):
                left, right = int(np.floor(j * size[1] / n)), int(np.ceil((j + 1) * size[1] / n))
                window = x[:, top:bottom, left:right]
                wanted.append(window.max((1, 2)) if pool == "max" else window.mean((1, 2)))
    inputs = keras.Input((None, None, 3) if free else (*size, 3))
    model = keras.Model(inputs, pyramid.SpatialPyramidPooling([1, 3, 4], pool)(inputs))
    assert model.output_shape == (None, 78)
    close(model(x), np.concatenate(wanted, 1))
    close(model.predict(x, verbose=0), np.concatenate(wanted, 1))


@pytest.mark.parametrize(
    "layer",
    [
        taught.Highway("tanh", use_bias=False, kernel_initializer="zeros", transform_bias_regularizer="l2"),
        taught.Maxout(3, 4, bias_constraint="non_neg", activity_regularizer="l1"),
        taught.HierarchicalSoftmax(5, 2, cluster_kernel_initializer="he_normal"),
        taught.LayerScale(0.1, "l2", "non_neg"), taught.StochasticDepth(0.2, 3),
        pyramid.L2NormPooling2D((2, 3), (1, 2), [[1, 0], [0, 1]]), pyramid.SpatialPyramidPooling([2], "average"),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_a_layer_comes_back_from_its_configuration(layer):
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == f"visualnn>{type(layer).__name__}"
    assert keras.saving.deserialize_keras_object(config).get_config() == layer.get_config()
