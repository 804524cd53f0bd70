"""``visualnn datasets`` and uploads, against a server that answers as told."""

import json
import sys
from pathlib import Path

import httpx
import pytest
from visualnn import Client
from visualnn.cli import main
from visualnn.errors import ApiError
from visualnn.resources.parts import send_in_parts
from visualnn.transport import Retries, Transport

from tests.scripted_http import Asked, Say, Server

DATASET = {
    "id": "dataset-1", "name": "iris", "sha256": "0" * 64, "format": "npz", "splits": {"train": 120, "test": 30},
    "schema": {
        "features": [{"name": "x", "shape": [4], "dtype": "float64", "min": 0.1, "max": 7.9}],
        "label": {"name": "y", "classes": ["setosa", "virginica"], "min": 0, "max": 1}, "notes": ["small"],
        "labels": [{"name": "y", "classes": ["setosa", "virginica"], "min": 0, "max": 1},
                   {"name": "size", "classes": None, "min": 0.5, "max": 2.5}],
    },
}  # fmt: skip
QUALITY = {
    "classes": {"train": {"setosa": 40, "virginica": 80}, "test": {"setosa": 30}},
    "labels": {"y": {"train": {"setosa": 40, "virginica": 80}, "test": {"setosa": 30}},
               "big": {"train": {"False": 77, "True": 43}, "test": {"True": 30}}},
    "columns": [{"feature": "x", "split": "train", "mean": 3.5, "std": 1.0, "min": 0.1, "max": 7.9}],
    "oddities": [{"kind": "constant", "severity": "warning", "text": "1 of 4 values never varies", "count": 1,
                  "examples": ["width"], "hint": "leave it out"}],
}  # fmt: skip
KNOWN = [{"name": "iris", "title": "150 flowers", "available": "here"}]


class Platform:
    """Knows one data set."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked) -> Say:
        self.asked.append(asked)
        path = asked.path.removeprefix("/api/v1").partition("?")[0]
        answers = {"/datasets/known": KNOWN, "/datasets/dataset-1/quality": QUALITY}
        if path.endswith(".png"):
            return Say(200, b"\x89PNG the picture")
        return Say(200, json.dumps(answers.get(path, DATASET)).encode())


@pytest.fixture
def platform(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Platform:
    from visualnn.cli.output import console

    console.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISUALNN_URL", server.url)
    monkeypatch.setenv("COLUMNS", "200")
    found = Platform()
    server.answer = found
    return found


def ran(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["visualnn", "datasets", *arguments])
    with pytest.raises(SystemExit) as left:
        main.main()
    said = capsys.readouterr()
    return int(left.value.code or 0), said.out + said.err


def test_a_data_set_is_shown_and_judged_by_its_known_name(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ran(capsys, monkeypatch, "show", "iris")
    assert status == 0, said
    assert "float64, 4, 0.1 to 7.9" in said
    assert "setosa, virginica" in said
    assert "label size" in said
    assert "0.5 to 2.5" in said
    assert json.loads(platform.asked[-1].body) == {"known": "iris"}
    status, said = ran(capsys, monkeypatch, "quality", "iris")
    assert status == 0, said
    assert "warning: 1 of 4 values never varies (width)" in said
    assert "leave it out" in said
    assert "classes of y" in said
    assert "classes of big" in said
    assert "77" in said


def test_known_data_sets_are_listed(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ran(capsys, monkeypatch, "known")
    assert status == 0
    assert "150 flowers" in said


def test_samples_are_drawn_into_a_file(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    status, said = ran(capsys, monkeypatch, "samples", "iris", "--out", "grid.png", "--split", "test", "--count", "9")
    assert status == 0, said
    assert (tmp_path / "grid.png").read_bytes() == b"\x89PNG the picture"
    assert platform.asked[-1].path.endswith("samples.png?split=test&offset=0&count=9")


def test_a_division_is_asked_for_as_told(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ran(capsys, monkeypatch, "split", "iris", "--test", "0.3", "--seed", "4", "--stratify")
    assert (status, said.strip()) == (0, "dataset-1")
    assert json.loads(platform.asked[-1].body) == {"test": 0.3, "seed": 4, "stratify": True}


def test_several_files_go_in_one_form(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("x_train.npy", "y_train.npy"):
        (tmp_path / name).write_bytes(name.encode())
    status, said = ran(capsys, monkeypatch, "add", "x_train.npy", "y_train.npy", "--name", "pair")
    assert (status, said.strip()) == (0, "dataset-1")
    body = platform.asked[-1].body
    assert body.count(b'name="file"') == 2
    assert b"pair" in body


def test_a_name_that_is_nothing_says_what_may_be_given(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = ran(capsys, monkeypatch, "show", "no/such.npz")
    assert status == 2
    assert "a known name such as digits" in said
    assert not platform.asked


def test_parts_go_on_where_the_server_says_after_a_break(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    path.write_bytes(bytes(range(100)))
    got = bytearray()
    breaks = [3]

    def answer(asked: Asked) -> Say:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        if asked.method == "POST":
            assert headers["upload-length"] == "100"
            return Say(201, b"{}", {"Location": "/api/v1/uploads/upload-1"})
        if asked.method == "HEAD":
            return Say(204, b"", {"Upload-Offset": str(len(got))})
        assert int(headers["upload-offset"]) == len(got)
        got.extend(asked.body)
        if len(got) > 40 and breaks[0]:
            breaks[0] -= 1
            return Say(None)  # it came, and the answer did not
        return Say(204, b"", {"Upload-Offset": str(len(got))})

    server.answer = answer
    transport = Transport(server.url, retries=Retries(first_s=0.001))
    assert send_in_parts(transport, path, 16) == "upload-1"
    assert bytes(got) == path.read_bytes()
    transport.close()


@pytest.mark.parametrize(("more", "sent"), [(0, ["POST"]), (1, ["POST", "PATCH", "PATCH", "POST"])])
def test_files_above_16_mib_go_in_parts(server: Server, tmp_path: Path, more: int, sent: list[str]) -> None:
    path = tmp_path / "large.zip"
    with path.open("wb") as file:
        file.truncate(16 * 2**20 + more)
    got, methods = bytearray(), []

    def answer(asked: Asked) -> Say:
        methods.append(asked.method)
        if asked.path.endswith("/datasets"):
            return Say(201, json.dumps(DATASET).encode())
        got.extend(asked.body)
        return Say(204, b"", {"Location": "/api/v1/uploads/u", "Upload-Offset": str(len(got))})

    server.answer = answer
    with Client(server.url) as client:
        assert client.datasets.upload(path).name == "iris"
    assert methods == sent


def test_parts_give_up_on_a_refusal(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    path.write_bytes(b"x" * 10)
    server.answer = lambda asked: (
        Say(201, b"{}", {"Location": "/api/v1/uploads/u"}) if asked.method == "POST" else Say(413, b"{}")
    )
    transport = Transport(server.url, retries=Retries(first_s=0.001))
    with pytest.raises(ApiError) as caught:
        send_in_parts(transport, path)
    assert caught.value.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    transport.close()
