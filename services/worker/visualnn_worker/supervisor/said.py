"""What a child says, as the supervisor reads it: every line is checked, because a child works on a user's input."""

import os
import re
import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from visualnn_shared.jobs.model import ErrorClass, JobError

MOST_BYTES = 4 << 20
"""A line longer than this is no message."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ready(_Said):
    say: Literal["ready"]
    backend: str
    devices: list[dict[str, Any]]


class Event(_Said):
    say: Literal["event"]
    kind: Literal["batch", "epoch", "episode", "metrics", "insight", "log"]
    data: dict[str, Any]
    progress: float | None
    eta_s: float | None
    metrics: dict[str, Any] | None


class Checkpoint(_Said):
    say: Literal["checkpoint"]
    number: int
    manifest: dict[str, dict[str, Any]]


class Done(_Said):
    say: Literal["done"]
    manifest: dict[str, dict[str, Any]]
    metrics: dict[str, float | None]
    chosen: dict[str, Any] | None


class _Error(_Said):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    class_: ErrorClass = Field(alias="class")
    code: str
    detail: str
    next_step: str


class Failed(_Said):
    say: Literal["failed"]
    error: _Error

    @property
    def job_error(self) -> JobError:
        """The error as the protocol takes it."""
        return JobError(self.error.class_, self.error.code, self.error.detail, self.error.next_step)


Message = Ready | Event | Checkpoint | Done | Failed
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="say")])


def parse(line: bytes) -> Message | None:
    """The message of a line, None where it is none."""
    try:
        return _MESSAGES.validate_json(line)
    except ValidationError:
        return None


class Lines:
    """Whole lines from a descriptor that does not block."""

    def __init__(self, fd: int, most: int = MOST_BYTES) -> None:
        self.fd = fd
        self.open = True
        self._rest = b""
        self._most = most

    def read(self) -> list[bytes]:
        """The lines that are complete by now. A carriage return ends one too: progress bars use it."""
        while True:
            try:
                block = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                break
            except OSError:
                block = b""
            if not block:
                self.open = False
                break
            self._rest += block
            if len(self._rest) > self._most:
                break
        *lines, self._rest = self._rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > self._most or (not self.open and self._rest):
            lines.append(self._rest[: self._most])
            self._rest = b""
        return lines


_NOISE = re.compile(
    r"WARNING: All log messages before absl::InitializeLog"
    r"|I0000 |I\d{4} [\d:.]+ +\d+ \w+\.cc:"
    r"|To enable the following instructions"
)
"""What TensorFlow prints of itself while it is loaded, in every process."""


class Printed:
    """What a child prints, as log events: bounded in rate and length."""

    LONGEST = 1000

    def __init__(self, lines_per_s: float) -> None:
        self._rate = lines_per_s
        self._allowance = max(lines_per_s, 1.0)
        self._at = time.monotonic()
        self._left_out = 0
        self.last: list[str] = []
        """The newest lines, for the report of a sudden death."""

    def events(self, lines: list[bytes], level: str) -> list[tuple[str, dict[str, Any]]]:
        """``log`` events for these lines."""
        found: list[tuple[str, dict[str, Any]]] = []
        now = time.monotonic()
        self._allowance = min(self._allowance + (now - self._at) * self._rate, max(self._rate, 1.0))
        self._at = now
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()[: self.LONGEST]
            if not text or _NOISE.match(text):
                continue
            self.last = [*self.last, text][-20:]
            if self._allowance < 1:
                self._left_out += 1
                continue
            self._allowance -= 1
            if self._left_out:
                found.append(("log", {"level": "info", "text": f"({self._left_out} lines left out)"}))
                self._left_out = 0
            found.append(("log", {"level": level, "text": text}))
        return found
