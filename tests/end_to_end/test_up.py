"""``visualnn up`` as a user has it: one command, one Ctrl-C, nothing left behind, and on again where it stopped."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from visualnn import Client

from tests.end_to_end.support import QUICK_TIMERS, processes_of, until, visualnn

PARTS = {"api", "converter", "predictor", "dispatcher", "worker-1", "broker"}


class Up:
    """A started ``visualnn up``."""

    def __init__(self, folder: Path) -> None:
        with (folder.parent / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "visualnn.cli.main", "up", "--port", "0", "--data-dir", str(folder), "--json"],
                env={**os.environ, **QUICK_TIMERS},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, (folder.parent / "up.log").read_text()
        self.ready = json.loads(line)
        self.url = self.ready["url"]

    def end(self, signum: int) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=240)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def up(folder: Path) -> Iterator[Up]:
    started = Up(folder)
    try:
        yield started
    finally:
        started.kill()
        started.process.stdout.close()


def test_one_command_starts_everything_and_one_ctrl_c_ends_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with up(folder) as started:
        assert httpx.get(f"{started.url}/readyz").status_code == 200
        assert started.ready["parts"].keys() == PARTS
        assert len(processes_of(folder)) >= len(PARTS) - 1  # the broker is told nothing
        second = visualnn("up", "--port", "0", "--data-dir", str(folder), cwd=tmp_path)
        assert second.returncode == 2, second.stderr
        assert started.url in second.stderr
        assert str(started.process.pid) in second.stderr
        listed = visualnn("jobs", "--json", "--data-dir", str(folder), cwd=tmp_path)
        assert (listed.returncode, json.loads(listed.stdout)) == (0, []), "other commands find it"
        assert "starting a platform" not in listed.stderr
        for part in ("api", "predictor", "converter"):
            os.kill(started.ready["parts"][part], signal.SIGKILL)
        until(lambda: _ready(started.url), 240, "readiness after three parts died")
        assert "api was ended by SIGKILL; starting it again" in (tmp_path / "up.log").read_text()
        assert started.end(signal.SIGINT) == 0
        assert processes_of(folder) == {}
        assert not any(_alive(pid) for pid in started.ready["parts"].values())
    assert not (folder / "platform.json").exists()


def test_jobs_go_on_after_a_killed_launcher_and_after_an_orderly_end(tmp_path: Path, line: Path) -> None:
    folder = tmp_path / "data"
    with up(folder) as first, Client(first.url) as client:
        data = client.datasets.upload(line)
        long = client.jobs.train("zoo:linear", data, epochs=100_000)
        waiting = client.jobs.train("zoo:linear", data, epochs=2)
        until(lambda: client.jobs.get(long.id).metrics.get("epoch", 0) >= 1, 240, "the first epoch")
        first.kill()
        until(lambda: not any(_alive(pid) for pid in first.ready["parts"].values()), 30, "the end of all parts")
        until(lambda: processes_of(folder) == {}, 30, "the end of the training child")
    with up(folder) as second, Client(second.url) as client:
        assert client.jobs.wait(waiting.id).state == "succeeded"
        until(lambda: client.jobs.get(long.id).attempt == 2, 240, "the second attempt")
        until(lambda: client.jobs.get(long.id).metrics.get("epoch", 0) > 1, 240, "an epoch of it")
        assert second.end(signal.SIGTERM) == 0
        assert processes_of(folder) == {}
    with up(folder) as third, Client(third.url) as client:
        until(lambda: client.jobs.get(long.id).attempt == 3, 240, "the third attempt")
        assert client.jobs.cancel(long.id).cancel_requested
        ended = client.jobs.wait(long.id, check=False)
        assert (ended.state, ended.attempt) == ("cancelled", 3)
        states = [event.data for event in client.jobs.events(long.id) if event.kind == "state"]
        assert [one["error"]["class"] for one in states if one.get("error")] == ["infrastructure"], "the drain is none"
        assert third.end(signal.SIGTERM) == 0


def test_a_host_that_others_reach_is_refused(tmp_path: Path) -> None:
    told = visualnn("up", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "data"), cwd=tmp_path)
    assert told.returncode == 2
    assert "loopback" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    from visualnn_standalone.sockets import listen

    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        told = visualnn("up", "--port", port, "--data-dir", str(tmp_path / "data"), cwd=tmp_path)
    assert told.returncode == 2
    assert f"127.0.0.1:{port}" in told.stderr
    assert "--port" in told.stderr


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    told = visualnn("up", "--data-dir", "/proc/visualnn", cwd=tmp_path)
    assert told.returncode == 2
    assert "/proc/visualnn" in told.stderr
    assert "--data-dir" in told.stderr


def test_a_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    told = visualnn(
        "up", "--port", "0", "--data-dir", str(tmp_path / "data"), cwd=tmp_path,
        env={"VISUALNN_DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:1/nope"},
    )  # fmt: skip
    assert told.returncode == 1
    assert "the database must be there" in told.stderr
    assert "secret" not in told.stderr


def _alive(pid: int) -> bool:
    from visualnn_shared.running import process_started

    return process_started(pid) is not None


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
