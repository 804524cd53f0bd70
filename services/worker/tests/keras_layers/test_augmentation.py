"""Augmentation: what Keras' own layers do in a net while training and outside, and the two that stand in for Keras'."""

import keras
import numpy as np
import pytest
from visualnn_shared.catalogue import CATALOGUE
from visualnn_worker import keras_layers
from visualnn_worker.network.build import build

from shared.tests.layer_uses import one_layer

NAMES = sorted(name for name, entry in CATALOGUE.items() if entry.group == "augmentation")
ALWAYS = {"RandomCrop", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization"}
X = np.random.default_rng(11).uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_an_augmentation_acts_in_training_and_lets_pictures_through_otherwise(name):
    entry = CATALOGUE[name]
    model = build(one_layer(entry, [(16, 16, 3)], dict(entry.example.params))).model
    changed = np.asarray(model(X, training=True))
    assert np.isfinite(changed).all()
    assert changed.shape != X.shape or np.abs(changed - X).max() > 0
    if name not in ALWAYS:
        np.testing.assert_allclose(model(X, training=False), X, rtol=1e-5)


def test_random_crop_gives_a_part_in_training_and_the_middle_otherwise():
    layer = keras_layers.RandomCrop(6, 4, seed=3)
    np.testing.assert_array_equal(layer(X, training=False), X[:, 5:11, 6:10])
    found = np.asarray(layer(X, training=True))
    parts = [X[:, i : i + 6, j : j + 4] for i in range(11) for j in range(13)]
    assert any(np.array_equal(found, part) for part in parts)


def test_random_crop_enlarges_what_is_too_small():
    layer = keras_layers.RandomCrop(20, 20)
    assert layer(X, training=True).shape == layer(X, training=False).shape == (4, 20, 20, 3)


def test_equalization_makes_values_equally_frequent():
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, keras_layers.Equalization()(inputs))
    dark = np.round(X / 4)  # 0 to 64
    found = np.asarray(model(dark, training=True))
    for channel in range(3):
        values = dark[..., channel]
        below = np.searchsorted(np.sort(values.ravel()), values, side="right")  # how many are at most as bright
        least = below.min()
        np.testing.assert_allclose(found[..., channel], np.round((below - least) * 255 / (values.size - least)))


@pytest.mark.parametrize("layer", [keras_layers.RandomCrop(6, 4, seed=3), keras_layers.Equalization((0, 1), 16)])
def test_a_layer_comes_back_from_its_configuration(layer):
    config = keras.saving.serialize_keras_object(layer)
    assert config["registered_name"] == f"visualnn>{type(layer).__name__}"
    assert keras.saving.deserialize_keras_object(config).get_config() == layer.get_config()
