"""How an attempt can end, and the error that a child's sudden death is reported as."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from visualnn_shared.jobs.model import ErrorClass, JobError

from visualnn_worker.child.guard import EXPIRED


class Stop(Enum):
    """Why the supervisor ended the child."""

    FENCED = auto()
    """The lease is lost: nothing may be written."""
    CANCELLED = auto()
    DRAINED = auto()
    """The worker leaves."""
    EXPIRED = auto()
    """No heartbeat got through for the watchdog's time."""
    TOO_LONG = auto()
    """The job's own time limit."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The child has done the work."""

    manifest: dict[str, Any]
    metrics: dict[str, Any]
    chosen: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Broke:
    """The child said why it cannot, or died without a word (None)."""

    error: JobError | None


Ending = Stop | Finished | Broke


def death(code: int | None, out_of_memory: bool, last_lines: Sequence[str]) -> JobError:
    """The error of a child that died without a word. ``code`` as subprocess gives it: minus the signal's number."""
    said = f"; it printed last: {last_lines[-1]}" if last_lines else ""
    if code == -signal.SIGKILL and out_of_memory:
        detail = "the machine's memory must hold the job; the kernel killed it for lack of memory"
        step = "Use a smaller batch_size or a smaller net, or a worker with more memory."
        return JobError(ErrorClass.RESOURCE, "out-of-memory", detail, step)
    again = "It is tried again by itself from its last checkpoint; once it has failed for good, resume it."
    if code in (EXPIRED, -signal.SIGALRM):
        return lost_touch()
    how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"status {code}"
    detail = f"the process that does the work must say how it ended; it ended with {how}{said}"
    return JobError(ErrorClass.INFRASTRUCTURE, "child-died", detail, again)


def lost_touch() -> JobError:
    """The watchdog ended the child."""
    detail = "a worker must reach the database while it works; no heartbeat got through for too long, so it stopped"
    step = "It is tried again by itself from its last checkpoint; see that the database works."
    return JobError(ErrorClass.INFRASTRUCTURE, "database-unreachable", detail, step)


def too_long(limit_s: float) -> JobError:
    """The job's own limit."""
    detail = f"an attempt must end within time_limit_s; received {limit_s:g} s, and it was not done"
    step = "Give more time, fewer epochs, or a smaller net; resume goes on from the last checkpoint."
    return JobError(ErrorClass.USER, "time-limit", detail, step)
