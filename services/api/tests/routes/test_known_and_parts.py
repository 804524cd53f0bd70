"""Data sets known by name, several files at once, and uploads in parts."""

import base64
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from visualnn_api import resumable
from visualnn_api.knowing import KNOWN

from tests.gateway.running import Gateway

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_a_known_data_set_is_stored_by_its_name_once(api: httpx.Client) -> None:
    first = api.post("datasets", json={"known": "iris"})
    again = api.post("datasets", json={"known": "iris"})
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json() == again.json()
    assert first.json()["splits"] == {"train": 120, "test": 30}
    schema = first.json()["schema"]
    assert schema["label"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert schema["columns"][0] == "sepal length (cm)"
    shown = api.get(f"datasets/{first.json()['id']}/samples", params={"limit": 1}).json()
    assert shown["items"][0]["class_name"] in schema["label"]["classes"]


def test_known_data_sets_and_formats_are_listed(api: httpx.Client) -> None:
    known = {one["name"]: one for one in api.get("datasets/known").json()}
    assert set(known) == set(KNOWN)
    assert known["digits"]["available"] == "here"
    assert known["mnist"]["available"] == "at first use"
    formats = {one["name"] for one in api.get("datasets/formats").json()}
    assert {"npz", "images", "hdf5", "idx", "parquet", "text"} <= formats


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "known"),
        ({"known": "digitz"}, "known"),
        ({"known": "digits", "upload": "upload-1"}, "known"),
        ({"known": "digits", "name": "mine"}, "name"),
        ({"known": 3}, "known"),
        ({"knwon": "digits"}, "knwon"),
        (["digits"], None),
    ],
)
def test_a_wrong_wish_is_told(api: httpx.Client, body: Any, where: str | None) -> None:
    answer = api.post("datasets", json=body)
    assert answer.status_code == 422
    assert where in [one["where"]["field"] for one in answer.json()["problems"]]


def test_a_train_job_takes_a_known_name(api: httpx.Client) -> None:
    answer = api.post("jobs", json={"kind": "train", "model": "zoo:digits-dnn", "dataset": "digits"})
    assert answer.status_code == 202, answer.text
    assert api.get(f"datasets/{answer.json()['dataset']}").json()["name"] == "digits"
    api.post(f"jobs/{answer.json()['id']}/cancel")


def test_a_name_that_is_nearly_known_is_suggested(api: httpx.Client) -> None:
    answer = api.post("jobs", json={"kind": "train", "model": "zoo:digits-dnn", "dataset": "digit"})
    assert answer.status_code == 422
    assert "digits" in answer.json()["problems"][0]["hint"]


def test_what_cannot_be_fetched_says_what_to_do(another: Callable[..., Gateway], tmp_path: Path) -> None:
    gateway = another(dataset_mirror=(tmp_path / "none").as_uri())
    for answer in (
        gateway.api.post("datasets", json={"known": "cifar10"}),
        gateway.api.post("jobs", json={"kind": "train", "model": "zoo:cifar-cnn", "dataset": "cifar10"}),
    ):
        assert answer.status_code == 502
        assert answer.json()["type"].endswith("dataset-not-fetched")
        assert "VISUALNN_DATASET_MIRROR" in answer.json()["problems"][0]["hint"]


def test_npy_files_are_one_data_set_whatever_their_order(api: httpx.Client) -> None:
    files = [("file", ("x_train.npy", npy(np.eye(3)))), ("file", ("y_train.npy", npy(np.arange(3))))]
    answer = api.post("datasets", files=files, data={"name": "pair"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["splits"] == {"train": 3}
    assert api.post("datasets", files=files).json()["name"] == "x_train.npy and y_train.npy"
    assert api.post("datasets", files=files[::-1], data={"name": "pair"}).json() == answer.json()
    twice = api.post("datasets", files=[files[0], files[0]])
    assert twice.status_code == 422
    assert "names that differ" in twice.text


def test_pictures_are_packed_and_shown(api: httpx.Client) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(buffer, "PNG")
    folder = io.BytesIO()
    with zipfile.ZipFile(folder, "w") as archive:
        archive.writestr("train/a/1.png", buffer.getvalue())
        archive.writestr("test/a/1.png", buffer.getvalue())
    answer = api.post("datasets", files={"file": ("pictures.zip", folder.getvalue())})
    assert answer.status_code == 201, answer.text
    assert answer.json()["format"] == "images"
    shown = api.get(f"datasets/{answer.json()['id']}/samples").json()
    assert shown["items"][0]["inputs"]["x"] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    sized = api.post("datasets", files={"file": ("p.zip", folder.getvalue())}, data={"picture_size": "big"})
    assert sized.status_code == 422
    assert sized.json()["problems"][0]["where"]["field"] == "picture_size"


def test_a_small_archive_of_a_large_array_is_refused(another: Callable[..., Gateway]) -> None:
    gateway = another(max_expanded_bytes=1_000_000)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.zeros((1000, 1000)), y=np.zeros(1000))
    answer = gateway.api.post("datasets", files={"file": ("bomb.npz", buffer.getvalue())})
    assert answer.status_code == 422
    assert "VISUALNN_MAX_EXPANDED_BYTES" in answer.text


def _begin(api: httpx.Client, size: int, name: str = "line.csv") -> str:
    headers = {
        **TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}",
    }
    answer = api.post("uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    return str(answer.headers["location"]).rpartition("/")[2]


def _send(api: httpx.Client, upload: str, at: int, data: bytes) -> httpx.Response:
    return api.patch(f"uploads/{upload}", headers={**PART, "Upload-Offset": str(at)}, content=data)


def test_an_upload_in_parts_becomes_a_data_set(api: httpx.Client) -> None:
    data = b"x,y\n1,2\n2,3\n31,4\n"
    upload = _begin(api, len(data))
    assert _send(api, upload, 0, data[:5]).headers["upload-offset"] == "5"
    early = api.post("datasets", json={"upload": upload})
    assert early.status_code == 409
    assert _send(api, upload, 0, data).status_code == 409
    assert api.head(f"uploads/{upload}").headers["upload-offset"] == "5"
    assert _send(api, upload, 5, data[5:]).status_code == 204
    made = api.post("datasets", json={"upload": upload})
    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["splits"]) == ("line.csv", {"train": 3})
    assert api.head(f"uploads/{upload}").status_code == 404


def test_an_upload_says_what_is_wrong(api: httpx.Client, lone: Gateway) -> None:
    assert api.post("uploads", headers={**TUS, "Upload-Length": "many"}).status_code == 422
    too_much = lone.parts.settings.max_dataset_bytes + 1
    assert api.post("uploads", headers={**TUS, "Upload-Length": str(too_much)}).status_code == 413
    upload = _begin(api, 4)
    assert _send(api, upload, 0, b"12345").status_code == 413
    assert api.patch(f"uploads/{upload}", headers={**TUS, "Upload-Offset": "0"}, content=b"1").status_code == 415
    assert api.patch(f"uploads/{upload}", headers=PART, content=b"1").status_code == 422
    assert api.delete(f"uploads/{upload}", headers=TUS).status_code == 204
    assert _send(api, upload, 0, b"1").status_code == 404
    assert api.options("uploads").headers["tus-extension"] == "creation,termination,expiration"


def test_uploads_that_nobody_finishes_are_removed(
    another: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = another().api
    upload = _begin(api, 4)
    _send(api, upload, 0, b"12")
    monkeypatch.setattr(resumable, "KEPT_S", -1)
    _begin(api, 4)
    assert api.head(f"uploads/{upload}").status_code == 404
