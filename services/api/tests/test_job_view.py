"""What a job's page is told of a row."""

from datetime import UTC, datetime
from typing import Any

import pytest
from visualnn_api.views.jobs import job_view
from visualnn_shared.store.tables import Job

KEPT = {"key": "jobs/a/1/state.safetensors", "epoch": 2}


def row(**more: Any) -> Job:
    plain = {
        "id": "job-1", "kind": "train", "state": "failed", "progress": 0.5, "attempt": 1, "run": 1, "metrics": {},
        "queue": "train.cpu", "priority": 0, "params": {}, "cancel_requested": False, "created_at": datetime.now(UTC),
    }  # fmt: skip
    return Job(**{**plain, **more})


def error(code: str, class_: str = "user", **more: Any) -> dict[str, Any]:
    return {"class": class_, "code": code, "detail": "a", "next_step": "b", **more}


@pytest.mark.parametrize(
    ("more", "offered"),
    [
        ({"error": error("nan-loss")}, False),
        ({"error": error("nan-loss", checkpoint=KEPT)}, False),
        ({"error": error("keras-refused")}, False),
        ({"error": error("time-limit")}, False),
        ({"error": error("time-limit", checkpoint=KEPT)}, True),
        ({"error": error("time-limit"), "kind": "tune"}, True),
        ({"error": error("too-few-members"), "kind": "ensemble"}, True),
        ({"error": error("memory-limit", "resource")}, True),
        ({"error": error("worker-lost", "infrastructure")}, True),
        ({"state": "cancelled"}, True),
        ({"state": "succeeded"}, False),
    ],
)
def test_a_resume_is_offered_where_it_may_end_otherwise(more: dict[str, Any], offered: bool) -> None:
    assert ("resume" in job_view(row(**more)).links) is offered


@pytest.mark.parametrize(
    ("kind", "queue", "attempt", "tries"),
    [
        ("train", "train.cpu", 2, 2),
        ("ensemble", "ensemble", 1, 1),
        ("ensemble", "train.cpu", 1, 1),
        ("ensemble", "train.cpu", 2, 1),
        ("ensemble", "train.cpu", 3, 2),
    ],
)
def test_the_training_of_members_is_no_try_of_the_ensemble(kind: str, queue: str, attempt: int, tries: int) -> None:
    assert job_view(row(kind=kind, queue=queue, attempt=attempt)).attempt == tries
