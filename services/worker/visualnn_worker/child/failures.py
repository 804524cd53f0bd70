"""What went wrong, in the words and classes of a job's error.

- user: the same again fails again, and the user can change it: broken rules, a loss that is no number, what Keras
  refuses.
- resource: memory or disk of this machine.
- infrastructure: object store, and everything unforeseen. A bug is tried again a few times and then stays visible as
  ``unexpected``, with its traceback in the job's log.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from visualnn_shared.errors import Invalid, NotFound, Unavailable, VisualNNError
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.objects import ObjectMissing

from visualnn_worker.child.patience import is_full

_LONGEST = 4000
_OUT_OF_MEMORY = (
    "RESOURCE_EXHAUSTED", "ResourceExhausted", "OutOfMemory", "OOM when allocating", "out of memory", "bad_alloc",
)  # fmt: skip
_REFUSALS = ("InvalidArgumentError", "UnimplementedError", "FailedPreconditionError", "OutOfRangeError")

OUT_OF_MEMORY_STEP = "Use a smaller batch_size or a smaller net, or a worker with more memory."


class KerasRefused(Exception):  # noqa: N818 - says what Keras did
    """Keras would not build or run a net that passed every check."""


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Inside, an error in a value or a type is Keras' word on the net. Raises ``KerasRefused`` for it."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise KerasRefused(f"Keras could not {doing} the net: {error}") from error
    except Exception as error:
        if type(error).__name__ in _REFUSALS and not _out_of_memory(error):
            raise KerasRefused(f"Keras could not {doing} the net: {error}") from error
        raise


def classify(error: BaseException, *, limit_mb: int | None = None, gpu: bool = False) -> JobError:
    """The job error for an exception that ended the work, under a limit of memory, or with a GPU."""
    if gpu and not isinstance(error, MemoryError) and _out_of_memory(error) and not _of_host(error):
        return _error(
            ErrorClass.RESOURCE,
            "device-out-of-memory",
            f"the GPU's memory must hold the job; received {_text(error)}",
            "Use a smaller batch_size or a smaller net, mixed precision, or a worker whose GPU has more memory.",
        )
    if limit_mb is not None and (isinstance(error, MemoryError) or _out_of_memory(error)):
        rule = f"the process of the job must hold at most memory_limit_mb = {limit_mb:,} MiB"
        step = "Use a smaller batch_size or a smaller net, or submit a new job with a higher memory_limit_mb."
        return _error(ErrorClass.RESOURCE, "memory-limit", f"{rule}; received {_text(error)}", step)
    if isinstance(error, MemoryError) or _out_of_memory(error):
        return _error(
            ErrorClass.RESOURCE,
            "out-of-memory",
            f"the memory must hold the job; received {_text(error)}",
            OUT_OF_MEMORY_STEP,
        )
    if is_full(error):
        step = "Free disk space on the worker or the object store, then resume the job."
        return _error(ErrorClass.RESOURCE, "disk-full", _text(error), step)
    if isinstance(error, KerasRefused):
        step = "Change what the text names in the model or the params, and submit a new job."
        return _error(ErrorClass.USER, "keras-refused", str(error), step)
    return _ours(error) or _unexpected(error)


def _ours(error: BaseException) -> JobError | None:
    """Errors that the platform itself raises."""
    from visualnn_worker.fitting.reporting import NotFinite

    if isinstance(error, NotFinite):
        step = "Lower the learning rate, clip gradients (clipnorm), or scale the data; then submit a new job."
        detail = f"{error}: {error.cause}" if error.cause else str(error)
        return _error(ErrorClass.USER, "nan-loss", detail, error.next_step or step)
    if isinstance(error, ObjectMissing | Unavailable):
        step = (
            "It is tried again by itself; once it has failed for good, see that the object store works and resume it."
        )
        return _error(ErrorClass.INFRASTRUCTURE, "object-store", str(error), step)
    if isinstance(error, Invalid | NotFound):
        return _error(ErrorClass.USER, error.code, str(error), "Correct what is listed, and submit a new job.")
    if isinstance(error, VisualNNError):
        return _error(ErrorClass.INFRASTRUCTURE, error.code, str(error), "It is tried again by itself.")
    return None


def _unexpected(error: BaseException) -> JobError:
    step = (
        "It is tried again by itself. If it fails for good, report it with the job's log: this is a fault of VisualNN."
    )
    return _error(ErrorClass.INFRASTRUCTURE, "unexpected", _text(error), step)


def trace(error: BaseException) -> str:
    """The traceback, for the job's log."""
    return "".join(traceback.format_exception(error))[-_LONGEST:]


def _out_of_memory(error: BaseException) -> bool:
    text = f"{type(error).__name__} {error}"
    return not isinstance(error, VisualNNError) and any(word in text for word in _OUT_OF_MEMORY)


def _of_host(error: BaseException) -> bool:
    """TensorFlow names the device whose allocator had no more; a pinned copy's is the machine's."""
    text = str(error)
    return "device:CPU" in text or "by allocator cpu" in text or "pinned" in text


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _error(class_: ErrorClass, code: str, detail: str, next_step: str) -> JobError:
    return JobError(class_, code, detail[:_LONGEST], next_step)
