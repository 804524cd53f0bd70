import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from visualnn_shared.running import Running, process_started, write_running
from visualnn_standalone.errors import AlreadyRunning, DataFolderUnusable
from visualnn_standalone.folder import FolderLock, end_leftovers, prepare

HOLD = """
import sys, time
from pathlib import Path
from visualnn_standalone.folder import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire(temporary=sys.argv[2] == "yes")
print("held", flush=True)
time.sleep(60)
"""


def holder(folder: Path, temporary: str = "no") -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder), temporary], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_a_missing_folder_is_made_private(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "a" / "b")
    assert (folder / "logs").is_dir()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match=r"data folder must be a folder that you may write to; .*file"):
        prepare(tmp_path / "file")


def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(DataFolderUnusable, match="--data-dir"):
        prepare(Path("/proc/visualnn"))  # not writable for root either


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    first = holder(tmp_path)
    try:
        write_running(tmp_path, Running("http://127.0.0.1:8123", first.pid, process_started(first.pid) or ""))
        with pytest.raises(AlreadyRunning) as held:
            FolderLock(tmp_path).acquire(temporary=False)
        assert held.value.pid == first.pid
        assert held.value.url == "http://127.0.0.1:8123"
        assert str(first.pid) in held.value.detail
        assert "http://127.0.0.1:8123" in held.value.detail
        assert not held.value.temporary
    finally:
        end(first)


def test_a_temporary_holder_is_known_as_such(tmp_path: Path) -> None:
    first = holder(tmp_path, "yes")
    try:
        with pytest.raises(AlreadyRunning) as held:
            FolderLock(tmp_path).acquire(temporary=True)
        assert held.value.temporary
    finally:
        end(first)


def test_the_lock_of_a_killed_holder_is_stale_and_bars_nobody(tmp_path: Path) -> None:
    end(holder(tmp_path))
    lock = FolderLock(tmp_path)
    lock.acquire(temporary=False)
    lock.release()
    lock.acquire(temporary=False)
    lock.release()


def test_a_damaged_lock_file_bars_nobody(tmp_path: Path) -> None:
    (tmp_path / "platform.lock").write_bytes(b"\xff\x00{")
    lock = FolderLock(tmp_path)
    lock.acquire(temporary=False)
    lock.release()


def test_what_a_killed_platform_left_running_is_ended(tmp_path: Path) -> None:
    left = subprocess.Popen(["sleep", "60"], process_group=0)
    write_running(
        tmp_path,
        Running("http://x", 1, "gone", parts={"api": left.pid}, parts_started={"api": process_started(left.pid) or ""}),
    )
    assert end_leftovers(tmp_path) == ["api"]
    assert left.wait(5) == -signal.SIGKILL


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"], process_group=0)
    try:
        write_running(
            tmp_path, Running("http://x", 1, "gone", parts={"api": other.pid}, parts_started={"api": "earlier"})
        )
        assert end_leftovers(tmp_path) == []
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_without_an_earlier_platform_nothing_is_ended(tmp_path: Path) -> None:
    assert end_leftovers(tmp_path) == []
    assert process_started(os.getpid())
