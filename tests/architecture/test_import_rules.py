"""The import rules of the root pyproject hold, and they catch what they are meant to catch."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = {
    "shared": "visualnn_shared",
    "services/api": "visualnn_api",
    "services/converter": "visualnn_converter",
    "services/worker": "visualnn_worker",
    "services/predictor": "visualnn_predictor",
    "services/standalone": "visualnn_standalone",
    "clients/python": "visualnn",
}
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages below ``root``, not on the installed ones."""
    paths = os.pathsep.join(str(root / folder) for folder in MEMBERS)
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"},  # a name on one line
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their rules, in a folder where planting an import harms nobody."""
    for folder, package in MEMBERS.items():
        shutil.copytree(
            ROOT / folder / package, tmp_path / folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_import_rules_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("package", "line", "contract"),
    [
        ("services/api/visualnn_api", "import tensorflow", "Keras, its backends and gymnasium live in the worker only"),
        (
            "services/converter/visualnn_converter",
            "from keras import layers",
            "Keras, its backends and gymnasium live in the worker only",
        ),
        ("clients/python/visualnn", "import torch", "Keras, its backends and gymnasium live in the worker only"),
        ("services/api/visualnn_api", "import visualnn_worker", "Services do not import each other"),
        ("services/predictor/visualnn_predictor", "import visualnn_converter", "Services do not import each other"),
        ("shared/visualnn_shared/spec", "import visualnn_api", "shared is below every service"),
        ("shared/visualnn_shared/catalogue", "import sqlalchemy", "import nothing but pydantic and numpy"),
    ],
)
def test_a_planted_import_is_caught(copy: Path, package: str, line: str, contract: str) -> None:
    (copy / package / "planted.py").write_text(line + "\n")
    result = lint_imports(copy)
    assert result.returncode != 0
    broken = [text for text in result.stdout.splitlines() if "BROKEN" in text]
    assert any(contract in text for text in broken), result.stdout
