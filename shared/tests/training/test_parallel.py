"""What a recipe with several devices is told before a job is queued."""

from typing import Any

import pytest
from pydantic import ValidationError
from visualnn_shared.training.parallel import devices_problems, fitting
from visualnn_shared.training.recipe import TrainParams


@pytest.mark.parametrize("devices", [0, 65, -1, 2.0, "2", "ALL", True, None])
def test_devices_is_a_whole_number_or_all(devices: Any) -> None:
    with pytest.raises(ValidationError):
        TrainParams.model_validate({"devices": devices})


@pytest.mark.parametrize(
    ("params", "samples", "fields", "hints"),
    [
        ({}, 5, [], []),
        ({"devices": "all", "batch_size": 7}, 100, [], []),
        ({"devices": 4, "batch_size": 32}, 100, [], []),
        ({"devices": 3, "batch_size": 32}, 100, ["params.batch_size"], ["use a batch_size of 30 or 33"]),
        ({"devices": 4, "batch_size": 32}, 30, ["params.devices"], ["use a batch_size of 28"]),
        ({"devices": 8, "batch_size": 4}, 5, ["params.batch_size"], ["use fewer devices"]),
        ({"devices": 2, "batch_size": 3, "optimizer": "lbfgs"}, 9, ["params.devices", "params.batch_size"], None),
        ({"devices": "all", "optimizer": "lbfgs"}, 9, ["params.devices"], None),
    ],
)
def test_what_cannot_be_shared_out_is_refused(
    params: dict[str, Any], samples: int, fields: list[str], hints: list[str] | None
) -> None:
    problems = devices_problems(TrainParams.model_validate(params), samples)
    assert [one.where.field for one in problems] == fields
    assert hints is None or [one.hint for one in problems] == hints


@pytest.mark.parametrize(("available", "batch", "expected"), [(1, 7, 1), (4, 32, 4), (3, 32, 2), (5, 7, 1), (8, 6, 6)])
def test_all_is_the_most_that_share_a_batch_evenly(available: int, batch: int, expected: int) -> None:
    assert fitting(available, batch) == expected
