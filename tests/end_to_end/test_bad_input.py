"""What a user can get wrong is answered with a 4xx that lists every problem, before anything is queued."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pytest
from visualnn import Client
from visualnn_standalone.platform import Platform

pytestmark = pytest.mark.parametrize("platform", ["embedded"], indirect=True)  # no part but the gateway decides it

INPUT = {"name": "x", "type": "Input", "params": {"shape": [4]}, "inputs": []}
HEAD = {"name": "y", "type": "Dense", "params": {"units": 2, "activation": "softmax"}, "inputs": ["x"]}


def spec(*layers: dict[str, Any], outputs: tuple[str, ...] = ("y",), **more: Any) -> dict[str, Any]:
    return {"visualnn": 1, "name": "net", "layers": list(layers), "outputs": list(outputs), **more}


def layer(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**base, **changes}


def picture(rows: int) -> dict[str, Any]:
    return {"name": "x", "type": "Input", "params": {"shape": [rows, rows, 1]}, "inputs": []}


MODELS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "an unknown key": (spec(INPUT, HEAD, colour="red"), [{"field": "colour"}]),
    "a missing input": (spec(INPUT, layer(HEAD, inputs=["nope"])), [{"layer": "y"}]),
    "no input at all": (spec(INPUT, layer(HEAD, inputs=[])), [{"layer": "y"}]),
    "a cycle": (
        spec(
            INPUT,
            {"name": "a", "type": "Add", "params": {}, "inputs": ["x", "b"]},
            {"name": "b", "type": "Dense", "params": {"units": 4}, "inputs": ["a"]},
            layer(HEAD, inputs=["b"]),
        ),
        [{}],
    ),
    "a wrong rank": (
        spec(
            INPUT,
            {"name": "c", "type": "Conv2D", "params": {"filters": 2, "kernel_size": 3}, "inputs": ["x"]},
            layer(HEAD, inputs=["c"]),
        ),
        [{"layer": "c"}],
    ),
    "a wrong shape": (
        spec(
            INPUT,
            {"name": "r", "type": "Reshape", "params": {"target_shape": [5]}, "inputs": ["x"]},
            layer(HEAD, inputs=["r"]),
        ),
        [{"layer": "r"}],
    ),
    "shapes that do not go together": (
        spec(
            INPUT,
            {"name": "d", "type": "Dense", "params": {"units": 3}, "inputs": ["x"]},
            {"name": "s", "type": "Subtract", "params": {}, "inputs": ["x", "d"]},
            layer(HEAD, inputs=["s"]),
        ),
        [{"layer": "s"}],
    ),
    "an unknown layer type": (spec(INPUT, layer(HEAD, type="Dens")), [{"layer": "y"}]),
    "parameters out of range, each told": (
        spec(
            INPUT,
            {"name": "d", "type": "Dropout", "params": {"rate": 1.5}, "inputs": ["x"]},
            layer(HEAD, params={"units": 0}, inputs=["d"]),
        ),
        [{"layer": "d", "param": "rate"}, {"layer": "y", "param": "units"}],
    ),
    "an unknown parameter": (
        spec(INPUT, layer(HEAD, params={"units": 2, "activaton": "relu"})),
        [{"layer": "y", "param": "activaton"}],
    ),
    "a kernel larger than the picture": (
        spec(
            picture(3),
            {"name": "c", "type": "Conv2D", "params": {"filters": 2, "kernel_size": 5}, "inputs": ["x"]},
            {"name": "f", "type": "Flatten", "params": {}, "inputs": ["c"]},
            layer(HEAD, inputs=["f"]),
        ),
        [{"layer": "c"}],
    ),
    "a model without an output": (spec(INPUT, HEAD, outputs=()), [{"field": "outputs"}]),
    "an output that is not there": (spec(INPUT, HEAD, outputs=("z",)), [{"field": "outputs"}]),
    "two layers of one name": (spec(INPUT, HEAD, HEAD), [{"layer": "y"}]),
    "no object": ([1, 2], [{}]),
}


@pytest.mark.parametrize("what", MODELS)
def test_a_model_is_refused_with_every_problem(platform: Platform, what: str) -> None:
    body, places = MODELS[what]
    refused(httpx.post(f"{platform.url}/api/v1/models", json=body, timeout=30), places)


def test_broken_json_is_refused_with_its_line(platform: Platform) -> None:
    answer = httpx.post(
        f"{platform.url}/api/v1/models",
        content=b'{"visualnn": 1,\n "name": \n}',
        headers={"Content-Type": "application/json"},
    )
    refused(answer, [{"line": 3}])


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


X, Y = np.zeros((6, 4), np.float32), np.arange(6) % 2
FIFTH = np.arange(24).reshape(6, 4) == 5

DATASETS: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "infinity in an npz": ("a.npz", lambda: npz(x=np.where(FIFTH, np.inf, X), y=Y), "finite"),
    "infinity in a csv": ("a.csv", lambda: b"a,b\n1,2\ninf,3\n", "finite"),
    "labels that are missing": ("a.csv", lambda: b"a,b\n1,2\n3,nan\n", "."),
    "an empty file": ("a.csv", lambda: b"", "."),
    "an empty npz": ("a.npz", lambda: npz(), "."),
    "a data set without samples": ("a.npz", lambda: npz(x=X[:0], y=Y[:0]), "."),
    "a ragged csv": ("a.csv", lambda: b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n", "."),
    "pickled objects": ("a.npz", lambda: npz(x=np.array([{}, None], dtype=object), y=Y[:2]), "."),
    "a truncated npz": ("a.npz", lambda: npz(x=X, y=Y)[:-40], "."),
    "x and y of different lengths": ("a.npz", lambda: npz(x=X, y=Y[:-1]), "."),
    "an unknown kind of file": ("a.xyz", lambda: b"\x00\x01\x02", "."),
}


@pytest.mark.parametrize("what", DATASETS)
def test_a_data_set_is_refused_with_every_problem(platform: Platform, what: str) -> None:
    name, content, rule = DATASETS[what]
    answer = httpx.post(f"{platform.url}/api/v1/datasets", files={"file": (name, content())}, timeout=30)
    problems = refused(answer, [{}])
    assert any(rule in one["rule"] for one in problems) or rule == "."


def test_a_ragged_csv_is_refused_with_each_line(platform: Platform) -> None:
    _, content, _ = DATASETS["a ragged csv"]
    answer = httpx.post(f"{platform.url}/api/v1/datasets", files={"file": ("a.csv", content())}, timeout=30)
    refused(answer, [{"line": 3}, {"line": 4}])


@dataclass
class Fit:
    """A network, data that do not fit it, and params."""

    arrays: dict[str, Any]
    params: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=lambda: spec(INPUT, HEAD))


JOBS = {
    "features of another size": Fit({"x": np.zeros((6, 5), np.float32), "y": Y}),
    "more classes than outputs": Fit({"x": X, "y": np.arange(6) % 3}),
    "a loss that does not fit the head": Fit({"x": X, "y": Y}, {"loss": "hinge", "epochs": 1}),
    "missing values that nothing fills in": Fit({"x": np.where(FIFTH, np.nan, X), "y": Y}),
    "no labels": Fit({"x": X}),
    "an input of another name": Fit({"x_other": X, "x_more": X, "y": Y}),
    "params out of range": Fit({"x": X, "y": Y}, {"epochs": 0}),
    "an unknown param": Fit({"x": X, "y": Y}, {"epoch": 3}),
    "a learning rate of the wrong type": Fit({"x": X, "y": Y}, {"learning_rate": "fast"}),
    "a split that leaves nothing": Fit({"x": X[:2], "y": Y[:2]}, {"validation_split": 0.99}),
}


@pytest.mark.parametrize("what", JOBS)
def test_a_job_that_cannot_go_well_is_not_queued(platform: Platform, client: Client, what: str) -> None:
    fit = JOBS[what]
    upload = httpx.post(f"{client.url}/api/v1/datasets", files={"file": ("a.npz", npz(**fit.arrays))}, timeout=30)
    assert upload.is_success, upload.text
    model = client.models.create(fit.model)
    before = [job.id for job in client.jobs.list()]
    answer = httpx.post(
        f"{client.url}/api/v1/jobs",
        json={"kind": "train", "model": model.id, "dataset": upload.json()["id"], "params": fit.params},
        timeout=30,
    )
    refused(answer, [{}])
    assert [job.id for job in client.jobs.list()] == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models/model-nope"),
        ("GET", "/jobs/job-nope"),
        ("GET", "/jobs/job-nope/events"),
        ("POST", "/jobs/job-nope/cancel"),
        ("GET", "/datasets/dataset-nope"),
        ("GET", "/operators/nope"),
        ("POST", "/operators/nope/predict"),
        ("GET", "/nope"),
    ],
)
def test_what_is_not_there_is_a_404_problem(platform: Platform, method: str, path: str) -> None:
    answer = httpx.request(method, f"{platform.url}/api/v1{path}", json={"inputs": [1]} if "predict" in path else None)
    assert answer.status_code == 404, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def refused(answer: httpx.Response, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The problems of a 4xx answer, of which one must be at each of ``places``."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    problems: list[dict[str, Any]] = body["problems"]
    assert problems, body
    for one in problems:
        assert one["rule"]
        assert {"rule", "received", "where", "hint"} <= one.keys()
    for place in places:
        found = [one for one in problems if place.items() <= {k: v for k, v in one["where"].items() if v}.items()]
        assert found, f"no problem at {place}: {json.dumps(problems, indent=1)}"
    return problems
