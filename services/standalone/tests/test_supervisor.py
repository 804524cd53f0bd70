import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from visualnn_shared.running import process_started
from visualnn_standalone.errors import PartFailed
from visualnn_standalone.part import Part
from visualnn_standalone.supervisor import Patience, Supervisor

QUICK = Patience(first_s=0.05, most_s=0.2, deaths=3, within_s=30, grace_s=2)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def python(name: str, code: str, folder: Path, **how: object) -> Part:
    return Part(name, (sys.executable, "-c", code), folder / f"{name}.log", **how)  # type: ignore[arg-type]


def until(true: Callable[[], object], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def started() -> Iterator[Callable[..., tuple[Supervisor, list[str]]]]:
    made: list[Supervisor] = []

    def start(*parts: Part, patience: Patience = QUICK) -> tuple[Supervisor, list[str]]:
        said: list[str] = []
        supervisor = Supervisor(parts, said.append, patience=patience)
        made.append(supervisor)
        supervisor.start()
        until(lambda: len(supervisor.processes()) == len(parts) or supervisor.wait(0))
        return supervisor, said

    yield start
    for one in made:
        one.stop(at_once=True)


Start = Callable[..., tuple[Supervisor, list[str]]]


def test_a_stop_ends_every_part_and_returns_when_none_is_left(started: Start, tmp_path: Path) -> None:
    supervisor, _ = started(*(python(name, "import time; time.sleep(60)", tmp_path) for name in ("a", "b")))
    pids = [process.pid for process in supervisor.processes().values()]
    supervisor.stop()
    assert [process_started(pid) for pid in pids] == [None, None]
    assert supervisor.failure is None


def test_a_part_that_ignores_sigterm_is_killed_after_its_grace(started: Start, tmp_path: Path) -> None:
    supervisor, _ = started(python("stubborn", STUBBORN, tmp_path), patience=Patience(grace_s=0.3))
    until(lambda: "up" in (tmp_path / "stubborn.log").read_text())
    pid = supervisor.processes()["stubborn"].pid
    began = time.monotonic()
    supervisor.stop()
    assert process_started(pid) is None
    assert 0.25 < time.monotonic() - began < 5


def test_a_hurried_stop_waits_for_nobody(started: Start, tmp_path: Path) -> None:
    supervisor, _ = started(python("stubborn", STUBBORN, tmp_path), patience=Patience(grace_s=60))
    until(lambda: "up" in (tmp_path / "stubborn.log").read_text())
    began = time.monotonic()
    supervisor.stop(at_once=True)
    assert time.monotonic() - began < 5


def test_the_last_part_outlives_the_others(started: Start, tmp_path: Path) -> None:
    note_end = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open(sys.argv[0] and {path!r}, 'a').write({name!r}); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    order = tmp_path / "order"
    broker = python("broker", note_end.format(path=str(order), name="b"), tmp_path, last=True)
    worker = python("worker", note_end.format(path=str(order), name="w"), tmp_path)
    supervisor, _ = started(broker, worker)
    until(lambda: all("up" in (tmp_path / f"{name}.log").read_text() for name in ("broker", "worker")))
    supervisor.stop()
    assert order.read_text() == "wb"


def test_a_part_that_dies_is_started_again_and_that_is_said(started: Start, tmp_path: Path) -> None:
    supervisor, said = started(python("a", "import time; time.sleep(60)", tmp_path))
    first = supervisor.processes()["a"].pid
    os.kill(first, signal.SIGKILL)
    until(lambda: "a" in supervisor.processes() and supervisor.processes()["a"].pid != first)
    assert "a was ended by SIGKILL; starting it again in 0.05 s" in said[0]
    assert str(tmp_path / "a.log") in said[0]


def test_a_part_that_keeps_dying_ends_all_with_its_log(started: Start, tmp_path: Path) -> None:
    supervisor, said = started(
        python("good", "import time; time.sleep(60)", tmp_path),
        python("bad", "raise SystemExit('no such database')", tmp_path),
    )
    until(lambda: supervisor.wait(0))
    assert isinstance(supervisor.failure, PartFailed)
    assert supervisor.failure.part == "bad"
    assert "ended with status 1 again and again" in supervisor.failure.detail
    assert str(tmp_path / "bad.log") in supervisor.failure.detail
    assert "no such database" in supervisor.failure.detail
    assert supervisor.processes() == {}
    assert len(said) == QUICK.deaths - 1


def test_waits_double_up_to_the_most() -> None:
    patience = Patience(first_s=0.5, most_s=3)
    assert [patience.wait_s(deaths) for deaths in (1, 2, 3, 4, 9)] == [0.5, 1, 2, 3, 3]


def test_a_part_waits_until_the_one_before_it_is_ready(started: Start, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    first = python(
        "first",
        f"import time, pathlib; time.sleep(0.5); pathlib.Path({str(ready)!r}).touch(); time.sleep(60)",
        tmp_path,
        ready=ready.exists,
    )
    look = f"import pathlib, time; print(pathlib.Path({str(ready)!r}).exists(), flush=True); time.sleep(60)"
    second = python("second", look, tmp_path)
    started(first, second)
    until(lambda: (tmp_path / "second.log").read_text() == "True\n")


LAUNCH = """
import sys, time
from pathlib import Path
from visualnn_standalone.part import Part
from visualnn_standalone.supervisor import Supervisor
folder = Path(sys.argv[1])
supervisor = Supervisor([Part("a", ("/bin/sleep", "60"), folder / "a.log")], print)
supervisor.start()
while "a" not in supervisor.processes():
    time.sleep(0.01)
time.sleep(0.3)  # past the exec
print(supervisor.processes()["a"].pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ties children to their parent on Linux only")
def test_a_killed_launcher_leaves_nothing_behind(tmp_path: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCH, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    part = int(launcher.stdout.readline())
    assert process_started(part) is not None
    launcher.kill()
    launcher.communicate()
    until(lambda: process_started(part) is None, 5)
