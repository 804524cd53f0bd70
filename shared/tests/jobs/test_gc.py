"""Which objects are kept, by the row; and that a collector leaves exactly those, in any store."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visualnn_shared.errors import Unavailable
from visualnn_shared.jobs import gc, protocol
from visualnn_shared.jobs.model import ErrorClass, JobError, Lease
from visualnn_shared.objects.folder import FolderStore
from visualnn_shared.store.tables import Job, Manifest

Files = Callable[..., Manifest]
USER = JobError(ErrorClass.USER, "code", "what happened", "what to do")


@pytest.fixture
def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


def _put(objects: FolderStore, files: Manifest) -> Manifest:
    for entry in files.values():
        objects.put(entry["key"], b"abc")
    return files


def _keys(objects: FolderStore) -> set[str]:
    return {item.key for item in objects.list("jobs/")}


def _names(*files: Manifest) -> set[str]:
    return {entry["key"] for some in files for entry in some.values()}


@pytest.mark.parametrize(
    ("state", "attempt", "key", "goes"),
    [
        ("running", 2, "jobs/j/2/new", False),
        ("running", 2, "jobs/j/1/old", True),
        ("running", 2, "jobs/j/1/checkpoint", False),
        ("running", 2, "jobs/j/3/claimed-since", False),
        ("queued", 2, "jobs/j/2/left", True),
        ("queued", 2, "jobs/j/3/claimed-since", False),
        ("queued", 2, "jobs/j/1/checkpoint", False),
        ("succeeded", 2, "jobs/j/2/result", False),
        ("succeeded", 2, "jobs/j/2/checkpoint-of-it", True),
        ("succeeded", 2, "jobs/j/1/old", True),
        ("failed", 2, "jobs/j/2/left", True),
        ("failed", 2, "jobs/j/1/checkpoint", False),
        ("cancelled", 2, "jobs/j/2/left", True),
        ("cancelled", 2, "jobs/j/1/checkpoint", False),
        ("succeeded", 2, "jobs/j/readme", False),
    ],
)
def test_a_key_goes_unless_the_row_needs_it(state: str, attempt: int, key: str, goes: bool) -> None:
    job = Job(id="j", state=state, attempt=attempt)
    job.checkpoint_manifest = None if state == "succeeded" else {"c": {"key": "jobs/j/1/checkpoint"}}
    job.result_manifest = {"r": {"key": "jobs/j/2/result"}} if state == "succeeded" else None
    assert gc.deletable(key, job) is goes
    assert gc.deletable(key, None)


def test_a_collector_leaves_the_result_and_nothing_else(bench: Any, manifest: Files, objects: FolderStore) -> None:
    lost = bench.running().lease
    _put(objects, manifest(lost, ["half"]))
    bench.lapse(lost.job_id)
    bench.do(protocol.reap)
    bench.set(lost.job_id, run_after=0.0)
    lease = bench.claim().lease
    old, new = _put(objects, manifest(lease, ["checkpoint-1"])), _put(objects, manifest(lease, ["checkpoint-2"]))
    bench.do(protocol.checkpoint, lease, 0, old)
    bench.do(protocol.checkpoint, lease, 1, new)
    result = _put(objects, manifest(lease, ["weights", "history"]))
    assert set(gc.collect(bench.database, objects, lease.job_id)) == _names(manifest(lost, ["half"]))
    bench.do(protocol.commit, lease, result)
    assert set(gc.collect(bench.database, objects, lease.job_id)) == _names(old, new)
    assert _keys(objects) == _names(result)


def test_an_interrupted_job_keeps_its_checkpoint(bench: Any, manifest: Files, objects: FolderStore) -> None:
    lease = bench.running().lease
    saved = _put(objects, manifest(lease, ["checkpoint-1"]))
    bench.do(protocol.checkpoint, lease, 0, saved)
    _put(objects, manifest(lease, ["half"]))
    bench.do(protocol.fail, lease, USER)
    gc.collect(bench.database, objects, lease.job_id)
    assert _keys(objects) == _names(saved)


def test_a_removed_job_leaves_nothing(bench: Any, manifest: Files, objects: FolderStore) -> None:
    lease = bench.running().lease
    bench.do(protocol.commit, lease, _put(objects, manifest(lease)))
    bench.do(protocol.remove, lease.job_id)
    gc.collect(bench.database, objects, lease.job_id)
    assert _keys(objects) == set()


def test_a_child_that_slept_and_wrote_after_its_end_leaves_nothing_for_ever(
    bench: Any, manifest: Files, objects: FolderStore
) -> None:
    late = bench.running().lease
    bench.do(protocol.drain, late)
    gc.collect(bench.database, objects, late.job_id)
    _put(objects, manifest(late, ["late"]))
    lease = bench.claim().lease
    result = _put(objects, manifest(lease))
    bench.do(protocol.commit, lease, result)
    gc.collect(bench.database, objects, lease.job_id)
    assert _keys(objects) == _names(result)


class _Slow(FolderStore):
    """A store in which much happens between the listing of a job's keys and the reading of its row."""

    def __init__(self, root: Path, meanwhile: Callable[[], None]) -> None:
        super().__init__(root)
        self._meanwhile = meanwhile

    def list(self, prefix: str) -> Any:
        yield from super().list(prefix)
        self._meanwhile()


