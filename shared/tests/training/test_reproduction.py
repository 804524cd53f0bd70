"""Two records of a training side by side."""

from typing import Any

import pytest
from visualnn_shared.training.reproduction import RunRecord, compare

FIRST = RunRecord(
    versions={"keras": "3.10.0", "numpy": "2.1"}, backend="tensorflow", device="cpu", machine="x86_64 Linux", threads=2,
    seed=1, params={"epochs": 3}, spec_sha256="a", dataset_sha256="b", weights_sha256="c",
    metrics={"test_loss": 0.5, "test_accuracy": 0.9},
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "verdict", "conditions", "results"),
    [
        ({}, "identical", [], []),
        ({"threads": 8, "weights_sha256": "d"}, "equal", ["threads"], []),
        ({"weights_sha256": "d", "metrics": {"test_loss": 0.5 + 1e-8, "test_accuracy": 0.9}}, "equal", [],
         ["test_loss"]),
        ({"weights_sha256": "d", "metrics": {"test_loss": 0.6, "test_accuracy": 0.9},
          "versions": {"keras": "3.15.0", "numpy": "2.1"}}, "different", ["versions.keras"], ["test_loss"]),
        ({"weights_sha256": "d", "metrics": {"test_loss": 0.5}}, "different", [], ["test_accuracy"]),
        ({"params": {"epochs": 4}}, "identical", ["params.epochs"], []),
    ],
)  # fmt: skip
def test_what_differs_is_told(changed: dict[str, Any], verdict: str, conditions: list[str], results: list[str]) -> None:
    found = compare(FIRST, FIRST.model_copy(update=changed))
    assert found[0] == verdict
    assert [one.what for one in found[1]] == conditions
    assert [one.what for one in found[2]] == results
