"""The stories of README, as they are printed there: the five steps with the real curl, and the Python block."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from visualnn_standalone.platform import Platform

README = Path(__file__).parents[2] / "README.md"


def block(language: str) -> str:
    """The one block of code in this language."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    return str(code)


def tell(command: list[str], platform: Platform, folder: Path) -> str:
    """What the story prints on this platform."""
    told = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "VISUALNN_URL": platform.url},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_five_steps_with_curl_alone_end_in_a_prediction(platform: Platform, tmp_path: Path) -> None:
    lines = tell(["sh", "-euc", block("sh")], platform, tmp_path).splitlines()
    assert lines[3] == "state    succeeded"
    (prediction,) = json.loads(lines[-1])["predictions"]
    assert prediction["values"][0] == pytest.approx(19, abs=0.1)
    weights = load_file(tmp_path / "line.safetensors")
    assert weights["y/kernel"].item() == pytest.approx(2, abs=0.01)
    assert weights["y/bias"].item() == pytest.approx(-1, abs=0.03)


def test_the_python_block_trains_and_predicts(platform: Platform, line: Path, tmp_path: Path) -> None:
    assert line == tmp_path / "line.csv"
    last = tell([sys.executable, "-c", block("python")], platform, tmp_path).splitlines()[-1]
    assert float(re.findall(r"-?\d+\.\d+", last)[0]) == pytest.approx(19, abs=0.1)
