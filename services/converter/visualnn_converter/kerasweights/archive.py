"""The zip that ``model.save("model.keras")`` writes: members by name, none larger unpacked than it says or may be."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from visualnn_shared.catalogue.maps import Unmappable
from visualnn_shared.errors import TooLarge

CONFIG, METADATA, TENSORS = "config.json", "metadata.json", "model.weights.h5"
MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 10_000
LARGEST = {CONFIG: 32 * 2**20, METADATA: 2**20, TENSORS: 2 * 2**30}
"""Bytes of each member, unpacked."""
_ENCRYPTED = 1
_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError, KeyError,
            NotImplementedError, RuntimeError, OverflowError, IndexError, MemoryError)  # fmt: skip


def holds_model(data: bytes) -> bool:
    """Whether the bytes are a zip with a configuration inside. Never raises."""
    if not data.startswith(MAGIC):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return CONFIG in archive.namelist()
    except _DAMAGED:
        return False


class Members:
    """The members of an open zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names = archive.namelist()
        if len(self.names) > MAX_MEMBERS:
            raise Unmappable(f"the zip must hold at most {MAX_MEMBERS:,} files", len(self.names))
        twice = [name for name in LARGEST if self.names.count(name) > 1]
        if twice:
            raise Unmappable("each file of the zip must be there once", twice[0])

    def read(self, name: str) -> bytes:
        """A member, unpacked. Raises ``Unmappable`` where it is missing or lies about its size, ``TooLarge``."""
        if name not in self.names:
            raise Unmappable(f"the zip must hold {name}", sorted(self.names)[:10])
        info, limit = self._archive.getinfo(name), LARGEST[name]
        if info.flag_bits & _ENCRYPTED:
            raise Unmappable("the zip must not be encrypted", name)
        if info.file_size > limit:
            raise TooLarge(f"{name} (bytes)", limit, info.file_size)
        with self._archive.open(info) as member:
            found = member.read(info.file_size + 1)
        if len(found) != info.file_size:
            raise Unmappable(f"{name} must be as long as the zip says", len(found))
        return found


@contextmanager
def opened(data: bytes) -> Iterator[Members]:
    """The zip's members. Raises ``Unmappable`` where it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield Members(archive)
    except _DAMAGED as error:
        text = str(error)[:200] or type(error).__name__
        raise Unmappable("the file must be a whole zip, as Keras saves it", text) from None


def packed(members: dict[str, bytes]) -> bytes:
    """A zip of these, stored: weights do not compress. The same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
