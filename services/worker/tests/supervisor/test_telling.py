"""What an error says beyond its cause, from orders and checkpoints alone; and memory as the supervisor sees it."""

import os
import signal
import stat
import subprocess
import sys

import pytest
from visualnn_shared.jobs.model import ErrorClass, JobError, may_go_on
from visualnn_worker.supervisor import device_memory, memory
from visualnn_worker.supervisor.endings import death, lost_touch, too_big, too_long
from visualnn_worker.supervisor.telling import STATE, told

from services.worker.tests.desk import Desk, class_data, small_spec

NET = small_spec({"name": "wide", "type": "Dense", "params": {"units": 50_000}})
KEPT = {STATE: {"key": "jobs/j/1/checkpoint-2/state.safetensors", "size": 1, "sha256": "0" * 64, "epoch": 3,
                "batch": 5, "best_epoch": 2}}  # fmt: skip


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    at = Desk(tmp_path_factory.mktemp("desk"), class_data())
    return lambda **more: at.order("train", NET, params={"batch_size": 4096}, memory_limit_mb=800, **more)


def test_a_time_limit_names_the_checkpoint_that_is_kept(order):
    error = told(too_long(30), order(), KEPT)
    assert error.code == "time-limit"
    assert error.checkpoint == {"key": KEPT[STATE]["key"], "epoch": 3, "batch": 5, "best_epoch": 2}
    assert "after epoch 3 and 5 batches of the next, with the weights of the best epoch so far, 2" in error.detail
    assert error.as_json()["checkpoint"]["epoch"] == 3
    assert error.next_step.startswith("Resume it")
    assert may_go_on("train", error.as_json())


def test_without_a_checkpoint_that_is_said(order):
    error = told(too_long(30), order(), None)
    assert "no checkpoint had been written yet" in error.detail
    assert "esume" not in error.next_step
    assert not may_go_on("train", error.as_json())


def test_what_is_tried_again_says_nothing_of_checkpoints(order):
    assert told(lost_touch(), order(), KEPT) == lost_touch()


@pytest.mark.parametrize(
    ("error", "limit_mb", "least", "most"),
    [
        (too_big(800, "received 900 MiB"), 800, 500, 2048),
        (too_big(610, "received 900 MiB"), 610, 1, 100),
        (too_big(300, "received 900 MiB"), 300, 0, 0),
        (JobError(ErrorClass.RESOURCE, "out-of-memory", "killed", "Less."), 10**6, 2048, 2048),
    ],
)
def test_lack_of_memory_names_a_batch_that_is_smaller_and_fits_by_the_estimate(order, error, limit_mb, least, most):
    found = told(error, order().model_copy(update={"memory_limit_mb": limit_mb}), None)
    assert found.largest_batch_size is not None
    assert least <= found.largest_batch_size <= most
    assert ("no batch fits" in found.next_step.lower()) is (most == 0)
    assert most or "smaller batch_size" not in found.next_step
    assert "by the estimate it needs" in found.next_step


@pytest.mark.parametrize(
    ("code", "line", "limit", "expected"),
    [
        (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", None, "out-of-memory"),
        (-signal.SIGABRT, "terminate called after throwing an instance of 'std::bad_alloc'", 500, "memory-limit"),
        (-signal.SIGSEGV, "mmap: Cannot allocate memory", 500, "memory-limit"),
        (-signal.SIGABRT, "assertion failed", 500, "child-died"),
        (-signal.SIGTERM, "std::bad_alloc", 500, "child-died"),
    ],
)
def test_a_death_by_a_refused_request_is_classed(code, line, limit, expected):
    assert death(code, out_of_memory=False, last_lines=["before", line], limit_mb=limit).code == expected


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux'")
def test_the_kernel_refuses_what_goes_far_beyond_the_cap():
    code = "import sys; sys.stdin.read(1); bytearray(4 << 30)"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert memory.held_bytes(child.pid) > 0
    memory.cap(child.pid, 64 * memory.MIB)
    _, said = child.communicate(b"x", timeout=60)
    assert child.returncode == 1
    assert b"MemoryError" in said
    assert memory.held_bytes(child.pid) == 0


def test_device_memory_is_asked_of_its_own_program(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\ncase $1 in\n*compute-apps*) echo '41, 1500'; echo '42, 700';;\n*used*) echo 2300; echo 10;;\n"
        "*total*) echo 143771; echo 81559;;\nesac\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert (device_memory.used_mb(), device_memory.used_mb(42), device_memory.total_mb()) == (2310, 700, 81559)
    program.write_text("#!/bin/sh\nexit 9\n")
    assert (device_memory.used_mb(), device_memory.total_mb()) == (None, None)
