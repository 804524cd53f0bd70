"""JAX, so that Keras' other backend can be tested beside the TensorFlow that is installed. By hand: a folder for
PYTHONPATH."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parts.installing import folder_from
from tests.parts.server import PartMissingError

LOCK = Path(__file__).with_name("jax.lock")


class Jax:
    """``jax`` in a folder of its own: nothing that the services install changes."""

    def __init__(self) -> None:
        self.folder = folder_from("jax", LOCK)
        found = subprocess.run(
            [sys.executable, "-c", "import jax; print(jax.__version__)"],
            env={**os.environ, **self.environment}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if found.returncode:
            raise PartMissingError(f"jax cannot be imported: {found.stderr[-500:]}")
        self.version = f"JAX {found.stdout.split()[-1]}"
        self.where = str(self.folder)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use it as Keras' backend, on the CPU."""
        return {"PYTHONPATH": str(self.folder), "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}

    def stop(self) -> None:
        """Nothing runs."""
