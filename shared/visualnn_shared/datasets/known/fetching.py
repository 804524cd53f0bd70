"""Files from elsewhere: fetched once, verified by their checksum, kept in a folder."""

import hashlib
import os
import shutil
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from visualnn_shared.datasets.known.registry import Known, Remote
from visualnn_shared.errors import VisualNNError
from visualnn_shared.spec.problem import Problem, problem

LARGEST = 2 * 2**30
"""Bytes of one file."""
_PIECE = 1 << 20
_SCHEMES = ("http", "https", "file")


class NotFetched(VisualNNError):  # noqa: N818 - named as its family
    """A data set that is known by name cannot be had: offline, or what came is not what its publisher made."""

    code: ClassVar[str] = "dataset-not-fetched"
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The data set cannot be fetched"

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"data set {name!r} must be fetched at its first use, and could not be", problems)


@dataclass(frozen=True)
class Source:
    """Where files are kept, and where they come from."""

    cache: Path
    mirror: str = ""
    """Address of a folder that has the files by their names; empty: each file's own address."""
    timeout_s: float = 60.0
    """How long the other side may say nothing."""

    def files(self, known: Known) -> list[Path]:
        """The data set's files, verified. Raises NotFetched with every file that cannot be had."""
        with _one_at_a_time:
            found, problems = [], []
            for remote in known.files:
                path = self.cache / remote.name
                try:
                    if not (path.is_file() and digest_of(path, remote.digest) == remote.digest):
                        self._fetch(remote, path)
                    found.append(path)
                except (OSError, ValueError) as error:
                    problems.append(self._told(remote, path, error))
        if problems:
            raise NotFetched(known.name, problems)
        return found

    def has(self, known: Known) -> bool:
        """Whether every file is here already (unverified)."""
        return all((self.cache / remote.name).is_file() for remote in known.files)

    def address(self, remote: Remote) -> str:
        return f"{self.mirror.rstrip('/')}/{remote.name}" if self.mirror else remote.url

    def _fetch(self, remote: Remote, path: Path) -> None:
        """Raises OSError, and ValueError for another content than the known one."""
        address = self.address(remote)
        if urlsplit(address).scheme not in _SCHEMES:
            raise ValueError("the mirror must be an address that begins with http://, https:// or file://")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".fetching-")
        try:
            request = urllib.request.Request(address, headers={"User-Agent": "visualnn"})  # noqa: S310 - checked above
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer, os.fdopen(handle, "wb") as file:  # noqa: S310
                size = 0
                while piece := answer.read(_PIECE):
                    size += len(piece)
                    if size > LARGEST:
                        raise ValueError(f"a file must have at most {LARGEST:,} bytes")
                    file.write(piece)
            received = digest_of(Path(name), remote.digest)
            if received != remote.digest:
                raise ValueError(f"its checksum must be {remote.digest}; received {received}")
            shutil.move(name, path)
        finally:
            Path(name).unlink(missing_ok=True)

    def _told(self, remote: Remote, path: Path, error: Exception) -> Problem:
        wrong = isinstance(error, ValueError)
        rule = f"{remote.name} must be {'what its publisher made' if wrong else 'reachable'}"
        hint = (
            f"put the file at {path}, or set VISUALNN_DATASET_MIRROR to the address of a folder that has it; "
            f"its checksum is {remote.digest}"
        )
        return problem(rule, f"{self.address(remote)}: {error}"[:400], field="dataset", hint=hint)


_one_at_a_time = threading.Lock()


def digest_of(path: Path, like: str) -> str:
    """The file's checksum, of the same kind as ``like``."""
    kind = like.partition(":")[0]
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return f"{kind}:{digest.hexdigest()}"
