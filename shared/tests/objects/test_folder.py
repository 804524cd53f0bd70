import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from visualnn_shared.errors import Conflict, Unavailable
from visualnn_shared.objects.folder import FolderStore


def test_objects_are_plain_files_below_the_folder(tmp_path: Path) -> None:
    FolderStore(tmp_path).put("jobs/job-1/1/history.json", b"[]")
    assert (tmp_path / "jobs" / "job-1" / "1" / "history.json").read_bytes() == b"[]"


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a", "a/b/c")])
def test_a_key_that_would_be_a_folder_of_another_is_refused(tmp_path: Path, first: str, second: str) -> None:
    store = FolderStore(tmp_path)
    store.put(first, b"1")
    with pytest.raises(Conflict, match="no object key may be a folder of another"):
        store.put(second, b"2")
    assert [found.key for found in store.list("")] == [first]
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_a_folder_that_goes_and_comes_is_no_conflict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # thousands of turns: the race is rare
    store, errors = FolderStore(tmp_path), []

    def work(name: str) -> None:
        try:
            for _ in range(500):
                store.put(f"shared/folder/{name}", b"1")
                store.delete(f"shared/folder/{name}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_an_empty_folder_that_a_killed_writer_left_is_no_conflict(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    store.put("a/b/c", b"1")
    assert [found.key for found in store.list("")] == ["a/b/c"]


def test_a_writer_killed_in_the_middle_leaves_nothing_to_see(tmp_path: Path) -> None:
    script = (
        "import io, os, signal, sys; from pathlib import Path; from visualnn_shared.objects.folder import FolderStore\n"
        "class Dying(io.RawIOBase):\n"
        "    n = 3\n"
        "    def read(self, size=-1):\n"
        "        self.n -= 1\n"
        "        if self.n < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return b'x' * size\n"
        "FolderStore(Path(sys.argv[1])).put('a/b', Dying())\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -9
    store = FolderStore(tmp_path)
    assert list(store.list("")) == []
    assert store.info("a/b") is None
    assert len(list((tmp_path / ".tmp").iterdir())) == 1  # may be a living writer's, for all we know


def test_what_a_killed_writer_left_is_removed_a_day_later(tmp_path: Path) -> None:
    FolderStore(tmp_path)
    old, young = tmp_path / ".tmp" / "old", tmp_path / ".tmp" / "young"
    for path in (old, young):
        path.write_bytes(b"part")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    FolderStore(tmp_path)
    assert list((tmp_path / ".tmp").iterdir()) == [young]


def test_empty_folders_go_with_their_last_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a/b/c", b"1")
    store.put("a/d", b"2")
    store.delete("a/b/c")
    assert not (tmp_path / "a" / "b").exists()
    store.delete("a/d")
    assert [path.name for path in tmp_path.iterdir()] == [".tmp"]


def test_a_reader_keeps_its_object_while_it_is_replaced_and_deleted(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("a", b"first")
    with store.open("a") as reader:
        store.put("a", b"other")
        store.delete("a")
        assert reader.read() == b"first"


def test_a_root_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="the object store must answer; received Not a directory"):
        FolderStore(tmp_path / "file" / "root")


def test_a_root_that_vanished_is_unavailable(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "root")
    (tmp_path / "root").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="No such file or directory"):
        store.ping()
    with pytest.raises(Unavailable, match="No such file or directory"):
        store.put("a", b"1")


def test_a_disk_that_refuses_to_write_is_unavailable() -> None:
    """/dev/full answers every write as a full disk does; a store cannot stand there, but its file can."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    from visualnn_shared.objects.folder import _copy

    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        Path("/dev/zero").open("rb", buffering=0) as zero,
        pytest.raises(Unavailable, match="No space left on device"),
    ):
        _copy(zero, full)
