"""The house keeps its own rules: lock files without addresses, services without each other's dependencies."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
MEMBERS = (
    "shared",
    "services/api",
    "services/converter",
    "services/worker",
    "services/predictor",
    "services/standalone",
    "clients/python",
)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_holds_names_versions_and_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?://|file:|--(extra-)?index-url|^-e ", text, re.MULTILINE)
    requirements = re.findall(r"^[A-Za-z0-9_.\-\[\]]+==\S+", text, re.MULTILINE)
    assert requirements
    assert text.count("--hash=sha256:") >= len(requirements)


@pytest.mark.parametrize(
    "lock", [path for path in LOCKS if path.stem not in ("dev", "worker")], ids=lambda path: path.name
)
def test_tensorflow_is_in_the_worker_only(lock: Path) -> None:
    assert not re.search(r"^(tensorflow|keras|jax|torch)\b", lock.read_text(), re.MULTILINE)


@pytest.mark.parametrize("member", MEMBERS)
def test_each_member_declares_its_dependencies_and_no_tool_settings(member: str) -> None:
    project = tomllib.loads((ROOT / member / "pyproject.toml").read_text())
    assert project["project"]["dependencies"]
    assert set(project["tool"]) <= {"hatch"}
