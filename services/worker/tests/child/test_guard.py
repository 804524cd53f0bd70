"""Each guard against a child that outlives its lease, in a real process."""

import os
import signal
import subprocess
import sys
import time

import pytest
from visualnn_worker import page
from visualnn_worker.child.guard import EXPIRED, ORPHANED

_CHILD = """
import os, re, sys, time
from visualnn_worker.child.guard import Guard
from visualnn_worker.page import Page
Guard(Page(int(sys.argv[1])), int(sys.argv[2])).start()
print("guarded", flush=True)
{then}
"""
_SLEEP = "time.sleep(60)"
_HOLD_THE_LOCK = "re.match(r'(a|a)*$', 'a' * 60 + 'b')"  # one call of C that takes for ever


def _spawn(then: str, deadline_s: float | None, parent: int | None = None) -> tuple[subprocess.Popen[str], page.Page]:
    fd, shared = page.create()
    if deadline_s is not None:
        shared.deadline_ns = page.boot_ns() + int(deadline_s * 1e9)
    command = [sys.executable, "-c", _CHILD.format(then=then), str(fd), str(parent or os.getpid())]
    child = subprocess.Popen(command, pass_fds=[fd], stdout=subprocess.PIPE, text=True)
    os.close(fd)
    return child, shared


def _output(child: subprocess.Popen[str]) -> tuple[str, int]:
    out, _ = child.communicate(timeout=60)
    return out.strip(), child.returncode


@pytest.fixture(scope="module")
def waiting():
    """Children with a deadline in 5 s, started together, so that it is waited for once; one's deadline moves on."""
    started = {name: _spawn(then, deadline_s=5) for name, then in
               {"asleep": _SLEEP, "holding the lock": _HOLD_THE_LOCK, "moved on": _SLEEP}.items()}  # fmt: skip
    child, shared = started["moved on"]
    assert child.stdout is not None
    assert child.stdout.readline() == "guarded\n"
    shared.deadline_ns = page.boot_ns() + int(60e9)
    yield started
    for child, _ in started.values():
        child.kill()
        child.communicate()


def test_a_deadline_that_has_passed_ends_the_child_before_it_does_anything():
    child, _ = _spawn(_SLEEP, deadline_s=-1)
    assert _output(child) == ("", EXPIRED)


def test_a_child_of_another_parent_ends_itself():
    child, _ = _spawn(_SLEEP, deadline_s=None, parent=1)
    assert _output(child) == ("", ORPHANED)


def test_the_deadline_ends_a_child_that_sleeps(waiting):
    child, _ = waiting["asleep"]
    out, code = _output(child)
    assert out == "guarded"
    assert code in (EXPIRED, -signal.SIGALRM)


def test_the_deadline_ends_a_child_whose_interpreter_lock_is_held(waiting):
    child, _ = waiting["holding the lock"]
    assert _output(child) == ("guarded", -signal.SIGALRM)


def test_a_deadline_that_moves_on_keeps_the_child(waiting):
    waiting["asleep"][0].wait(60)  # had it not moved on, the other would be over too, a second later at most
    child, shared = waiting["moved on"]
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.5)
    shared.deadline_ns = 1  # the past
    assert child.wait(10) == EXPIRED


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ties a child to its parent on Linux only")
def test_a_child_dies_with_a_parent_that_is_killed():
    middle = (
        "import os, subprocess, sys\n"
        "from visualnn_worker import page\n"
        "fd, shared = page.create()\n"
        f"code = {_CHILD.format(then=_SLEEP)!r}\n"
        "child = subprocess.Popen([sys.executable, '-c', code, str(fd), str(os.getpid())], pass_fds=[fd],\n"
        "                         stdout=subprocess.PIPE, start_new_session=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    out = subprocess.run([sys.executable, "-c", middle], stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    pid = int(out.stdout)
    until = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
