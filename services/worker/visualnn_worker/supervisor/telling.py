"""What a job's error says beyond its cause: the checkpoint that is kept, and the largest batch that should fit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from visualnn_shared.errors import VisualNNError
from visualnn_shared.jobs.model import ErrorClass, JobError
from visualnn_shared.spec.reading import read_spec
from visualnn_shared.training.recipe import TrainParams
from visualnn_shared.training.room import MIB, Room, loaded_bytes, room_for

from visualnn_worker.order import JobOrder
from visualnn_worker.supervisor import device_memory
from visualnn_worker.supervisor.memory import available_bytes

STATE = "state.safetensors"
"""The file of a checkpoint."""
_MEMORY = ("out-of-memory", "memory-limit", "device-out-of-memory")


def told(error: JobError, order: JobOrder, checkpoint: Mapping[str, Any] | None) -> JobError:
    """The error of an attempt that is given up, with what its reader can go on from."""
    if error.code in _MEMORY:
        error = _with_batch(error, order)
    if error.class_ is not ErrorClass.INFRASTRUCTURE:
        error = _with_checkpoint(error, checkpoint)
    return error


def _with_checkpoint(error: JobError, manifest: Mapping[str, Any] | None) -> JobError:
    entry = (manifest or {}).get(STATE)
    if entry is None:
        return replace(error, detail=f"{error.detail}; no checkpoint had been written yet")
    if error.code == "time-limit":
        error = replace(error, next_step="Resume it: it goes on from the last checkpoint, with as much time again.")
    kept = {name: entry.get(name) for name in ("key", "epoch", "batch", "best_epoch")}
    if kept["epoch"] is None:  # written by an older version
        return replace(error, checkpoint=kept, detail=f"{error.detail}; its last checkpoint is kept: {kept['key']}")
    where = f"after epoch {kept['epoch']}" + (f" and {kept['batch']} batches of the next" if kept["batch"] else "")
    best = f", with the weights of the best epoch so far, {kept['best_epoch']}" if kept["best_epoch"] else ""
    detail = f"{error.detail}; its last checkpoint, {where}{best}, is kept: {kept['key']}"
    return replace(error, checkpoint=kept, detail=detail)


def _with_batch(error: JobError, order: JobOrder) -> JobError:
    room = _room(order, error.code == "device-out-of-memory")
    if room is None:
        return error
    # The estimate is of the least that is needed: what did not fit is surely too large.
    largest = min(room.largest, room.batch_size // 2)
    text = room.advice(largest)
    numbers = f"by the estimate it needs {-(-room.needed // MIB):,} MiB of {room.available // MIB:,} MiB"
    step = f"{text[0].upper()}{text[1:]}: {numbers}."
    if largest:  # else no smaller batch helps
        step += f" {error.next_step}"
    return replace(error, next_step=step, largest_batch_size=largest)


def _room(order: JobOrder, device: bool) -> Room | None:
    """None where it is not known: another kind of job, or a device that does not tell its memory."""
    if order.kind != "train" or order.spec is None or order.dataset is None:
        return None
    if device:
        available = (device_memory.total_mb() or 0) * MIB
    else:
        available = order.memory_limit_mb * MIB if order.memory_limit_mb else available_bytes()
    if not available:
        return None
    data = loaded_bytes(order.dataset.schema_, order.dataset.splits)
    try:
        params = TrainParams.model_validate(order.params)
        return room_for(read_spec(order.spec), params, data, available, "memory", device=device)
    except (VisualNNError, ValueError):  # an order that the child refused as well
        return None
