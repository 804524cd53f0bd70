"""A child as its supervisor sees it: spawned in a session of its own, fed one order, killed as a group, reaped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from visualnn_worker.order import JobOrder
from visualnn_worker.page import create
from visualnn_worker.supervisor import processes
from visualnn_worker.supervisor.memory import oom_kills

_QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "PYTHONUNBUFFERED": "1",
}
"""Environment of a child, where the user has set nothing else."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Reading ends: messages, and what the child prints."""

    say: int
    out: int
    err: int


class ChildProcess:
    """One child, from spawn to reaping. Make and use it in the main thread: the child's life is tied to that one."""

    def __init__(self, run_dir: Path) -> None:
        """Spawn it; it loads Keras and waits. Raises ``OSError``."""
        self._folder = run_dir / "children"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._oom_kills = oom_kills()
        self._scratch = Path(tempfile.mkdtemp(prefix=processes.SCRATCH))
        page_fd, self.page = create()
        say, say_child = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "visualnn_worker.child", "--page", str(page_fd), "--say", str(say_child),
                 "--parent", str(os.getpid())],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                pass_fds=(page_fd, say_child), start_new_session=True,
                env={**_QUIET, **os.environ, "TMPDIR": str(self._scratch)},
            )  # fmt: skip
        except OSError:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        finally:
            os.close(page_fd)
            os.close(say_child)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.streams = Streams(say, self._process.stdout.fileno(), self._process.stderr.fileno())
        for fd in (say, self.streams.out, self.streams.err):
            os.set_blocking(fd, False)
        self._record = self._folder / f"{self.pid}.json"
        self._record.write_text(json.dumps(processes.record(self.pid, self._scratch)))
        self._order: Path | None = None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    def order(self, order: JobOrder, deadline_ns: int) -> None:
        """Give it its one job. The order goes through a file, because a pipe may not take a large spec at once."""
        self.page.deadline_ns = deadline_ns
        self._order = self._folder / f"{self.pid}.order"
        self._order.write_text(order.model_dump_json())
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has died; whoever waits for it will see
            self._process.stdin.write(f"{self._order}\n".encode())
            self._process.stdin.close()

    def ended(self) -> bool:
        """Whether it has ended; it may still have to be reaped."""
        if self._process.returncode is not None:
            return True
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def end(self, timeout_s: float, grace_s: float = 0.0) -> int | None:
        """Kill its group and reap it: its return code, or None where the kernel did not end it in time.

        SIGKILL at once: the child handles no signal, and what it writes is whole or not there. ``grace_s`` lets a
        child that said it is done leave by itself.
        """
        if self._process.returncode is None:
            if grace_s and not self.ended():
                self._wait(grace_s, reap=False)
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)  # before reaping, while the number is surely its own
            self._wait(timeout_s, reap=True)
        if self._process.returncode is None:
            return None
        self._release()
        return self._process.returncode

    def was_out_of_memory(self) -> bool:
        """Whether the kernel has killed something for lack of memory since the spawn."""
        return oom_kills() > self._oom_kills

    def _wait(self, timeout_s: float, *, reap: bool) -> None:
        if reap:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
            return
        processes.wait_unreaped(self.pid, timeout_s)

    def _release(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        with suppress(OSError):
            os.close(self.streams.say)
        self._record.unlink(missing_ok=True)
        if self._order is not None:
            self._order.unlink(missing_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)
