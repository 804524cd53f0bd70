"""The data folder: made, checked, and held by one platform at a time."""

import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from visualnn_shared.running import is_same_process, process_started, read_running

from visualnn_standalone.errors import AlreadyRunning, DataFolderUnusable

_LOCK = "platform.lock"


def prepare(data_dir: Path) -> Path:
    """The folder as an absolute path, made where it is missing. Raises ``DataFolderUnusable``."""
    folder = data_dir.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".write-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
        (folder / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(folder, error.strerror or str(error)) from error
    return folder


class FolderLock:
    """Held from ``acquire`` to ``release`` or the death of the process: then the kernel lets go of it.

    The file says who holds it, for the reader; only the kernel's lock counts, so a stale file bars nobody.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._file: TextIO | None = None

    def acquire(self, *, temporary: bool) -> None:
        """Raises ``AlreadyRunning``."""
        file = (self._data_dir / _LOCK).open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _read(file)
            file.close()
            raise self._held_by(holder) from None
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "started": process_started(os.getpid()), "temporary": temporary}, file)
        file.flush()
        self._file = file

    def release(self) -> None:
        """The file stays: removing it would let two processes lock two files of one name."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def _held_by(self, holder: dict[str, object]) -> AlreadyRunning:
        running = read_running(self._data_dir)
        pid = holder.get("pid")
        url = running.url if running and running.pid == pid else None
        return AlreadyRunning(
            self._data_dir, pid if isinstance(pid, int) else None, url, temporary=bool(holder.get("temporary"))
        )


def end_leftovers(data_dir: Path, within_s: float = 5.0) -> list[str]:
    """End what a killed platform left running on this folder, and name it.

    On Linux the kernel has done so already. A process number that has gone to another program is left alone.
    """
    running = read_running(data_dir)
    if running is None:
        return []
    left = {
        name: pid for name, pid in running.parts.items() if is_same_process(pid, running.parts_started.get(name, ""))
    }
    for pid in left.values():
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + within_s
    while any(process_started(pid) is not None for pid in left.values()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return sorted(left)


def _read(file: TextIO) -> dict[str, object]:
    file.seek(0)
    try:
        found = json.load(file)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
