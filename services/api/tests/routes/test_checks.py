"""/check and /summary."""

import copy
from typing import Any

import httpx
import pytest
from visualnn_api.examples import SPEC


@pytest.fixture
def spec() -> dict[str, Any]:
    return copy.deepcopy(SPEC)


def test_a_sound_spec_passes_with_the_etag_it_would_have(api: httpx.Client, spec: dict[str, Any]) -> None:
    answer = api.post("check", json=spec)
    assert answer.status_code == 200
    assert answer.json()["layers"] == 4
    stored = api.post("models", json=spec)
    assert stored.json()["etag"] == answer.json()["etag"]


def test_every_problem_is_listed_with_its_layer(api: httpx.Client, spec: dict[str, Any]) -> None:
    spec["layers"][1]["params"]["units"] = -3
    spec["layers"][2]["params"]["rate"] = 7
    spec["layers"][3]["type"] = "Dens"
    answer = api.post("check", json=spec)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {one["where"]["layer"] for one in answer.json()["problems"]} == {"fc1", "drop1", "prob"}
    for one in answer.json()["problems"]:
        assert one["rule"]


@pytest.mark.parametrize("path", ["check", "summary", "models"])
def test_an_unknown_key_hides_no_other_problem(api: httpx.Client, spec: dict[str, Any], path: str) -> None:
    spec["layers"][1] |= {"type": "Frob", "inputs": ["q"], "unknown": 1}
    answer = api.post(path, json={**spec, "extra": 1})
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert {one["received"] for one in problems} >= {"extra", "unknown", "Frob", "q"}


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"layers": []},
        {"layers": None},
        {"layers": [{"name": "x"}]},
        {"outputs": ["nobody"]},
        {"outputs": []},
        {"visualnn": 2},
        {"name": ""},
        {"name": 7},
        {"name": "two\nlines"},
        {"name": "a\x1b[31mred"},
        {"layers": [{"name": "a", "type": "Dense", "params": {"units": 1}, "inputs": ["a"]}], "outputs": ["a"]},
    ],
)
def test_a_spec_that_is_no_network_is_refused(api: httpx.Client, spec: dict[str, Any], change: dict[str, Any]) -> None:
    answer = api.post("check", json={**spec, **change})
    assert answer.status_code == 422
    assert answer.json()["problems"]


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"spec"', b"true", b'"{}"'])
def test_a_body_that_is_no_object_is_refused(api: httpx.Client, body: bytes) -> None:
    for path in ("check", "summary", "models", "jobs"):
        answer = api.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, path
        assert answer.json()["problems"], path


def test_a_summary_counts_what_the_layers_hold(api: httpx.Client, spec: dict[str, Any]) -> None:
    answer = api.post("summary", json=spec, params={"batch_size": 32, "optimizer": "sgd"})
    assert answer.status_code == 200
    counts = {layer["name"]: layer["params"] for layer in answer.json()["layers"]}
    assert counts == {"input": 0, "fc1": 784 * 512 + 512, "drop1": 0, "prob": 512 * 10 + 10}
    assert answer.json()["params"] == sum(counts.values())
    assert answer.json()["memory"]["batch_size"] == 32


def test_a_summary_knows_optimizers_that_no_recipe_has_yet(api: httpx.Client, spec: dict[str, Any]) -> None:
    memory = api.post("summary", json=spec, params={"optimizer": "lion"}).json()["memory"]
    assert memory["optimizer_bytes"] == memory["gradients_bytes"]


@pytest.mark.parametrize("query", [{"batch_size": 0}, {"batch_size": "many"}, {"optimizer": "magic"}])
def test_a_summary_for_impossible_options_is_refused(
    api: httpx.Client, spec: dict[str, Any], query: dict[str, Any]
) -> None:
    answer = api.post("summary", json=spec, params=query)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"]["field"] == next(iter(query))
