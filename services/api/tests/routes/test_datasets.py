"""/datasets."""

import hashlib
import io
import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from visualnn_shared.store import datasets
from visualnn_shared.store.database import LOCAL_OWNER

from tests.gateway.running import Gateway
from tests.gateway.trained import line_csv, npz

_numbers = itertools.count(1)


def _csv() -> bytes:
    """A csv file that no other test has."""
    return line_csv([(0, next(_numbers)), (1, 3), (2, 5)])


def _pictures() -> bytes:
    pictures = np.arange(5 * 2 * 3, dtype=np.uint8).reshape(5, 2, 3)
    labels = np.array([0, 1, 2, 1, 0])
    return npz({"x_train": pictures, "y_train": labels, "x_test": pictures[:2], "y_test": labels[2:4]})


def _folders() -> bytes:
    """A zip of two grey pictures of 3 x 2, each in the folder of its class."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for label in ("a", "b"):
            picture = io.BytesIO()
            Image.fromarray(np.full((3, 2), next(_numbers), np.uint8)).save(picture, "PNG")
            archive.writestr(f"{label}/0.png", picture.getvalue())
    return packed.getvalue()


def _post(api: httpx.Client, data: bytes, filename: str = "line.csv", **fields: str) -> httpx.Response:
    return api.post("datasets", files={"file": (filename, data)}, data=fields)


def test_an_upload_is_described_and_kept_byte_for_byte(lone: Gateway) -> None:
    data = _csv()
    answer = _post(lone.api, data, name="a line")
    assert answer.status_code == 201, answer.text
    row = answer.json()
    assert answer.headers["location"] == f"/api/v1/datasets/{row['id']}"
    assert (row["name"], row["format"], row["size"]) == ("a line", "csv", len(data))
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert row["splits"] == {"train": 3}
    assert row["schema"]["label"]["name"] == "y"
    assert lone.api.get(f"datasets/{row['id']}").json() == row
    with lone.parts.db.reading() as s:
        key = datasets.get(s, LOCAL_OWNER, row["id"]).key
    assert lone.parts.objects.get(key) == data


def test_the_name_is_the_files_unless_given(api: httpx.Client) -> None:
    assert _post(api, _csv(), "points.csv").json()["name"] == "points.csv"
    assert _post(api, _csv(), "../../etc/points.csv").json()["name"] == "points.csv"
    assert _post(api, _csv(), "C:\\data\\points.csv").json()["name"] == "points.csv"


def test_the_same_content_and_name_again_is_the_same_data_set(api: httpx.Client) -> None:
    data = _csv()
    first = _post(api, data)
    again = _post(api, data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = _post(api, data, name="another name")
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]


def test_the_same_file_with_other_options_is_read_anew_and_checked(api: httpx.Client) -> None:
    data = _folders()
    first = _post(api, data, "tt.zip")
    assert first.status_code == 201, first.text
    wrong = {"picture_size": ("foo", "0x5"), "format": ("hdf5", "tar")}
    for field, value in [(field, value) for field, values in wrong.items() for value in values]:
        answer = _post(api, data, "tt.zip", **{field: value})
        assert answer.status_code == 422, answer.text
    larger = _post(api, data, "tt.zip", picture_size="6x4")
    assert larger.status_code == 201
    assert [one.json()["schema"]["features"][0]["shape"] for one in (first, larger)] == [[3, 2], [6, 4]]
    assert larger.json()["sha256"] != first.json()["sha256"]
    for known, given in ((larger, {"picture_size": "6x4"}), (first, {"picture_size": "3x2"}), (first, {})):
        answer = _post(api, data, "tt.zip", **given)
        assert (answer.status_code, answer.json()["id"]) == (200, known.json()["id"])


@pytest.mark.parametrize(
    ("filename", "data", "rule"),
    [
        ("empty.csv", b"", "empty"),
        ("ragged.csv", b"x,y\n1,2\n3\n", "cells"),
        ("words.npz", b"this is no archive", ""),
        ("truncated.npz", _pictures()[:200], ""),
        ("objects.npz", None, "numbers or text"),
        ("inf.csv", b"x,y\n1,2\ninf,3\n", "finite"),
        ("model.h5", b"\x89HDF\r\n\x1a\n", "whole"),
    ],
)
def test_a_file_that_is_no_data_set_is_refused(api: httpx.Client, filename: str, data: bytes | None, rule: str) -> None:
    if data is None:
        buffer = io.BytesIO()
        np.savez(buffer, x=np.array([{}, {}], dtype=object), y=np.zeros(2))
        data = buffer.getvalue()
    answer = _post(api, data, filename)
    assert answer.status_code == 422
    assert answer.json()["problems"]
    assert any(rule in one["rule"] for one in answer.json()["problems"]), answer.text


FORMS: dict[str, tuple[dict[str, Any], int]] = {
    "no file": ({"files": {"other": ("a", b"x")}}, 422),
    "two files": ({"files": [("file", ("a.csv", b"x")), ("file", ("b.csv", b"x"))]}, 422),
    "an unknown field": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"colour": "red"}}, 422),
    "a format that is not known": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"format": "tar"}}, 422),
    "a name that is too long": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"name": "n" * 201}}, 422),
    "a name that is not UTF-8": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"name": b"\xff\xfe"}}, 422),
    "a name of two lines": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"name": "a\nb"}}, 422),
    "a name with a NUL": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"name": "a\0b"}}, 422),
    "a huge field": ({"files": {"file": ("a.csv", b"x,y\n1,2\n")}, "data": {"name": "n" * 70_000}}, 413),
    "JSON of something else": ({"json": {"file": "a.csv"}}, 422),
    "nothing": ({}, 415),
    "no boundary": ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400),
    "no form": ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
    "half a form": (
        {
            "content": b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nx,y\n1,2\n',
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        400,
    ),
    "a form of many parts": ({"files": [("file", (f"{i}.csv", b"x")) for i in range(100)]}, 400),
    "an endless boundary": (
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=" + "b" * 5000}},
        400,
    ),
}


@pytest.mark.parametrize(("request_", "status"), FORMS.values(), ids=FORMS)
def test_a_wrong_form_is_refused_in_our_words(api: httpx.Client, request_: dict[str, Any], status: int) -> None:
    answer = api.post("datasets", **request_)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_lists_are_newest_first(api: httpx.Client) -> None:
    made = [_post(api, _csv(), name="listed").json()["id"] for _ in range(3)]
    first = api.get("datasets", params={"name": "listed", "limit": 2}).json()
    rest = api.get("datasets", params={"name": "listed", "limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]


def test_samples_are_shown_as_they_were_stored(api: httpx.Client) -> None:
    made = _post(api, _pictures(), "pictures.npz").json()
    path = f"datasets/{made['id']}/samples"
    shown = api.get(path, params={"offset": 1, "limit": 2}).json()
    assert (shown["total"], shown["offset"], shown["split"]) == (5, 1, "train")
    assert [item["index"] for item in shown["items"]] == [1, 2]
    (inputs,) = [list(item["inputs"].values()) for item in shown["items"][:1]]
    assert inputs == [[[6, 7, 8], [9, 10, 11]]]
    assert [item["label"] for item in shown["items"]] == [1, 2]
    test = api.get(path, params={"split": "test"}).json()
    assert (test["total"], len(test["items"])) == (2, 2)
    assert api.get(path, params={"offset": 2_000_000_000}).json()["items"] == []


def test_a_table_with_missing_values_is_kept_and_says_so(api: httpx.Client) -> None:
    made = _post(api, b"age,income,label\n1,,cat\n?,20,dog\n3,40,cat\n", "gaps.csv").json()
    (feature,) = made["schema"]["features"]
    assert (feature["missing"], feature["missing_in"]) == (2, ["age", "income"])
    shown = api.get(f"datasets/{made['id']}/samples").json()
    assert [item["inputs"]["x"] for item in shown["items"]] == [[1, None], [None, 20], [3, 40]]
    quality = api.get(f"datasets/{made['id']}/quality").json()
    told = {one["kind"]: one for one in quality["oddities"]}
    assert told["missing"]["examples"] == ["age: 1", "income: 1"]
    assert quality["columns"][0]["missing"] == 2
    assert api.get(f"datasets/{made['id']}/samples.png").status_code == 200


def test_samples_of_a_split_that_is_not_there_are_none(api: httpx.Client) -> None:
    made = _post(api, _csv()).json()
    shown = api.get(f"datasets/{made['id']}/samples", params={"split": "test"}).json()
    assert (shown["total"], shown["items"]) == (0, [])


def test_class_names_are_shown_with_text_labels(api: httpx.Client) -> None:
    made = _post(api, b"a,label\n1,cat\n2,dog\n3,cat\n").json()
    shown = api.get(f"datasets/{made['id']}/samples").json()
    assert [item["class_name"] for item in shown["items"]] == ["cat", "dog", "cat"]


def test_a_deleted_data_set_is_gone_with_its_bytes(lone: Gateway) -> None:
    data = _csv()
    row = _post(lone.api, data).json()
    with lone.parts.db.reading() as s:
        key = datasets.get(s, LOCAL_OWNER, row["id"]).key
    assert lone.api.delete(f"datasets/{row['id']}").status_code == 204
    assert lone.parts.objects.info(key) is None
    assert lone.api.get(f"datasets/{row['id']}").status_code == 404
    assert lone.api.delete(f"datasets/{row['id']}").status_code == 404
    again = _post(lone.api, data)
    assert again.status_code == 201


def test_deleting_one_of_two_with_the_same_content_keeps_the_others_bytes(lone: Gateway) -> None:
    data = _csv()
    first, second = _post(lone.api, data, name="one").json(), _post(lone.api, data, name="two").json()
    lone.api.delete(f"datasets/{first['id']}")
    assert lone.api.get(f"datasets/{second['id']}/samples").json()["total"] == 3


def test_the_quota_is_for_all_data_sets_of_an_owner(another: Callable[..., Gateway]) -> None:
    api = another(dataset_quota_bytes=60).api
    assert _post(api, line_csv(), name="a").status_code == 201
    refused = _post(api, line_csv(), name="b")
    assert refused.status_code == 413
    assert "60" in refused.json()["detail"]
    api.delete(f"datasets/{api.get('datasets').json()['items'][0]['id']}")
    assert _post(api, line_csv(), name="b").status_code == 201


def test_a_file_over_the_limit_is_refused_announced_or_not(another: Callable[..., Gateway]) -> None:
    gateway = another(max_dataset_bytes=1000)
    big = b"x,y\n" + b"1,2\n" * 1000
    assert _post(gateway.api, big).status_code == 413
    boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    chunked = gateway.api.post(
        "datasets",
        content=iter([boundary, big, b"\r\n--b--\r\n"]),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert chunked.status_code == 413
    assert gateway.api.get("datasets").json()["items"] == []


def test_uploads_leave_no_files_behind(another: Callable[..., Gateway], tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    api = another(spool_dir=str(spool)).api
    row = _post(api, _csv()).json()
    api.get(f"datasets/{row['id']}/samples")
    _post(api, b"", "empty.csv")
    _post(api, b"x" * 10, "a.npz")
    assert list(spool.iterdir()) == []


def test_samples_are_counted_by_class_and_split(api: httpx.Client) -> None:
    row = _post(api, _pictures(), "pictures.npz", name="to be counted").json()
    counts = [
        (one["name"], one["counts"])
        for one in api.get(row["links"]["classes"].removeprefix("/api/v1/")).json()["items"]
    ]
    assert counts == [("0", {"train": 2, "test": 0}), ("1", {"train": 2, "test": 1}), ("2", {"train": 1, "test": 1})]


def test_text_labels_are_counted_by_their_names(api: httpx.Client) -> None:
    row = _post(api, b"x,kind\n1,cat\n2,dog\n3,cat\n", "kinds.csv", name="kinds").json()
    items = api.get(f"datasets/{row['id']}/classes").json()["items"]
    assert {one["name"]: one["counts"] for one in items} == {"cat": {"train": 2}, "dog": {"train": 1}}


def test_real_numbers_have_no_classes_to_count(api: httpx.Client) -> None:
    row = _post(api, b"x,y\n1,0.5\n2,1.25\n", "real.csv", name="real").json()
    assert api.get(f"datasets/{row['id']}/classes").json() == {"items": [], "labels": {"y": []}}


def test_each_of_several_labels_is_shown_counted_and_judged(api: httpx.Client) -> None:
    kind = np.array(["cat", "dog", "cat", "cat"])
    arrays = {"x": np.arange(8.0).reshape(4, 2), "y_kind": kind, "y_age": np.array([0.5, 2, 3, 4])}
    row = api.post("datasets", files={"file": ("several.npz", npz(arrays))}).json()
    assert [label["name"] for label in row["schema"]["labels"]] == ["kind", "age"]
    assert row["schema"]["label"] == row["schema"]["labels"][0]
    samples = api.get(f"datasets/{row['id']}/samples", params={"limit": 2}).json()["items"]
    assert samples[1]["labels"] == {
        "kind": {"value": 1, "class_name": "dog"}, "age": {"value": 2.0, "class_name": None},
    }  # fmt: skip
    assert (samples[1]["label"], samples[1]["class_name"]) == (1, "dog")
    counts = api.get(f"datasets/{row['id']}/classes").json()
    assert [(one["name"], one["counts"]) for one in counts["items"]] == [("cat", {"train": 3}), ("dog", {"train": 1})]
    assert counts["labels"] == {"kind": counts["items"], "age": []}
    quality = api.get(f"datasets/{row['id']}/quality").json()
    assert quality["labels"] == {"kind": {"train": {"cat": 3, "dog": 1}}}
    assert quality["classes"] == quality["labels"]["kind"]
    assert api.get(f"datasets/{row['id']}/samples.png").content.startswith(b"\x89PNG")
    wish = {"test": 0.5, "stratify": False, "name": "divided"}
    divided = api.post(f"datasets/{row['id']}/split", json=wish).json()
    assert divided["splits"] == {"train": 2, "test": 2}
    assert [(one["name"], one["classes"]) for one in divided["schema"]["labels"]] == [
        ("kind", ["cat", "dog"]), ("age", None),
    ]  # fmt: skip


def test_labels_that_are_nobodys_are_told_before_a_job_is_queued(api: httpx.Client) -> None:
    x = np.ones((4, 64), np.float32)
    arrays = {"x": x, "y_digit": np.arange(4), "y_parity": np.arange(4) % 2, "y_age": np.arange(4.0)}
    row = api.post("datasets", files={"file": ("nobodys.npz", npz(arrays))}).json()
    answer = api.post("jobs", json={"kind": "train", "model": "zoo:digits-heads", "dataset": row["id"]})
    told = "\n".join(str(one) for one in answer.json()["problems"])
    assert answer.status_code == 422
    assert "output ink" in told
    assert "labels age; outputs are digit, parity, ink" in told
    assert api.get("datasets/dataset-nobody/classes").status_code == 404
