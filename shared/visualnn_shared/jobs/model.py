"""The words of the protocol: states, classes of failure, queues, and what a worker holds while it works."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from visualnn_shared.store.tables import Job, Manifest
from visualnn_shared.training.names import Device


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
"""States that only a resume leaves, and succeeded never."""


class ErrorClass(StrEnum):
    USER = "user"
    """The spec, the data or the limits asked for: the same again fails again."""
    RESOURCE = "resource"
    """The job needs more than the machine has: memory, disk."""
    INFRASTRUCTURE = "infrastructure"
    """A worker, the broker or a store failed: tried again by itself, with back-off and a budget."""


@dataclass(frozen=True, slots=True)
class JobError:
    """Why an attempt failed, and what its reader should do next."""

    class_: ErrorClass
    code: str
    detail: str
    next_step: str
    checkpoint: Mapping[str, Any] | None = None
    """The checkpoint that is kept, which a resume goes on from: {"key", "attempt", "epoch", "batch", "best_epoch"}."""
    largest_batch_size: int | None = None
    """Of a job that took too much memory: the largest batch that should fit; 0 where none does."""

    def as_json(self) -> dict[str, Any]:
        """The form that job rows and events hold."""
        more = {"checkpoint": self.checkpoint, "largest_batch_size": self.largest_batch_size}
        return {
            "class": self.class_.value, "code": self.code, "detail": self.detail, "next_step": self.next_step,
            **{name: value for name, value in more.items() if value is not None},
        }  # fmt: skip


_SURE = frozenset({
    "nan-loss", "keras-refused", "invalid", "spec-invalid", "dataset-invalid", "not-found", "input-gone",
    "members-unfit",
})  # fmt: skip
"""Codes of errors that another try of the same job can only meet again."""


def may_go_on(kind: str, error: Mapping[str, Any] | None) -> bool:
    """Whether a resume of a job that failed so can end otherwise: its steps are the same bit for bit, and so is a loss
    that is no number; a limit of time ends it at the same place where no checkpoint was kept."""
    code = (error or {}).get("code")
    if code == "time-limit":
        return kind in ("tune", "ensemble") or (error or {}).get("checkpoint") is not None
    return code not in _SURE


WORKER_LOST = JobError(
    ErrorClass.INFRASTRUCTURE,
    "worker-lost",
    "the worker must send heartbeats while it works; none came for the length of its lease",
    "It is tried again by itself from its last checkpoint; once it has failed for good, resume it.",
)
"""The error that a reaper records."""

TRAIN_CPU, TRAIN_GPU, INFER = "train.cpu", "train.gpu", "infer"
QUEUES = (TRAIN_CPU, TRAIN_GPU, INFER)
"""Every queue that workers serve."""
TUNE = "tune"
"""The queue of searches, which dispatchers advance: a tune job holds no worker."""
ENSEMBLE = "ensemble"
"""The queue of ensembles whose members are still trained, which dispatchers advance too."""
COORDINATED = (TUNE, ENSEMBLE)
"""Queues that no worker serves."""


def queue_for(kind: str, device: Device = "any") -> str:
    """The queue of a job: by what it needs, so that a worker takes only what it can do."""
    if kind == "tune":
        return TUNE
    if kind == "ensemble":
        return ENSEMBLE
    if device == "gpu":
        return TRAIN_GPU
    if kind == "dqn":
        return TRAIN_CPU
    return TRAIN_CPU if kind == "train" else INFER


@dataclass(frozen=True, slots=True)
class Lease:
    """What a worker must show to speak for a job: the number of its attempt and the secret of its claim."""

    job_id: str
    attempt: int
    token: str

    def prefix(self) -> str:
        """Where this attempt's objects lie."""
        return f"jobs/{self.job_id}/{self.attempt}/"


@dataclass(frozen=True, slots=True)
class Claim:
    lease: Lease
    job: Job
    """The row as claimed; reading it needs no session."""
    checkpoint_seq: int
    """What the next ``checkpoint`` call must name as seen."""
    checkpoint_manifest: Manifest | None
    """The only checkpoint a resumed attempt may read."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat."""

    held: bool
    """False: the attempt is fenced off; end its child and write nothing more."""
    cancel_requested: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    created: bool
    """False where the key had made this job before."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A job that somebody just moved, and where to."""

    job_id: str
    queue: str
    state: State


def check_manifest(lease: Lease, manifest: Mapping[str, Any]) -> None:
    """A manifest names complete objects of its own attempt: what gc once may delete, it may delete for ever.

    Raises ``ValueError``; a worker that breaks this rule has a bug.
    """
    for name, entry in manifest.items():
        if not str(entry["key"]).startswith(lease.prefix()):
            raise ValueError(f"{name} must lie under {lease.prefix()}; received {entry['key']!r}")
        if not isinstance(entry["size"], int) or len(entry["sha256"]) != 64:
            raise ValueError(f"{name} must have a size and a sha256; received {entry!r}")
