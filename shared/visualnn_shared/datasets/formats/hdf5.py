"""HDF5 with arrays named as in an npz: x_train, y_train, x_test, y_test; x and y; data and label.

The file is opened by a process of its own (``hdf5_child``), which writes an npz: a damaged file can hang or end the
HDF5 library, and then only that process.
"""

from pathlib import Path

from visualnn_shared.datasets.formats import outside
from visualnn_shared.datasets.limits import LIMITS, Limits

NAME = "hdf5"
TITLE = "HDF5"
EXTENSIONS = (".h5", ".hdf5", ".hdf", ".he5")
RANK = 0
_MAGIC = b"\x89HDF\r\n\x1a\n"


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """By the format's own first bytes."""
    return start.startswith(_MAGIC)


def pack(source: Path, target: Path, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Write the npz of the file at ``source``; notes. Raises DatasetInvalid."""
    return outside.packed(f"{__package__}.hdf5_child", TITLE, source, target, limits)
