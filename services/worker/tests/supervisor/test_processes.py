"""Children that an earlier worker left are killed, and nobody else."""

import json
import os
import subprocess
import sys

import pytest
from visualnn_worker.supervisor import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="identities come from /proc")


@pytest.fixture
def sleeper():
    child = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield child
    child.kill()
    child.wait()


def leave(folder, pid, **changed):
    path = folder / f"{pid}.json"
    scratch = folder / f"{processes.SCRATCH}{pid}"
    scratch.mkdir()
    (scratch / "data.npz").write_bytes(b"a copy of a data set")
    found = processes.record(pid, scratch) | {"worker": 2**22 + 1, "worker_start": 1} | changed
    path.write_text(json.dumps(found))
    path.with_suffix(".order").write_text("{}")


def test_a_child_whose_worker_is_gone_is_killed_and_forgotten(tmp_path, sleeper):
    leave(tmp_path, sleeper.pid)
    assert processes.kill_leftovers(tmp_path) == [sleeper.pid]
    assert sleeper.wait(10) == -9
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"start": 1},  # another process has the number now
        {"worker": os.getpid(), "worker_start": processes.start_ticks(os.getpid())},  # its worker lives
        {"place": "another boot or another container"},
    ],
    ids=["number used again", "worker lives", "elsewhere"],
)
def test_other_processes_are_left_alone(tmp_path, sleeper, changed):
    leave(tmp_path, sleeper.pid, **changed)
    assert processes.kill_leftovers(tmp_path) == []
    assert sleeper.poll() is None


def test_only_a_folder_that_is_a_childs_is_removed(tmp_path, sleeper):
    other = tmp_path / "somebody's"
    other.mkdir()
    leave(tmp_path, sleeper.pid, scratch=str(other))
    processes.kill_leftovers(tmp_path)
    assert other.exists()


def test_files_that_are_no_records_are_left_alone(tmp_path):
    (tmp_path / "1.json").write_text("half writ")
    assert processes.kill_leftovers(tmp_path) == []


def test_a_process_that_ended_has_no_start():
    child = subprocess.Popen(["true"])
    processes.wait_unreaped(child.pid, 10)
    assert processes.start_ticks(child.pid) is None  # a zombie counts as gone
    child.wait()
