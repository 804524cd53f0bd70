"""/jobs of kind tune, and their trials."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select
from visualnn_shared.jobs import protocol
from visualnn_shared.jobs.model import QUEUES, TUNE
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker
from visualnn_shared.store.tables import Trial
from visualnn_shared.tuning.advance import Tuner

from tests.gateway.running import Gateway
from tests.gateway.trained import line_csv

RATE = {"params.learning_rate": {"type": "float", "low": 1e-4, "high": 0.1, "log": True}}


@pytest.fixture(scope="module")
def line(api: httpx.Client) -> str:
    """The id of a data set for zoo:linear."""
    answer = api.post("datasets", files={"file": ("line.csv", line_csv())}, data={"name": "trials"})
    return str(answer.json()["id"])


def _body(dataset: str, **params: Any) -> dict[str, Any]:
    return {"kind": "tune", "model": "zoo:linear", "dataset": dataset, "params": {"space": RATE, **params}}


def test_a_search_is_queued_and_waits_for_no_worker(api: httpx.Client, line: str) -> None:
    answer = api.post("jobs", json=_body(line))
    job = answer.json()
    assert answer.status_code == 202, answer.text
    assert (job["kind"], job["queue"], job["state"], job["waiting_for"]) == ("tune", TUNE, "queued", None)
    assert job["params"]["trials"] == 20
    assert job["chosen"]["validation_split"]["value"] == 0.2
    assert job["chosen"]["monitor"]["value"] == "val_loss"
    told = api.get(job["links"]["trials"].removeprefix("/api/v1/")).json()
    assert told == {"monitor": "val_loss", "higher_is_better": False, "best": None, "warnings": [], "trials": []}
    assert api.post(f"jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_every_problem_of_recipe_and_space_is_told_at_once(api: httpx.Client, line: str) -> None:
    space = {
        "params.learning_rate": {"type": "float", "low": 1.0, "high": 1000.0},
        "params.epoch": {"type": "int", "low": 1, "high": 3},
        "model.layers.nowhere.params.units": {"type": "int", "low": 1, "high": 3},
    }
    answer = api.post("jobs", json=_body(line, space=space, trials=0))
    assert answer.status_code == 422
    fields = {one["where"].get("field") for one in answer.json()["problems"]}
    assert fields == {f"params.space.{name}" for name in space} | {"params.trials"}
    hints = {one["where"]["field"]: one["hint"] for one in answer.json()["problems"]}
    assert "epochs" in hints["params.space.params.epoch"]


def test_the_trials_are_told_while_the_search_runs(api: httpx.Client, lone: Gateway, line: str) -> None:
    job = api.post("jobs", json=_body(line, trials=3, parallel=2, recipe={"epochs": 2})).json()
    tuner = Tuner(lone.parts.db, lone.parts.objects, Waker(""), Timers())
    tuner.round()
    told = api.get(f"jobs/{job['id']}/trials").json()
    assert [one["state"] for one in told["trials"]] == ["queued", "queued"]
    trial = api.get(f"jobs/{told['trials'][0]['job']}").json()
    assert (trial["kind"], trial["params"]["epochs"]) == ("train", 2)
    assert trial["params"]["learning_rate"] == told["trials"][0]["values"]["params.learning_rate"]
    assert trial["chosen"]["tune"]["value"] == job["id"]
    while api.get(f"jobs/{job['id']}").json()["state"] == "running":
        with lone.parts.db.session() as s:
            claim = protocol.claim(s, queues=QUEUES, worker_id="worker-1")
            if claim is not None:
                protocol.commit(s, claim.lease, {}, {"val_loss": 0.5})
        tuner.round()
    ended = api.get(f"jobs/{job['id']}").json()
    assert ended["state"] == "succeeded"
    told = api.get(f"jobs/{job['id']}/trials").json()
    assert told["best"] == {
        "number": 0, "job": told["trials"][0]["job"], "value": 0.5, "values": told["trials"][0]["values"],
    }  # fmt: skip
    names = {one["name"] for one in api.get(f"jobs/{job['id']}/artifacts").json()["items"]}
    assert names == {"trials.json", "parallel-coordinates.png"}
    picture = api.get(f"jobs/{job['id']}/artifacts/parallel-coordinates.png")
    assert picture.content.startswith(b"\x89PNG")
    assert api.get(f"jobs/{told['best']['job']}/trials").status_code == 409
    with lone.parts.db.session() as s:
        protocol.remove(s, job["id"])
        assert s.scalars(select(Trial).where(Trial.tune_id == job["id"])).all() == []
