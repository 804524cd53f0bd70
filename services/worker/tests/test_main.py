"""What a worker process loads, and what it says of itself."""

import subprocess
import sys


def test_the_supervising_process_loads_no_keras_and_no_backend():
    code = (
        "import sys, visualnn_worker.__main__\n"
        "print([m for m in ('keras', 'tensorflow', 'jax', 'torch', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "[]\n"


def test_help_names_the_queues():
    command = [sys.executable, "-m", "visualnn_worker", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "--queues" in done.stdout
