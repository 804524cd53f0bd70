"""Files of succeeded jobs: as the worker stored them, or made from the weights."""

import contextlib
import tempfile
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread
from fastapi import Request, Response
from sqlalchemy.orm import Session
from visualnn_shared.errors import Conflict, NotFound
from visualnn_shared.jobs.model import State
from visualnn_shared.objects import ObjectStore
from visualnn_shared.store import jobs
from visualnn_shared.store.tables import Artifact, Job
from visualnn_shared.training.weights import TRAINED, WEIGHTS, WeightsFormat

from visualnn_api import downloads
from visualnn_api.converting import convert
from visualnn_api.downloads import File, file_at
from visualnn_api.parts import Parts
from visualnn_api.weights import STORED, as_npz, trained

_MEDIA_TYPES = {".json": "application/json", ".csv": "text/csv; charset=utf-8"}


def stored(objects: ObjectStore, row: Artifact, name: str | None = None) -> File:
    """An artifact as a file to download."""

    def reader(start: int, length: int) -> BinaryIO:
        return objects.open(row.key, start, length)

    media_type = _MEDIA_TYPES.get(Path(row.name).suffix, "application/octet-stream")
    return File(name or row.name, media_type, row.size, row.sha256, reader)


def in_language(s: Session, owner: str, job_id: str, name: str, lang: str) -> Artifact:
    """An artifact; of a picture that was drawn with words in ``lang`` too, that one. Raises NotFound."""
    stem, dot, ending = name.rpartition(".")
    if lang != "en" and ending == "png":
        with contextlib.suppress(NotFound):
            return jobs.artifact(s, owner, job_id, f"{stem}.{lang}{dot}{ending}")
    return jobs.artifact(s, owner, job_id, name)


def trained_job(s: Session, owner: str, job_id: str) -> tuple[Job, Artifact]:
    """A succeeded train, dqn or ensemble job and its weights. Raises NotFound, and Conflict for any other job."""
    job = jobs.get(s, owner, job_id)
    if job.kind not in TRAINED or job.state != State.SUCCEEDED:
        received = f"a {job.kind} job that is {job.state}"
        raise Conflict("only a train or dqn job, or an ensemble, that succeeded has weights", received)
    return job, jobs.artifact(s, owner, job_id, WEIGHTS)


async def weights(request: Request, parts: Parts, owner: str, job_id: str, format: WeightsFormat) -> Response:
    """The weights in a format. Raises NotFound, Conflict, RangeNotSatisfiable, and Refused by the converter."""
    job, canonical = await parts.db.read(trained_job, owner, job_id)
    if format in STORED:
        row = await parts.db.read(jobs.artifact, owner, job.id, STORED[format])
        return await downloads.answer(request, stored(parts.objects, row))
    stack = contextlib.AsyncExitStack()
    try:
        file = await _made(stack, parts, canonical, format)
        return await downloads.answer(request, file, stack)
    except BaseException:
        await stack.aclose()
        raise


async def _made(stack: contextlib.AsyncExitStack, parts: Parts, canonical: Artifact, format: WeightsFormat) -> File:
    """The file in a format that nobody stored; it lies in a folder that ``stack`` removes."""
    spool_dir = parts.settings.spool_dir
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visualnn-", dir=spool_dir or None)))
    source = folder / WEIGHTS
    await to_thread.run_sync(parts.objects.get_file, canonical.key, source)
    if format is WeightsFormat.NPZ:
        target = folder / "weights.npz"
        await to_thread.run_sync(as_npz, source, target)
        return await to_thread.run_sync(file_at, target, target.name, "application/octet-stream")
    known = await to_thread.run_sync(trained, parts.objects, canonical.key)
    made = await stack.enter_async_context(
        convert(parts.converter, target=format.value, spool_dir=spool_dir, spec=known.spec, weights=source)
    )
    return await to_thread.run_sync(made.file)