def test_what_is_written_and_recorded_between_listing_and_reading_is_kept(
    bench: Any, manifest: Files, objects: FolderStore, tmp_path: Path
) -> None:
    first = bench.running().lease
    _put(objects, manifest(first, ["half"]))
    bench.do(protocol.drain, first)
    made: list[Manifest] = []

    def meanwhile() -> None:
        lease: Lease = bench.claim().lease
        made.append(_put(objects, manifest(lease)))
        assert bench.do(protocol.commit, lease, made[0])

    gone = gc.collect(bench.database, _Slow(tmp_path / "objects", meanwhile), first.job_id)
    assert set(gone) == _names(manifest(first, ["half"]))
    assert _keys(objects) == _names(*made)


def test_a_sweep_finds_every_job_and_those_without_a_row(bench: Any, manifest: Files, objects: FolderStore) -> None:
    kept: set[str] = set()
    for _ in range(3):
        lease = bench.running().lease
        _put(objects, manifest(lease, ["half"]))
        result = _put(objects, manifest(lease))
        bench.do(protocol.commit, lease, result)
        kept |= _names(result)
    running = bench.running().lease
    kept |= _names(_put(objects, manifest(running)))
    _put(objects, manifest(Lease("job-gone", 1, "token")))
    objects.put("datasets/0", b"abc")
    assert gc.sweep(bench.database, objects) == 4
    assert _keys(objects) == kept
    assert objects.info("datasets/0") is not None
    assert gc.sweep(bench.database, objects) == 0


def test_a_sweep_ends_when_it_is_told_to(bench: Any, manifest: Files, objects: FolderStore) -> None:
    _put(objects, manifest(Lease("job-gone", 1, "token")))
    assert gc.sweep(bench.database, objects, stopped=lambda: True) == 0
    assert _keys(objects)


class _Away(FolderStore):
    def delete(self, key: str) -> None:
        raise Unavailable("the object store", "500")


def test_a_store_that_fails_costs_nothing_that_a_second_call_does_not_mend(
    bench: Any, manifest: Files, objects: FolderStore, tmp_path: Path
) -> None:
    lease = bench.running().lease
    _put(objects, manifest(lease, ["half"]))
    bench.do(protocol.drain, lease)
    with pytest.raises(Unavailable):
        gc.collect(bench.database, _Away(tmp_path / "objects"), lease.job_id)
    assert len(gc.collect(bench.database, objects, lease.job_id)) == 1
