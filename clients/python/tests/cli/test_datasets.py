"""``visualnn datasets`` and uploads, against a server that answers as told."""

import json
import sys
from pathlib import Path

import httpx
import pytest
from visualnn.cli import main
from visualnn.resources.parts import send_in_parts
from visualnn.transport import Retries, Transport

from tests.scripted_http import Asked, Say, Server

DATASET = {
    "id": "dataset-1", "name": "iris", "sha256": "0" * 64, "format": "npz", "splits": {"train": 120, "test": 30},
    "schema": {
        "features": [{"name": "x", "shape": [4], "dtype": "float64", "min": 0.1, "max": 7.9}],
        "label": {"name": "y", "classes": ["setosa", "virginica"], "min": 0, "max": 1}, "notes": ["small"],
    },
}  # fmt: skip
QUALITY = {
    "classes": {"train": {"setosa": 40, "virginica": 80}, "test": {"setosa": 30}},
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
