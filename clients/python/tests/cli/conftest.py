"""What every test of a command that trains begins with: a folder with data, and a scripted server to talk to."""

from pathlib import Path
from typing import Any

import pytest
from visualnn.cli import waiting
from visualnn.transport import Retries


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Any) -> Path:
    """The working folder, with ``line.csv`` in it; commands talk to the module's ``server`` and wait for nothing."""
    from visualnn.cli.output import console

    console.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISUALNN_URL", server.url)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(waiting, "_LOOK_S", 0.01)
    monkeypatch.setattr(Retries, "wait_s", lambda *_: 0.01)
    (tmp_path / "line.csv").write_text("x,y\n0,-1\n1,1\n")
    return tmp_path
