"""Which server a command talks to."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from visualnn_shared.running import find_running

from visualnn.cli.options import data_folder
from visualnn.cli.output import note

if TYPE_CHECKING:
    from visualnn.client import Client

_LOOK_S = 0.5


@contextmanager
def connected(data_dir: Path | None, *, worker: bool = True, workers: int = 1) -> Iterator["Client"]:
    """A client of ``VISUALNN_URL``; else of the platform that runs on the data folder; else of one for this command.

    The last is started without a worker where ``worker`` is false: listing jobs needs none. SIGTERM in the block is as
    Ctrl-C, whoever runs the platform. Raises ``PlatformError`` and ``ServerUnreachable``.
    """
    from visualnn.client import Client

    url = os.environ.get("VISUALNN_URL") or _running(data_folder(data_dir))
    if url:
        with _sigterm_as_interrupt(), Client(url) as client:
            yield client
        return
    with own_platform(data_folder(data_dir), worker=worker, workers=workers) as client:
        yield client


@contextmanager
def running(data_dir: Path | None) -> Iterator["Client | None"]:
    """A client of ``VISUALNN_URL``, else of the platform that runs on the data folder; None where none does."""
    url = os.environ.get("VISUALNN_URL") or _running(data_folder(data_dir))
    if not url:
        yield None
        return
    from visualnn.client import Client

    with Client(url) as client:
        yield client


def _running(folder: Path) -> str | None:
    running = find_running(folder)
    return running.url if running else None


@contextmanager
def own_platform(folder: Path, *, worker: bool = True, workers: int = 1) -> Iterator["Client"]:
    from visualnn_standalone.errors import AlreadyRunning
    from visualnn_standalone.platform import Platform

    from visualnn.client import Client

    waiting = False
    while True:
        try:
            note(f"starting a platform on {folder} for this command")
            platform = Platform(folder, workers=workers if worker else 0)
            platform.start()
            break
        except AlreadyRunning as held:
            if (url := _running(folder)) is not None:
                with _sigterm_as_interrupt(), Client(url) as client:
                    yield client
                return
            if not held.temporary:
                raise
            if not waiting:
                note(f"another command (process {held.pid}) uses {folder}: waiting for its end")
                waiting = True
            time.sleep(_LOOK_S)
    try:
        with _sigterm_as_interrupt(), Client(platform.url) as client:
            client.alone = True
            yield client
    finally:
        platform.stop()


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: the job is cancelled, and the platform ends in order."""
    if threading.current_thread() is not threading.main_thread():  # only there can signals be taken
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
