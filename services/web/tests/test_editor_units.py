"""The editor's own checks, run by Node: unit tests, and that its generated types are not stale."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.plugin import strict

ROOT = Path(__file__).parents[3]
WEB = ROOT / "services" / "web"


@pytest.fixture(scope="module")
def node_env() -> dict[str, str]:
    """An environment in which `node` is there and the editor's packages are installed."""
    found = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "node_path.py")], capture_output=True, text=True, check=False, timeout=120
    )
    installed = (WEB / "node_modules" / ".installed").exists() or (WEB / "node_modules" / ".package-lock.json").exists()
    if found.returncode != 0 or not installed:
        why = "Node.js or the editor's packages are missing; run: make setup"
        if strict():
            pytest.fail(f"STRICT=1, and {why}", pytrace=False)
        pytest.skip(why)
    return os.environ | {"PATH": f"{found.stdout.strip()}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def _run(env: dict[str, str], *command: str) -> None:
    done = subprocess.run(command, cwd=WEB, env=env, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def test_the_unit_tests_pass(node_env: dict[str, str]) -> None:
    _run(node_env, "node", "node_modules/vitest/vitest.mjs", "run")


def test_the_generated_types_are_those_of_the_openapi_document(node_env: dict[str, str], tmp_path: Path) -> None:
    script = json.loads((WEB / "package.json").read_text())["scripts"]["client"].split()
    made = tmp_path / "schema.ts"
    arguments = [str(made) if one == "src/client/schema.ts" else one for one in script[1:]]
    _run(node_env, "node", "node_modules/openapi-typescript/bin/cli.js", *arguments)
    assert (WEB / "src" / "client" / "schema.ts").read_text() == made.read_text(), "stale types; run: make client"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all(package.get("integrity") for name, package in lock["packages"].items() if name)


def test_every_dependency_has_one_version() -> None:
    package = json.loads((WEB / "package.json").read_text())
    versions = package["dependencies"] | package["devDependencies"]
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
