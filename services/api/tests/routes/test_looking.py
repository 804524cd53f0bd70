"""Quality, pictures and divisions of stored data sets."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.gateway.trained import npz


def _stored(api: httpx.Client, arrays: dict[str, Any], name: str) -> str:
    answer = api.post("datasets", files={"file": (f"{name}.npz", npz(arrays))})
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def iris(api: httpx.Client) -> str:
    return str(api.post("datasets", json={"known": "iris"}).json()["id"])


def test_quality_is_told(api: httpx.Client, iris: str) -> None:
    found = api.get(f"datasets/{iris}/quality").json()
    assert found["classes"]["test"] == {"setosa": 10, "versicolor": 10, "virginica": 10}
    assert {one["split"] for one in found["columns"]} == {"train", "test"}
    assert {one["kind"] for one in found["oddities"]} <= {"duplicates", "leak-between-splits"}


def test_samples_are_drawn(api: httpx.Client, iris: str) -> None:
    answer = api.get(f"datasets/{iris}/samples.png", params={"count": 5, "columns": 5, "split": "test", "offset": 3})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).width >= 5 * 200  # each wide enough for the columns' names
    outside = api.get(f"datasets/{iris}/samples.png", params={"offset": 5000})
    assert outside.status_code == 422
    assert outside.json()["problems"][0]["where"]["field"] == "offset"
    assert api.get("datasets/dataset-none/samples.png").status_code == 404


def test_a_division_is_a_new_data_set_with_the_names_of_the_old(api: httpx.Client, iris: str) -> None:
    body = {"test": 0.4, "seed": 3, "stratify": True}
    answer = api.post(f"datasets/{iris}/split", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["splits"] == {"train": 90, "test": 60}
    assert made["schema"]["label"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert api.get(f"datasets/{made['id']}/quality").json()["classes"]["train"]["setosa"] == 30
    again = api.post(f"datasets/{iris}/split", json=body)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    other = api.post(f"datasets/{iris}/split", json={**body, "seed": 4})
    assert other.json()["sha256"] != made["sha256"]


def test_several_inputs_are_divided_together(api: httpx.Client) -> None:
    left = np.arange(20.0).reshape(20, 1)
    id = _stored(api, {"x_train_left": left, "x_train_right": -left, "y_train": left[:, 0]}, "pair")
    made = api.post(f"datasets/{id}/split", json={"test": 0.25}).json()
    shown = api.get(f"datasets/{made['id']}/samples", params={"split": "test"}).json()["items"]
    assert len(shown) == 5
    assert all(one["inputs"]["left"][0] == -one["inputs"]["right"][0] == one["label"] for one in shown)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"test": 1.0}, "test"), ({"test": 0}, "test"), ({"seed": -1}, "seed"), ({"share": 0.2}, "share"),
     ({"name": "a\nb"}, "name"), ({"stratify": True}, "stratify")],
)  # fmt: skip
def test_a_wrong_division_is_told(api: httpx.Client, body: dict[str, Any], field: str) -> None:
    id = _stored(api, {"x": np.arange(6.0), "y": np.arange(6.0) / 7}, "real")
    answer = api.post(f"datasets/{id}/split", json=body)
    assert answer.status_code == 422
    assert field in [one["where"]["field"] for one in answer.json()["problems"]]
