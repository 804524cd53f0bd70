"""A rewritten net computes, in Keras, what the net it was made from computes."""

import numpy as np
import pytest
from visualnn_shared.rewrites.dense_to_conv import dense_to_conv
from visualnn_shared.zoo.builder import Net
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights, set_weights

RNG = np.random.default_rng(5)


def narrow_vgg(padding, size, blocks):
    """VGG's plan with few channels and blocks, so that many windows fit into a small picture."""
    net = Net("vgg")
    net.input("in", size, size, 3)
    for block in range(blocks):
        for i in range(2):
            net.add(f"conv{block}_{i}", "Conv2D", filters=4, kernel_size=3, padding=padding, activation="relu")
        net.add(f"pool{block}", "MaxPooling2D")
    net.add("flat", "Flatten")
    net.add("fc1", "Dense", units=7, activation="relu")
    net.add("drop", "Dropout", rate=0.5)
    net.add("prob", "Dense", units=5, activation="softmax")
    return net.spec()


def slid(spec, size):
    """The old network, the sliding one, and the weights that both have."""
    old = build(spec, seed=1)
    weights = {name: RNG.normal(0, 0.3, value.shape).astype(np.float32) for name, value in read_weights(old).items()}
    set_weights(old, weights)
    found = dense_to_conv(spec, (size, size), weights)
    new = build(found.spec)
    set_weights(new, found.weights)
    return old, new, weights


def test_every_vector_of_the_map_is_the_head_on_one_window_of_the_last_features():
    _old, new, w = slid(narrow_vgg("same", 28, 2), 48)
    x = RNG.normal(size=(2, 48, 48, 3)).astype(np.float32)
    said = np.asarray(new.model(x))
    assert said.shape == (2, 6, 6, 5)
    features = x
    for layer in new.model.layers[1:7]:
        features = layer(features)
    features = np.asarray(features)
    for i in range(6):
        for j in range(6):
            window = features[:, i : i + 7, j : j + 7].reshape(2, -1)
            hidden = np.maximum(window @ w["fc1/kernel"] + w["fc1/bias"], 0)
            logits = hidden @ w["prob/kernel"] + w["prob/bias"]
            wanted = np.exp(logits - logits.max(-1, keepdims=True))
            np.testing.assert_allclose(said[:, i, j], wanted / wanted.sum(-1, keepdims=True), atol=1e-5)


@pytest.mark.parametrize(("blocks", "size", "larger", "count"), [(1, 12, 22, 6), (2, 28, 48, 6)])
def test_without_padding_the_36_vectors_are_36_separate_runs_on_crops(blocks, size, larger, count):
    old, new, _weights = slid(narrow_vgg("valid", size, blocks), larger)
    x = RNG.normal(size=(1, larger, larger, 3)).astype(np.float32)
    said = np.asarray(new.model(x))[0]
    assert said.shape == (count, count, 5)
    step = 2**blocks
    crops = [x[0, i * step : i * step + size, j * step : j * step + size] for i in range(count) for j in range(count)]
    runs = np.asarray(old.model(np.stack(crops)))
    np.testing.assert_allclose(said.reshape(-1, 5), runs, atol=1e-5)
