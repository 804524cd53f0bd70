"""Parts that come from the Python package index, installed once into the cache folder from a file of hashes."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from tests.parts.server import PartMissingError, cache_folder

TIMEOUT_S = 900


def venv_from(name: str, lock: Path) -> Path:
    """The folder of a virtual environment that holds what ``lock`` lists; made at the first call.

    Raises ``PartMissingError``."""
    version = sha256(lock.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{version}-py{sys.version_info.major}{sys.version_info.minor}"
    done = folder / ".complete"
    with only_one(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(folder, with_pip=True, symlinks=True)
            _pip(folder, lock)
            done.touch()
    return folder


def folder_from(name: str, lock: Path) -> Path:
    """A folder for PYTHONPATH that holds what ``lock`` lists, without dependencies; made at the first call.

    Raises ``PartMissingError``."""
    folder = cache_folder() / f"{name}-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    done = folder / ".complete"
    with only_one(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run_pip(Path(sys.executable), lock, "--no-deps", "--target", str(folder))
            done.touch()
    return folder


def _pip(folder: Path, lock: Path) -> None:
    _run_pip(folder / "bin" / "python", lock)


def _run_pip(python: Path, lock: Path, *options: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", *options, "-r", str(lock)]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=env, check=False)
    except subprocess.TimeoutExpired as error:
        raise PartMissingError(f"{lock.name} was not installed within {TIMEOUT_S} s") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise PartMissingError(f"{lock.name} cannot be installed: " + "\n".join(lines[-15:]))


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file: two test runs at a time must not install into one folder."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
