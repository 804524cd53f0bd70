import os
import subprocess
from pathlib import Path

from visualnn_shared.running import (
    Running,
    find_running,
    is_same_process,
    process_started,
    read_running,
    remove_running,
    write_running,
)


def test_what_is_written_is_read_and_private(tmp_path: Path) -> None:
    running = Running("http://127.0.0.1:8000", os.getpid(), process_started(os.getpid()) or "", parts={"api": 7})
    write_running(tmp_path, running)
    assert read_running(tmp_path) == running
    assert find_running(tmp_path) == running
    assert (tmp_path / "platform.json").stat().st_mode & 0o077 == 0
    remove_running(tmp_path)
    remove_running(tmp_path)
    assert read_running(tmp_path) is None


def test_a_damaged_or_foreign_file_names_no_platform(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"url": "x"}', '{"url": "x", "pid": 1, "started": "y", "new": 2}'):
        (tmp_path / "platform.json").write_text(text)
        assert read_running(tmp_path) is None


def test_a_dead_process_is_not_the_platform(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        started = process_started(process.pid)
        assert started
        write_running(tmp_path, Running("http://x", process.pid, started))
        assert find_running(tmp_path) is not None
        process.kill()
        while process_started(process.pid) is not None:  # a zombie, not reaped yet, is dead too
            pass
        assert find_running(tmp_path) is None


def test_another_process_with_the_number_is_not_the_platform(tmp_path: Path) -> None:
    write_running(tmp_path, Running("http://x", os.getpid(), "earlier"))
    assert find_running(tmp_path) is None
    assert not is_same_process(os.getpid(), "earlier")


def test_a_temporary_platform_is_not_to_lean_on(tmp_path: Path) -> None:
    mine = Running("http://x", os.getpid(), process_started(os.getpid()) or "", temporary=True)
    write_running(tmp_path, mine)
    assert mine.alive
    assert find_running(tmp_path) is None
