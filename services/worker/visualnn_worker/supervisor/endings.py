"""How an attempt can end, and the error that a child's sudden death is reported as."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from visualnn_shared.jobs.model import ErrorClass, JobError

from visualnn_worker.child.failures import OUT_OF_MEMORY_STEP
from visualnn_worker.child.guard import EXPIRED

_NO_MEMORY = ("bad_alloc", "Cannot allocate memory", "out of memory", "Out of memory", "MemoryError")
"""What is printed by what cannot go on without the memory it asked for."""


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
    TOO_BIG = auto()
    """The limit of memory."""


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


def death(code: int | None, out_of_memory: bool, last_lines: Sequence[str], limit_mb: int | None = None) -> JobError:
    """The error of a child that died without a word. ``code`` as subprocess gives it: minus the signal's number."""
    said = f"; it printed last: {last_lines[-1]}" if last_lines else ""
    if code == -signal.SIGKILL and out_of_memory:
        detail = "the machine's memory must hold the job; the kernel killed it for lack of memory"
        return JobError(ErrorClass.RESOURCE, "out-of-memory", detail, OUT_OF_MEMORY_STEP)
    refused = [line for line in last_lines if any(word in line for word in _NO_MEMORY)]
    if code in (-signal.SIGABRT, -signal.SIGSEGV) and refused:
        if limit_mb is not None:
            return too_big(limit_mb, f"a request for more was refused: {refused[-1]}")
        detail = f"the machine's memory must hold the job; received {refused[-1]}"
        return JobError(ErrorClass.RESOURCE, "out-of-memory", detail, OUT_OF_MEMORY_STEP)
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
    step = "Submit a new job with more time, fewer epochs, or a smaller net."
    return JobError(ErrorClass.USER, "time-limit", detail, step)


def too_big(limit_mb: int, received: str) -> JobError:
    """The limit of memory. Not the user's mistake alone: a worker may have one too."""
    detail = f"the process of the job must hold at most memory_limit_mb = {limit_mb:,} MiB; {received}"
    step = "Use a smaller batch_size or a smaller net, or submit a new job with a higher memory_limit_mb."
    return JobError(ErrorClass.RESOURCE, "memory-limit", detail, step)
