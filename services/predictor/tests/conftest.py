"""Predictors on databases and folders of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visualnn_shared.training.serving import Reshape, Scale

from tests.predictor.served import Served, dense, serving


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts predictors with settings, and ends them."""
    running: list[Served] = []

    def one(**settings: Any) -> Served:
        running.append(Served(tmp_path, **settings))
        return running[-1]

    yield one
    for served in running:
        served.close()


@pytest.fixture
def served(start: Callable[..., Served]) -> Served:
    return start()


@pytest.fixture
def digits(served: Served) -> tuple[Served, np.ndarray, np.ndarray]:
    """Operator ``digits``: 2 x 3 pictures of 8 bits, scaled and flattened, three classes; its kernel and bias."""
    file, kernel, bias = dense(6, 3, "Softmax")
    steps = (Reshape(shape=(6,)), Scale(factor=1 / 255))
    served.register("digits", file, serving((2, 3), (3,), "classification", "uint8", steps, ("zero", "one", "two")))
    return served, kernel, bias
