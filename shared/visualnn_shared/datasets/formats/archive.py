"""Zip files from outside: what is in them, within the limits, before anything is unpacked."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import Limits

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_ENCRYPTED = 1
_SNIFFED = 200  # members


def names(path: Path, start: bytes) -> list[str]:
    """The first members of a zip, none where it is none or broken."""
    if not start.startswith(ZIP):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return [info.filename for info in archive.infolist() if not junk(info.filename)][:_SNIFFED]
    except DAMAGED:
        return []


def junk(name: str) -> bool:
    """Folders, and what file managers leave behind."""
    parts = name.replace("\\", "/").split("/")
    return name.endswith("/") or parts[0] == "__MACOSX" or parts[-1].startswith(".") or parts[-1] == "Thumbs.db"


@contextmanager
def opened(path: Path, findings: Findings) -> Iterator[zipfile.ZipFile]:
    """The archive; what goes wrong while it is read becomes a DatasetInvalid."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DAMAGED as error:
        findings.add("the file must be a whole zip archive", str(error)[:200] or type(error).__name__)
    findings.raise_any()


def members(archive: zipfile.ZipFile, findings: Findings, limits: Limits) -> list[zipfile.ZipInfo]:
    """The files in it, in the order of their names. Raises DatasetInvalid where they are too many or too large."""
    infos = sorted((one for one in archive.infolist() if not junk(one.filename)), key=lambda one: one.filename)
    if not infos:
        findings.add("the zip must hold files", "none")
    if len(infos) > limits.files:
        findings.add(f"the zip must hold at most {limits.files:,} files", f"{len(infos):,}")
    total = sum(info.file_size for info in infos)
    if total > limits.expanded_bytes:
        findings.add(limits.expansion_rule, f"{total:,} bytes", hint=limits.EXPANSION_HINT)
    for info in infos:
        if info.flag_bits & _ENCRYPTED:
            findings.add("a file in the zip must not be encrypted", info.filename[:200], field=info.filename[:200])
    findings.raise_any()
    return infos
