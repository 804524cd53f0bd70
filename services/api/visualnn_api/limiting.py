"""What a job may take: limits by the request and the platform, quotas of its owner, and a warning where it is large."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from visualnn_shared.datasets.schema import DatasetSchema
from visualnn_shared.ensembling.planning import TRAINS
from visualnn_shared.errors import QueueFull, StorageFull
from visualnn_shared.jobs import workers
from visualnn_shared.jobs.model import State, queue_for
from visualnn_shared.spec.model import Spec
from visualnn_shared.spec.problem import Problem, problem
from visualnn_shared.store.tables import Artifact, Dataset, Job, User, Worker
from visualnn_shared.training.recipe import EnsembleParams, TrainParams, TuneParams
from visualnn_shared.training.room import MIB, loaded_bytes, room_for

from visualnn_api.settings import ApiSettings

_FIELDS = {"time_limit_s": ("job_time_limit_s", "max_job_time_limit_s"),
           "memory_limit_mb": ("job_memory_limit_mb", "max_job_memory_limit_mb")}  # fmt: skip
"""Field of the params -> settings of its default and its ceiling."""


def limited(params: BaseModel, settings: ApiSettings) -> tuple[BaseModel, dict[str, Any], list[Problem]]:
    """The params with the limits that the platform gives; what was chosen so, and what is above a ceiling."""
    if isinstance(params, EnsembleParams) and params.method not in TRAINS:
        return params, {}, []
    if isinstance(params, TuneParams | EnsembleParams):  # these hold no worker; their trainings do
        recipe, chosen, problems = limited(params.recipe, settings)
        inside = [one.inside("recipe") for one in problems]
        return params.model_copy(update={"recipe": recipe}), {f"recipe.{k}": v for k, v in chosen.items()}, inside
    chosen, problems = {}, []
    for name, (default, ceiling) in _FIELDS.items():
        most, given = getattr(settings, ceiling), getattr(params, name, None)
        if most and given is not None and given > most:
            rule, hint = f"{name} must be at most {most:g}", "the platform's ceiling; leave it out to have the most"
            problems.append(problem(rule, given, field=f"params.{name}", hint=hint))
        wanted = min(filter(None, (getattr(settings, default), most)), default=None)
        if given is None and wanted and name in type(params).model_fields:
            chosen[name] = {"value": wanted, "why": "the platform's own limit, as none was given"}
    return params.model_copy(update={name: one["value"] for name, one in chosen.items()}), chosen, problems


def must_have_room(s: Session, owner: str, settings: ApiSettings) -> None:
    """Hold the owner's row, so that nobody else is counted beside us. Raises ``QueueFull``, ``StorageFull``."""
    if not settings.max_queued_jobs and not settings.job_quota_bytes:
        return
    s.execute(select(User.id).where(User.id == owner).with_for_update(key_share=True))
    queued = select(func.count()).select_from(Job).where(Job.owner == owner, Job.state == State.QUEUED)
    if settings.max_queued_jobs and (count := s.scalar(queued) or 0) >= settings.max_queued_jobs:
        raise QueueFull(settings.max_queued_jobs, count)
    if settings.job_quota_bytes and (stored := stored_bytes(s, owner)) >= settings.job_quota_bytes:
        raise StorageFull(settings.job_quota_bytes, stored)


def stored_bytes(s: Session, owner: str) -> int:
    """Bytes of the results of all the owner's jobs."""
    query = select(func.coalesce(func.sum(Artifact.size), 0)).join(Job, Job.id == Artifact.job_id)
    return int(s.scalar(query.where(Job.owner == owner)) or 0)


def memory_warnings(
    s: Session, spec: Spec | None, dataset: Dataset | None, params: BaseModel, queue: str
) -> list[Problem]:
    """What the estimate says of a training, one of a search or of an ensemble too, beside its limit and the workers."""
    if isinstance(params, TuneParams | EnsembleParams):
        queue = queue_for("train", params.recipe.device)
        found = memory_warnings(s, spec, dataset, params.recipe, queue)
        return [one.inside("recipe") for one in found]
    if spec is None or dataset is None or not isinstance(params, TrainParams):
        return []
    data = loaded_bytes(DatasetSchema.model_validate(dataset.schema), dict(dataset.splits))
    found = []
    for holder, available, device in _holders(s, params, queue):
        room = room_for(spec, params, data, available, holder, device=device)
        if room is not None and (warning := room.warning()) is not None:
            found.append(warning)
    return found


def device_warnings(s: Session, params: BaseModel, queue: str) -> list[Problem]:
    """Where no worker that is online has as many devices as a training asks for, one of a search or of an ensemble too.

    None online: nothing is known.
    """
    if isinstance(params, EnsembleParams) and params.method not in TRAINS:
        return []
    if isinstance(params, TuneParams | EnsembleParams):
        found = device_warnings(s, params.recipe, queue_for("train", params.recipe.device))
        return [one.inside("recipe") for one in found]
    wanted = getattr(params, "devices", 1)
    counts = [_devices_of(worker, params) for worker in workers.online(s, queue)]
    if not isinstance(wanted, int) or wanted == 1 or not counts or max(counts) >= wanted:
        return []
    rule = "some worker that is online should have as many devices as the job asks for"
    hint = f'the job waits for a worker that has them; ask for {max(counts)}, or "all"'
    return [problem(rule, f"{wanted}, of {max(counts)}", field="params.devices", hint=hint)]


def _devices_of(worker: Worker, params: BaseModel) -> int:
    """As its child counts them: GPUs where the job may use one, else what the CPU is shown as."""
    if worker.backend == "torch":  # Keras shares nothing out on it
        return 1
    gpus: int = sum(device.get("kind") == "gpu" for device in worker.devices)
    if gpus and getattr(params, "device", "any") != "cpu":
        return gpus
    return max((int(device.get("devices") or 1) for device in worker.devices if device.get("kind") == "cpu"), default=1)


def _holders(s: Session, params: TrainParams, queue: str) -> list[tuple[str, int, bool]]:
    """(what must hold the job, its bytes, whether it is a device): of each kind the largest there is."""
    found = []
    if params.memory_limit_mb is not None:
        found.append(("the job's memory_limit_mb", params.memory_limit_mb * MIB, False))
    known = [device for worker in workers.online(s, queue) for device in worker.devices]
    for kind, name in (("cpu", "the memory of the largest worker"), ("gpu", "the largest worker's GPU")):
        sizes = [int(device.get("memory_bytes") or 0) for device in known if device.get("kind") == kind]
        if sizes and all(sizes) and (kind == "cpu" or params.device != "cpu"):
            found.append((name, max(sizes), kind == "gpu"))
    return found
