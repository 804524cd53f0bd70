"""One npy file: samples without labels. Several (x_train.npy, y_train.npy, ...) are uploaded together, as an npz."""

from pathlib import Path

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats.npy import NpyError, pieces, read_header
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.writing import write_zip

NAME = "npy"
TITLE = "NumPy's npy"
EXTENSIONS = (".npy",)
RANK = 0


def sniff(path: Path, start: bytes) -> bool:  # noqa: ARG001 - the form that all formats share
    """By the format's own first bytes."""
    return start.startswith(b"\x93NUMPY")


def pack(source: Path, target: Path, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Write the npz with this array as its features. Raises DatasetInvalid."""
    findings = Findings()
    try:
        with source.open("rb") as file:
            header = read_header(file, source.stat().st_size, limits)
            for _piece in pieces(file, header):
                break
    except NpyError as error:
        findings.add(error.rule, error.received)
    findings.raise_any()
    write_zip(target, {"x_train.npy": source})
    return ("the file has samples without labels; upload x_train.npy and y_train.npy together for both",)
