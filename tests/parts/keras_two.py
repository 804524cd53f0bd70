"""TensorFlow's Keras 2, which runs with the TensorFlow that the tests have anyway. By hand: a folder for PYTHONPATH."""

import os
import subprocess
import sys
from pathlib import Path

from tests.parts.installing import folder_from
from tests.parts.server import PartMissingError

LOCK = Path(__file__).with_name("tf_keras.lock")


class KerasTwo:
    """``tf_keras`` in a folder of its own: nothing that the services install changes."""

    def __init__(self) -> None:
        self.folder = folder_from("tf-keras", LOCK)
        found = self.run("-c", "import tf_keras; print(tf_keras.__version__)")
        if found.returncode:
            raise PartMissingError(f"tf_keras cannot be imported: {found.stderr[-500:]}")
        self.version = found.stdout.split()[-1]
        self.where = str(self.folder)

    def run(self, *arguments: str, timeout_s: float = 240) -> "subprocess.CompletedProcess[str]":
        """Run Python with ``tf_keras`` beside what is installed."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=env, check=False)

    def stop(self) -> None:
        """Nothing runs."""
