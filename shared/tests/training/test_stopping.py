from typing import Any

import pytest
from visualnn_shared.training.stopping import Watch, monitor_problems, watched


@pytest.mark.parametrize(
    ("monitor", "min_delta", "values", "better", "waited"),
    [
        ("loss", 0.0, [3, 2, 2, 1], [True, True, False, True], 0),
        ("val_loss", 0.5, [3, 2.6, 2.4, 2.0], [True, False, True, False], 1),
        ("val_accuracy", 0.0, [0.5, 0.6, 0.6, 0.4], [True, True, False, False], 2),
        ("loss", 0.0, [float("nan"), 1, 2], [True, True, False], 1),
    ],
)
def test_a_watch_knows_the_best_epoch_and_how_long_ago_it_was(
    monitor: str, min_delta: float, values: list[float], better: list[bool], waited: int
) -> None:
    watch = Watch(monitor, min_delta)
    assert [watch.tell({monitor: value}) for value in values] == better
    assert watch.waited == waited


def test_validation_is_watched_where_there_is_one() -> None:
    assert (watched(None, True), watched(None, False), watched("accuracy", True)) == ("val_loss", "loss", "accuracy")


@pytest.mark.parametrize(
    ("monitor", "validates", "fine"),
    [
        (None, False, True), ("loss", False, True), ("accuracy", True, True), ("val_accuracy", True, True),
        ("val_loss", False, False), ("mae", True, False), ("epoch", True, False),
    ],
)  # fmt: skip
def test_only_what_is_measured_can_be_watched(monitor: Any, validates: bool, fine: bool) -> None:
    assert (monitor_problems(monitor, ("accuracy",), validates, "field") == []) is fine
