"""/jobs of kind ensemble, and their members."""

from typing import Any

import httpx
import numpy as np
import pytest
from visualnn_shared.ensembling.advance import Ensembler
from visualnn_shared.ensembling.report import EnsembleReport, Member, gain_of
from visualnn_shared.jobs.model import ENSEMBLE
from visualnn_shared.jobs.timers import Timers
from visualnn_shared.jobs.wakeup import Waker

from tests.gateway.running import Gateway
from tests.gateway.trained import Trainer, line_csv

MEMBER = Member(number=1, job="job-1", seed=0, metrics={"val": {"loss": 0.5}})
REPORT = EnsembleReport(
    method="seeds", averaged="predictions", monitor="val_loss", best=1, members=[MEMBER],
    gains=[gain_of("val", 2, [MEMBER], 1, {"loss": 0.25})],
)  # fmt: skip


@pytest.fixture(scope="module")
def line(api: httpx.Client) -> str:
    """The id of a data set for zoo:linear."""
    answer = api.post("datasets", files={"file": ("line.csv", line_csv())}, data={"name": "members"})
    return str(answer.json()["id"])


def ask(api: httpx.Client, dataset: str | None, model: str | None = "zoo:linear", **params: Any) -> httpx.Response:
    named = {name: one for name, one in (("model", model), ("dataset", dataset)) if one is not None}
    return api.post("jobs", json={"kind": "ensemble", "params": params, **named})


def fields(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["where"].get("field"): one["rule"] for one in answer.json()["problems"]}


def train(api: httpx.Client, lone: Gateway, dataset: str, **params: Any) -> str:
    """A train job that has succeeded."""
    body = {"kind": "train", "model": "zoo:linear", "dataset": dataset, "params": params}
    job = api.post("jobs", json=body).json()
    _end(lone, job["id"])
    return str(job["id"])


def _end(lone: Gateway, job_id: str) -> None:
    tensors = {"y/kernel": np.ones((1, 1), np.float32), "y/bias": np.zeros(1, np.float32)}
    samples = {"x:x": np.zeros((1, 1), np.float32), "y:y": np.zeros((1, 1), np.float32)}
    Trainer(lone.parts.db, lone.parts.objects).train(job_id, tensors, samples)


def test_an_ensemble_holds_no_worker_until_its_members_are_trained(api: httpx.Client, lone: Gateway, line: str) -> None:
    answer = ask(api, line, members=2, recipe={"epochs": 2}, monitor="val_loss")
    job = answer.json()
    assert answer.status_code == 202, answer.text
    assert (job["kind"], job["queue"], job["waiting_for"]) == ("ensemble", ENSEMBLE, None)
    url = job["links"]["members"].removeprefix("/api/v1/")
    assert api.get(url).json() == {
        "method": "seeds", "monitor": "val_loss", "trainings": [], "epochs": [], "report": None,
    }  # fmt: skip
    ensembler = Ensembler(lone.parts.db, lone.parts.objects, Waker(""), Timers())
    ensembler.round()
    trainings = api.get(url).json()["trainings"]
    assert [(one["number"], one["seed"], one["state"]) for one in trainings] == [(1, 0, "queued"), (2, 1, "queued")]
    member = api.get(f"jobs/{trainings[1]['job']}").json()
    assert (member["params"]["seed"], member["params"]["split_seed"]) == (1, 0)
    assert member["chosen"]["ensemble"]["value"] == job["id"]
    assert api.post(f"jobs/{job['id']}/cancel").json()["cancel_requested"]
    ensembler.round()
    assert api.get(f"jobs/{job['id']}").json()["state"] == "cancelled"
    assert {api.get(f"jobs/{one['job']}").json()["state"] for one in trainings} == {"cancelled"}
    assert api.get(f"jobs/{member['id']}/members").status_code == 409


def test_every_problem_is_told_at_once(api: httpx.Client, line: str) -> None:
    found = fields(ask(api, line, members=1, recipe={"epochs": 0}, tune="job-1"))
    assert set(found) >= {"params.members", "params.recipe.epochs"}
    found = fields(ask(api, line, monitor="val_magic", jobs=["job-1", "job-2"]))
    assert set(found) == {"params.monitor", "params.jobs"}
    assert set(fields(ask(api, None, None))) == {"dataset", "model"}
    assert "tune" in fields(ask(api, None, None, method="top_k", tune="job-0"))["params.tune"]
    assert set(fields(ask(api, None, None, method="top_k", members=1))) == {"params.members", "params.tune"}


def test_jobs_that_are_there_become_an_ensemble_whose_weights_are_used_as_a_trainings_are(
    api: httpx.Client, lone: Gateway, line: str
) -> None:
    members = [train(api, lone, line, epochs=1, validation_split=0.2, seed=0) for _ in range(2)]
    other = train(api, lone, line, epochs=1)
    refused = fields(ask(api, None, None, method="jobs", jobs=[members[0], other]))
    assert "set the same samples aside" in refused["params.jobs"]
    answer = ask(api, None, None, method="jobs", jobs=members)
    job = answer.json()
    assert answer.status_code == 202, answer.text
    assert (job["dataset"], job["chosen"]["members"]["value"]) == (line, members)
    assert ask(api, line, "zoo:linear", method="jobs", jobs=members).status_code == 422
    Ensembler(lone.parts.db, lone.parts.objects, Waker(""), Timers()).round()
    job = api.get(f"jobs/{job['id']}").json()
    assert (job["state"], job["queue"]) == ("queued", "train.cpu")
    model = api.get(f"models/{job['model']['id']}").json()
    assert [layer["type"] for layer in model["spec"]["layers"]][-1] == "Average"
    assert model["name"] == "linear: ensemble of 2"
    trainer = Trainer(lone.parts.db, lone.parts.objects)
    shape = {"kernel": (1, 1), "bias": (1,)}
    tensors = {f"member{n}_y/{name}": np.ones(of, np.float32) for n in (1, 2) for name, of in shape.items()}
    samples = {"x:x": np.zeros((1, 1), np.float32), "y:y": np.zeros((1, 1), np.float32)}
    trainer.train(job["id"], tensors, samples, {"ensemble.json": REPORT.model_dump_json().encode()})
    refused = api.post(f"jobs/{job['id']}/reproduce")
    assert refused.status_code == 409
    assert "an ensemble is made of train jobs, which are done again one by one" in refused.json()["detail"]
    assert "reproduce" not in api.get(f"jobs/{job['id']}").json()["links"]
    told = api.get(f"jobs/{job['id']}/members").json()
    assert told["report"]["gains"][0]["over_mean"] == {"loss": 0.25}
    assert [one["job"] for one in told["trainings"]] == members
    assert api.get(f"jobs/{job['id']}/weights?format=npz").status_code == 200
    evaluate = {"kind": "evaluate", "dataset": line, "params": {"job": job["id"], "split": "all"}}
    assert api.post("jobs", json=evaluate).status_code == 202
