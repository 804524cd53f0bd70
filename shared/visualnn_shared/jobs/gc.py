"""Removing objects of jobs that nothing names any more. Any process may do it at any time, and needs no lock for it.

A key is deletable by what the row says of its attempt, never by its age; once deletable it stays so. Therefore the keys
are listed first and the row is read after: whatever was written or recorded in between is not on the list.
"""

from collections.abc import Callable, Iterable
from itertools import groupby

from visualnn_shared.jobs.model import State
from visualnn_shared.objects.base import ObjectStore
from visualnn_shared.store.database import Database
from visualnn_shared.store.tables import Job

PREFIX = "jobs/"


def collect(database: Database, objects: ObjectStore, job_id: str) -> list[str]:
    """Delete what this job's ended attempts left, or all of a removed job's objects; the keys that are gone.

    Raises ``Unavailable`` where the store or the database does not answer; calling again later is right.
    """
    keys = [found.key for found in objects.list(f"{PREFIX}{job_id}/")]
    return _delete(database, objects, job_id, keys)


def sweep(database: Database, objects: ObjectStore, stopped: Callable[[], bool] = lambda: False) -> int:
    """``collect`` for every job that has objects, whether or not it has a row; how many objects are gone.

    Ends early once ``stopped()``. Raises ``Unavailable``.
    """
    gone = 0
    for job_id, found in groupby(objects.list(PREFIX), lambda item: _job_of(item.key)):
        if stopped():
            break
        keys = [item.key for item in found]
        if job_id:
            gone += len(_delete(database, objects, job_id, keys))
    return gone


def deletable(key: str, job: Job | None) -> bool:
    """Whether nothing can ever need the object: by its job's row as it was read after the key was listed."""
    if job is None:
        return True
    attempt = _attempt_of(key)
    if attempt is None or attempt > job.attempt:
        return False
    if job.state == State.RUNNING and attempt == job.attempt:
        return False
    return key not in _named_by(job)


def _delete(database: Database, objects: ObjectStore, job_id: str, keys: Iterable[str]) -> list[str]:
    keys = list(keys)
    if not keys:
        return []
    with database.reading() as s:
        job = s.get(Job, job_id)
    gone = [key for key in keys if deletable(key, job)]
    for key in gone:
        objects.delete(key)
    return gone


def _named_by(job: Job) -> set[str]:
    manifests = (job.result_manifest, job.checkpoint_manifest)
    return {entry["key"] for manifest in manifests if manifest for entry in manifest.values()}


def _job_of(key: str) -> str | None:
    """``jobs/{id}/...`` -> id."""
    parts = key.split("/")
    return parts[1] if len(parts) > 2 else None


def _attempt_of(key: str) -> int | None:
    """``jobs/{id}/{attempt}/{name}`` -> attempt; None for a key that no attempt wrote."""
    parts = key.split("/")
    return int(parts[2]) if len(parts) > 3 and parts[2].isdecimal() else None
