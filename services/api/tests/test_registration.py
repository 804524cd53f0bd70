"""Comparing served with trained outputs."""

import math

import numpy as np
import pytest
from visualnn_api.registration import _tensor, largest_error


@pytest.mark.parametrize(
    ("expected", "received", "error"),
    [
        ([0.0], [0.0], 0.0),
        ([0.0], [1e-5], 1e-5),
        ([1000.0], [1000.005], 0.005),  # 1e-5 + 1e-5 x 1000
        ([-1000.0], [-1000.005], 0.005),
    ],
)
def test_outputs_within_the_tolerance_pass(expected: list[float], received: list[float], error: float) -> None:
    worst, wrong = largest_error(np.array(expected), np.array(received), 1e-5)
    assert wrong is None
    assert worst == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize(
    ("expected", "received"),
    [
        ([0.0], [2.1e-5]),
        ([0.0, 0.0], [0.0, -2.1e-5]),
        ([1000.0], [1000.02]),
        ([1.0], [math.nan]),
        ([math.nan], [1.0]),
        ([1.0], [math.inf]),
        ([1.0, 2.0], [2.0, 1.0]),  # the same values in another order
    ],
)
def test_one_value_off_is_told_with_the_largest_error(expected: list[float], received: list[float]) -> None:
    worst, wrong = largest_error(np.array(expected), np.array(received), 1e-5)
    assert wrong == "each value must be within 1e-05 of the trained one"
    assert not worst <= 1e-5


@pytest.mark.parametrize("received", [None, np.zeros((1, 2)), np.zeros(3)])
def test_an_output_that_is_missing_or_of_another_shape_is_told(received: np.ndarray | None) -> None:
    worst, wrong = largest_error(np.zeros(2), received, 1e-5)
    assert worst == math.inf
    assert wrong is not None
    assert "shape [2]" in wrong


def test_a_stored_sample_that_lacks_values_is_sent_with_nulls() -> None:
    sent = _tensor("x", "float32", np.array([[1.5, np.nan], [np.nan, 2]]))
    assert sent == {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1.5, None, None, 2.0]}
