"""``make up``: which words it hands to ``visualnn up``."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ((), ""),
        (("PORT=8080", "DATA=my work", "WORKERS=2"), "--port '8080' --data-dir 'my work' --workers '2'"),
    ],
    ids=str,
)
def test_up_takes_port_folder_and_workers_and_nothing_from_the_environment(
    words: tuple[str, ...], options: str
) -> None:
    others = {"PORT": "1", "DATA": "elsewhere", "WORKERS": "9"}
    asked = ["make", "--no-print-directory", "-n", "-o", "setup", "up", *words]
    told = subprocess.run(asked, cwd=ROOT, env={**os.environ, **others}, capture_output=True, text=True, check=True)
    command = " ".join(told.stdout.replace("\\\n", " ").split())
    assert command == f".venv/bin/visualnn up {options}".strip()
