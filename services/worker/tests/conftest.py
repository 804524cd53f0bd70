"""One process loads Keras once for all of the worker's tests."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from services.worker.tests.desk import Desk, class_data

_KERAS_WITH_NUMPY_2 = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keras itself asks TensorFlow for arrays in a way that NumPy 2 warns of; nothing of ours can change that."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(_KERAS_WITH_NUMPY_2))


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    """Make a Desk with these arrays."""

    def make(arrays: Mapping[str, Any] | None = None) -> Desk:
        return Desk(tmp_path, arrays or class_data())

    return make
