"""HDF5 with arrays named as in an npz: x_train, y_train, x_test, y_test; x and y; data and label.

The file is opened by a process of its own (``hdf5_child``), which writes an npz: a damaged file can hang or end the
HDF5 library, and then only that process.
"""

import json
import subprocess
import sys
from pathlib import Path

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import LIMITS, Limits

NAME = "hdf5"
TITLE = "HDF5"
EXTENSIONS = (".h5", ".hdf5", ".hdf", ".he5")
RANK = 0
_MAGIC = b"\x89HDF\r\n\x1a\n"
_SECONDS = 30
_PACE = 10 * 2**20  # bytes a second, at least


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """By the format's own first bytes."""
    return start.startswith(_MAGIC)


def pack(source: Path, target: Path, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Write the npz of the file at ``source``; notes. Raises DatasetInvalid."""
    findings = Findings()
    seconds = _SECONDS + limits.expanded_bytes // _PACE
    command = [
        sys.executable, "-P", "-m", f"{__package__}.hdf5_child",
        str(source), str(target), str(limits.expanded_bytes), str(seconds),
    ]  # fmt: skip
    try:
        told = subprocess.run(command, capture_output=True, timeout=seconds, check=True).stdout
    except subprocess.TimeoutExpired:
        findings.add(f"the HDF5 file must be readable within {seconds} seconds", "not read")
    except subprocess.CalledProcessError as error:
        findings.add("the HDF5 file must be whole", f"its reader ended with {error.returncode}")
    findings.raise_any()
    answer = json.loads(told)
    for rule, received, field, hint in answer["problems"]:
        findings.add(rule, received, field=field, hint=hint)
    findings.raise_any()
    return tuple(answer["notes"])
