"""MNIST's idx files: a zip of images and labels, of which the names tell the split; or one file of images alone."""

import io
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.formats import archive
from visualnn_shared.datasets.formats.idx_arrays import DAMAGED, is_idx, read_idx, read_stream
from visualnn_shared.datasets.formats.npy import NpyError
from visualnn_shared.datasets.limits import LIMITS, Limits
from visualnn_shared.datasets.writing import npz_writer

NAME = "idx"
TITLE = "MNIST's idx files (train-images-idx3-ubyte, ... gzipped or not)"
EXTENSIONS = (".zip", ".gz", ".idx", "")
RANK = 1
_SPLITS = {"train": "train", "t10k": "test", "test": "test"}


def sniff(path: Path, start: bytes) -> bool:
    """An idx file, or a zip of files that are named like some."""
    found = archive.names(path, start)
    return is_idx(start) or (bool(found) and all("idx" in Path(name).name.lower() for name in found))


def pack(source: Path, target: Path, limits: Limits = LIMITS) -> tuple[str, ...]:
    """Write the npz of the file at ``source``; notes. Raises DatasetInvalid."""
    findings = Findings()
    with source.open("rb") as file:
        alone = not file.read(4).startswith(archive.ZIP)
    if alone:
        try:
            array = read_idx(source, limits)
        except NpyError as error:
            findings.add(error.rule, error.received)
        except DAMAGED as error:
            findings.add("an idx file must be whole", str(error)[:200])
        findings.raise_any()
        with npz_writer(target) as writer:
            writer.add("x_train", array)
        return ("the file has samples without labels; a zip of images and labels has both",)
    arrays = _arrays(source, findings, limits)
    findings.raise_any()
    with npz_writer(target) as writer:
        for name in sorted(arrays):
            writer.add(name, arrays[name])
    return ()


def _arrays(source: Path, findings: Findings, limits: Limits) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    left = limits.expanded_bytes
    with archive.opened(source, findings) as opened:
        for info in archive.members(opened, findings, limits):
            name = _place(info.filename, findings)
            if name in arrays:
                findings.add(f"the zip must hold one file of {name}", info.filename, field=info.filename)
            if name is None or name in arrays:
                continue
            try:
                array = read_stream(io.BytesIO(opened.read(info)), limits.with_expanded(left))
            except NpyError as error:
                findings.add(error.rule, error.received, field=info.filename)
            else:
                arrays[name], left = array, left - array.nbytes
    return arrays


def _place(name: str, findings: Findings) -> str | None:
    """``x_train`` and so on."""
    file = Path(name).name.lower()
    split = next((to for word, to in _SPLITS.items() if word in file), None)
    role = "x" if "image" in file or "idx3" in file else "y" if "label" in file or "idx1" in file else None
    if split is None or role is None:
        rule = "an idx file must be named train- or t10k- and images or labels"
        findings.add(rule, name[:200], field=name[:200], hint="as in train-images-idx3-ubyte")
        return None
    return f"{role}_{split}"
