"""What the bar of a job shows of what the job says."""

from typing import Any

import pytest
from visualnn.cli.progress import JobProgress
from visualnn.records import Event


@pytest.mark.parametrize(
    ("kind", "data", "share"),
    [
        ("metrics", {"metrics": {"trials": 4, "complete": 1}, "progress": 0.25}, 0.25),
        ("metrics", {"metrics": {"trials": 4}}, 0.0),
        ("batch", {"epoch": 1, "batch": 1, "batches": 2, "metrics": {}, "progress": 0.5}, 0.5),
        ("epoch", {"epoch": 3, "epochs": 4, "metrics": {"loss": 1.0}}, 0.75),
        ("state", {"state": "succeeded"}, 1.0),
    ],
)
def test_the_bar_is_as_far_as_the_job(kind: str, data: dict[str, Any], share: float) -> None:
    with JobProgress("training") as progress:
        progress.on_event(Event(id=1, kind=kind, data=data))
        assert progress.share == share
