"""Normalization computes with the statistics that weights bring."""

import numpy as np
from visualnn_shared.catalogue import CATALOGUE
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights, set_weights

from shared.tests.layer_uses import one_layer

X = np.random.default_rng(2).normal(size=(5, 4, 3)).astype(np.float32)


def test_weights_reach_what_it_computes():
    network = build(one_layer(CATALOGUE["Normalization"], [(4, 3)], {}))
    np.testing.assert_allclose(network.model(X), X, rtol=1e-5)
    mean, variance = np.array([1.0, 2.0, 3.0], np.float32), np.array([4.0, 1.0, 0.25], np.float32)
    set_weights(network, {"it/mean": mean, "it/variance": variance, "it/count": np.array(7, np.int32)})
    np.testing.assert_allclose(network.model(X), (X - mean) / np.sqrt(variance), rtol=1e-5, atol=1e-5)
    assert read_weights(network)["it/count"] == 7


def test_given_statistics_are_no_weights():
    network = build(one_layer(CATALOGUE["Normalization"], [(4, 3)], {"mean": [1, 2, 3], "variance": [4, 1, 0.25]}))
    wanted = (X - np.array([1, 2, 3])) / np.sqrt([4, 1, 0.25])
    np.testing.assert_allclose(network.model(X), wanted, rtol=1e-5, atol=1e-5)
    assert read_weights(network) == {}
