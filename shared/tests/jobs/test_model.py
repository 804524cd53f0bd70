"""Queues by what a job needs, and what a manifest must be."""

import pytest
from visualnn_shared.jobs.model import Lease, State, check_manifest, queue_for


@pytest.mark.parametrize(
    ("kind", "device", "queue"),
    [
        ("train", "any", "train.cpu"),
        ("train", "cpu", "train.cpu"),
        ("train", "gpu", "train.gpu"),
        ("predict", "any", "infer"),
        ("evaluate", "cpu", "infer"),
        ("predict", "gpu", "train.gpu"),
    ],
)
def test_a_job_goes_to_the_queue_of_what_it_needs(kind: str, device: str, queue: str) -> None:
    assert queue_for(kind, device) == queue  # type: ignore[arg-type]


def test_states_are_the_words_of_the_api() -> None:
    assert [str(state) for state in State] == ["queued", "running", "succeeded", "failed", "cancelled"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"key": "jobs/job-1/1/w", "size": 1, "sha256": "0" * 64}, "w must lie under jobs/job-1/2/"),
        ({"key": "jobs/job-1/22/w", "size": 1, "sha256": "0" * 64}, "w must lie under jobs/job-1/2/"),
        ({"key": "jobs/job-1/2/w", "size": "1", "sha256": "0" * 64}, "w must have a size and a sha256"),
        ({"key": "jobs/job-1/2/w", "size": 1, "sha256": "0"}, "w must have a size and a sha256"),
    ],
)
def test_a_manifest_entry_that_breaks_the_rules_is_named(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_manifest(Lease("job-1", 2, "token"), {"w": entry})
