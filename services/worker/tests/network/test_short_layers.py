"""What layers compute that are written as others, and what variables start from and are held by, against NumPy."""

from math import erf

import numpy as np
import pytest
from visualnn_shared.catalogue import CATALOGUE
from visualnn_worker.network.build import build
from visualnn_worker.network.weights import read_weights

from shared.tests.layer_uses import one_layer

X = np.float32([[-7, -3, -1, -0.5, 0, 0.3, 0.5, 1, 2.9, 3, 8]])
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017, Self-Normalizing Neural Networks
FUNCTIONS = {
    "SELU": lambda x: SCALE * np.where(x > 0, x, ALPHA * (np.exp(x) - 1)),
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "Softsign": lambda x: x / (1 + np.abs(x)),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "HardSigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "GELU": lambda x: x * np.vectorize(lambda v: (1 + erf(v / 2**0.5)) / 2)(x),
    "Swish": lambda x: x / (1 + np.exp(-x)),
    "Identity": lambda x: x,
}


def answer(type, params, *inputs):
    network = build(one_layer(CATALOGUE[type], [x.shape[1:] for x in inputs], params))
    return np.asarray(network.model(network.pack({f"in{i}": x for i, x in enumerate(inputs)})))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_what_it_is_called(name):
    np.testing.assert_allclose(answer(name, {}, X), FUNCTIONS[name](np.float64(X)), atol=1e-5)


@pytest.mark.parametrize("theta", [0.0, 0.5, 1.0, 3.0])
def test_a_thresholded_relu_keeps_only_what_is_above_theta(theta):
    np.testing.assert_array_equal(answer("ThresholdedReLU", {"theta": theta}, X), np.where(theta < X, X, 0))


def test_groups_of_channels_have_mean_0_and_variance_1():
    x = np.float32(np.random.default_rng(1).normal(3, 2, (2, 4, 5, 6)))
    parts = np.float64(x).reshape(2, 4, 5, 3, 2)
    mean, var = (how(parts, axis=(1, 2, 4), keepdims=True) for how in (np.mean, np.var))
    wanted = ((parts - mean) / np.sqrt(var + 1e-3)).reshape(x.shape)
    np.testing.assert_allclose(answer("GroupNormalization", {"groups": 3}, x), wanted, atol=1e-5)


@pytest.mark.parametrize("axis", [-1, 2, [1, 2], [2]])
def test_mean_square_and_length_become_1_along_the_axes(axis):
    x = np.float32(np.random.default_rng(1).normal(0, 2, (2, 4, 5)))
    axes = tuple(axis) if isinstance(axis, list) else axis
    square = np.sum(np.float64(x) ** 2, axis=axes, keepdims=True)
    count = x[0].size * len(x) // square.size
    wanted = x / np.sqrt(square / count + 1e-6)
    np.testing.assert_allclose(answer("RMSNormalization", {"axis": axis}, x), wanted, atol=1e-5)
    np.testing.assert_allclose(answer("UnitNormalization", {"axis": axis}, x), x / np.sqrt(square), atol=1e-5)


@pytest.mark.parametrize(
    ("axes", "equation"), [(2, "bik,bjk->bij"), ([1, 2], "bki,bjk->bij"), ([-1, 1], "bik,bkj->bij")]
)
def test_a_dot_sums_along_the_axes(axes, equation):
    rng = np.random.default_rng(1)
    first, second = np.float32(rng.normal(size=(2, 4, 4))), np.float32(rng.normal(size=(2, 4, 4)))
    np.testing.assert_allclose(
        answer("Dot", {"axes": axes}, first, second), np.einsum(equation, first, second), atol=1e-5
    )


def test_masked_steps_become_0():
    x = np.float32([[[1, 2], [-1, -1], [-1, 3]]])
    np.testing.assert_array_equal(answer("Masking", {"mask_value": -1.0}, x), [[[1, 2], [0, 0], [-1, 3]]])


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_a_kernel_that_is_orthogonal_has_no_penalty(mode):
    def penalty(start):
        params = {"units": 3, "kernel_initializer": start,
                  "kernel_regularizer": {"name": "orthogonal_regularizer", "factor": 0.5, "mode": mode}}  # fmt: skip
        return float(build(one_layer(CATALOGUE["Dense"], [(3,)], params)).model.losses[0])

    assert penalty("orthogonal") == pytest.approx(0, abs=1e-5)
    assert penalty("ones") == pytest.approx(0.5)


def test_a_convolution_can_start_as_a_fourier_transform():
    params = {"filters": 5, "kernel_size": 8, "kernel_initializer": {"name": "stft", "window": None, "side": "imag"}}
    kernel = read_weights(build(one_layer(CATALOGUE["Conv1D"], [(20, 1)], params)))["it/kernel"]
    times, bands = np.arange(8)[:, None], np.arange(5)[None]
    np.testing.assert_allclose(kernel[:, 0], np.sin(-2 * np.pi * times * bands / 8), atol=1e-5)
