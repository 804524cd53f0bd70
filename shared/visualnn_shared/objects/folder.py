"""Objects as files below a folder. Complete or absent: written aside, flushed to disk, then renamed into place."""

import contextlib
import io
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from visualnn_shared.errors import Conflict, Unavailable
from visualnn_shared.objects.base import ObjectInfo, ObjectMissing
from visualnn_shared.objects.keys import check_key, check_prefix, check_range
from visualnn_shared.objects.reader import CHUNK, forward_reader

_TEMP = ".tmp"  # no key starts with a dot, so no object can lie here
_TEMP_LIVES_S = 24 * 3600
_RETRIES = 20


class FolderStore:
    """An ``ObjectStore`` in ``root``, which is created. Several processes may use one root."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().resolve()
        self._temp = self._root / _TEMP
        with _io_errors():
            self._temp.mkdir(parents=True, exist_ok=True)
            self._remove_leftovers()

    def put(self, key: str, data: BinaryIO | bytes) -> ObjectInfo:
        target = self._path(key)
        temp = self._temp / uuid4().hex
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        try:
            with _io_errors():
                file = temp.open("xb")
            with file:
                size = _copy(source, file)
                with _io_errors():
                    file.flush()
                    os.fsync(file.fileno())
            with _io_errors():
                self._place(temp, target, key)
        finally:
            temp.unlink(missing_ok=True)
        return ObjectInfo(key, size)

    def put_file(self, key: str, path: Path) -> ObjectInfo:
        with path.open("rb") as file:
            return self.put(key, file)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        check_range(start, length)
        file = self._open(key)
        file.seek(start)
        return forward_reader(file.read, file.close, length)

    def get(self, key: str) -> bytes:
        with self._open(key) as file:
            return file.read()

    def get_file(self, key: str, path: Path) -> None:
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        with self._open(key) as file:
            try:
                with part.open("xb") as out:
                    shutil.copyfileobj(file, out, CHUNK)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def info(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        with _io_errors():
            return ObjectInfo(key, path.stat().st_size) if path.is_file() else None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        folder = prefix.rpartition("/")[0]
        return self._walk(self._root / folder, f"{folder}/" if folder else "", prefix)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with _io_errors():
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return
            self._prune(path.parent)

    def ping(self) -> None:
        with _io_errors():
            probe = self._temp / uuid4().hex
            probe.touch(exist_ok=False)
            probe.unlink()

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*check_key(key).split("/"))

    def _open(self, key: str) -> BinaryIO:
        with _io_errors():
            try:
                return self._path(key).open("rb", buffering=0)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise ObjectMissing(key) from None

    def _place(self, temp: Path, target: Path, key: str) -> None:
        for _ in range(_RETRIES):  # a delete beside us may remove the folder that we just made
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                temp.replace(target)
            except (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError) as error:
                if self._is_taken(target, error):
                    raise Conflict("no object key may be a folder of another", key) from None
                continue
            self._flush_folders(target.parent)
            return
        raise Unavailable("the object store", f"the folder of {key!r} is being removed all the time")

    def _is_taken(self, target: Path, error: OSError) -> bool:
        """Whether another object is below ``target`` or on the way to it; the error alone may tell of a race."""
        if isinstance(error, IsADirectoryError):  # it may be an empty folder that a killed writer left
            self._prune(target)
            return target.is_dir()
        return any(folder.is_file() for folder in target.parents)

    def _flush_folders(self, folder: Path) -> None:
        """Make the rename, and folders made for it, survive a power cut."""
        while True:
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
            if folder == self._root:
                return
            folder = folder.parent

    def _prune(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:  # not empty, or removed by someone else
                return
            folder = folder.parent

    def _walk(self, folder: Path, start: str, prefix: str) -> Iterator[ObjectInfo]:
        """Keys below ``folder`` in byte order: a folder sorts as its name with the slash that follows it in the key."""
        with _io_errors():
            try:
                with os.scandir(folder) as entries:
                    found = sorted((f"{e.name}/" if e.is_dir() else e.name, e) for e in entries if e.name[0] != ".")
            except (FileNotFoundError, NotADirectoryError):
                return
        for name, entry in found:
            key = start + name
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix):
                with contextlib.suppress(FileNotFoundError):  # deleted since
                    yield ObjectInfo(key, entry.stat().st_size)

    def _remove_leftovers(self) -> None:
        """Parts of objects whose writer was killed long ago."""
        limit = time.time() - _TEMP_LIVES_S
        for path in self._temp.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    path.unlink()


def _copy(source: BinaryIO, file: BinaryIO) -> int:
    """Bytes copied. What reading raises passes through; what writing raises is the store's."""
    size = 0
    while chunk := source.read(CHUNK):
        with _io_errors():
            file.write(chunk)
        size += len(chunk)
    return size


@contextlib.contextmanager
def _io_errors() -> Iterator[None]:
    """A full, read-only or vanished disk is a part that does not answer."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            "the object store", f"{error.strerror or error} ({error.filename or 'folder store'})"
        ) from error
