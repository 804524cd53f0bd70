"""What every test of ONNX holds: the reader answers nothing by an exception that no check foresaw."""

from collections.abc import Iterator

import pytest
from visualnn_converter.formats.onnx import faults


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    """Fails a test while which the reader met an exception of its own."""
    faults.seen.clear()
    yield
    assert not faults.seen, list(faults.seen)
