"""/jobs of kind dqn, and what a form for one needs."""

from typing import Any

import httpx
import pytest


def _body(**given: Any) -> dict[str, Any]:
    return {"kind": "dqn", "model": "zoo:dqn-cartpole", "params": {"environment": "CartPole-v1"}, **given}


def test_a_job_is_queued_with_an_environment_and_no_data_set(api: httpx.Client) -> None:
    answer = api.post("jobs", json=_body())
    job = answer.json()
    assert answer.status_code == 202, answer.text
    assert (job["kind"], job["queue"], job["dataset"]) == ("dqn", "train.cpu", None)
    assert job["params"]["environment"] == "CartPole-v1"
    assert job["chosen"]["stop_at"]["value"] == 475.0
    assert "gymnasium" in job["chosen"]["stop_at"]["why"]
    cancelled = api.post(f"jobs/{job['id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert api.post(f"jobs/{job['id']}/resume").json()["state"] == "queued"
    assert api.get("jobs", params={"kind": "dqn"}).json()["items"][0]["id"] == job["id"]


@pytest.mark.parametrize(
    ("given", "places"),
    [
        ({"model": "zoo:mnist-dnn"}, {("model", "input"), ("model", "prob")}),
        ({"params": {"environment": "Acrobot-v1"}}, {("model", "state"), ("model", "values")}),
        ({"params": {}}, {("params.environment", None)}),
        ({"params": {"environment": "Pong-v5"}}, {("params.environment", None)}),
        ({"params": {"environment": "CartPole-v1", "epochs": 3, "steps": "9"}},
         {("params.epochs", None), ("params.steps", None)}),
        ({"params": {"environment": "CartPole-v1", "parallel": 3, "discount": 2}},
         {("params.discount", None), ("params.train_every", None), ("params.evaluate_every", None)}),
        ({"dataset": "iris"}, {("dataset", None)}),
        ({"model": None}, {("model", None)}),
        ({"model": "zoo:dqn-cartpol"}, {("model", None)}),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_is_told_before_a_job_is_queued(
    api: httpx.Client, given: dict[str, Any], places: set[tuple[str, str | None]]
) -> None:
    answer = api.post("jobs", json=_body(**given))
    assert answer.status_code == 422, answer.text
    found = {(one["where"].get("field"), one["where"].get("layer")) for one in answer.json()["problems"]}
    assert found == places


def test_its_weights_are_not_evaluated_on_a_data_set(api: httpx.Client) -> None:
    job = api.post("jobs", json=_body()).json()["id"]
    body = {"kind": "evaluate", "dataset": "iris", "params": {"job": job}}
    (problem,) = api.post("jobs", json=body).json()["problems"]
    assert (problem["where"]["field"], problem["received"]) == ("params.job", "a dqn job that is queued")
    assert problem["rule"] == "params.job must be a train or ensemble job that succeeded"


def test_a_form_learns_which_environments_and_which_fields_there_are(api: httpx.Client) -> None:
    rows = {one["name"]: one for one in api.get("environments").json()["items"]}
    assert rows["CartPole-v1"] == {
        "name": "CartPole-v1", "title": "Cart and pole", "sees": [4], "actions": ["left", "right"], "limit": 500,
        "solved_at": 475.0,
    }  # fmt: skip
    assert (rows["FrozenLake-v1"]["sees"], rows["Blackjack-v1"]["solved_at"]) == ([16], None)
    fields = {one["name"]: one for one in api.get("schema/dqn").json()["items"]}
    assert fields["environment"]["choices"] == list(rows)
    assert (fields["environment"]["required"], fields["loss"]["chosen"], fields["stop_at"]["chosen"]) == (
        True,
        False,
        True,
    )
    assert fields["optimizer"]["kind"] == "named"
    assert all(one["doc"] for one in fields.values())
