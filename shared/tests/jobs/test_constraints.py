"""What the database itself refuses, whatever the code does."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from visualnn_shared.jobs import protocol
from visualnn_shared.store.database import LOCAL_OWNER
from visualnn_shared.store.tables import Job

WRONG: dict[str, dict[str, Any]] = {
    "a state that does not exist": {"state": "paused"},
    "succeeded without a result": {"state": "succeeded", "lease_token": None, "lease_until": None},
    "a result without success": {"result_attempt": 1},
    "a result of a later attempt": {
        "state": "succeeded",
        "result_attempt": 2,
        "lease_token": None,
        "lease_until": None,
    },
    "running without a lease": {"lease_until": None},
    "running without a token": {"lease_token": None},
    "a lease without running": {"state": "queued"},
    "an owner who does not exist": {"owner": "nobody"},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_cannot_be(bench: Any, wrong: str) -> None:
    lease = bench.running().lease
    with pytest.raises(IntegrityError):
        bench.set(lease.job_id, **WRONG[wrong])
    assert bench.row(lease.job_id)["state"] == "running"


def test_one_owner_has_one_job_for_a_key(bench: Any) -> None:
    bench.submit(idempotency_key="k", fingerprint="f")
    twin = bench.submit()
    with pytest.raises(IntegrityError):
        bench.set(twin, idempotency_key="k")


def test_a_job_cannot_outlive_its_owner_nor_an_attempt_its_job(bench: Any) -> None:
    lease = bench.running().lease
    bench.do(protocol.commit, lease, {})
    with bench.database.session() as s:
        s.delete(s.get_one(Job, lease.job_id))
    assert bench.attempts(lease.job_id) == []
    bench.submit(owner=LOCAL_OWNER)
