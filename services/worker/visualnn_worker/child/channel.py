"""What a child tells its supervisor: JSON, one object a line, on a pipe of its own."""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

from visualnn_shared.jobs.model import JobError
from visualnn_shared.jobs.record import plain


class Channel:
    """Messages may come from several threads; each is written whole."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def ready(self, backend: str, devices: list[dict[str, Any]]) -> None:
        """Keras is loaded, and these are the devices it sees."""
        self._say("ready", backend=backend, devices=devices)

    def event(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        progress: float | None = None,
        eta_s: float | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """An event of the job, and what changes in its row."""
        self._say("event", kind=kind, data=dict(data), progress=progress, eta_s=eta_s, metrics=metrics)

    def log(self, text: str, level: str = "info") -> None:
        """A line of the job's log."""
        self.event("log", {"level": level, "text": text})

    def checkpoint(self, number: int, manifest: Mapping[str, Any]) -> None:
        """A checkpoint whose objects are complete; numbers of an attempt grow from 1."""
        self._say("checkpoint", number=number, manifest=manifest)

    def waiting(self, for_: str | None, reason: str) -> None:
        """The job waits for this part; None: it goes on."""
        self._say("waiting", **{"for": for_}, reason=reason)

    def done(self, manifest: Mapping[str, Any], metrics: Mapping[str, Any], chosen: Mapping[str, Any] | None) -> None:
        """The work is done and its objects are verified."""
        self._say("done", manifest=manifest, metrics=metrics, chosen=chosen)

    def failed(self, error: JobError) -> None:
        """The work cannot be done."""
        self._say("failed", error=error.as_json())

    def _say(self, what: str, **content: Any) -> None:
        line = json.dumps(plain({"say": what, **content}), separators=(",", ":")).encode() + b"\n"
        with self._lock:
            while line:
                line = line[os.write(self._fd, line) :]
