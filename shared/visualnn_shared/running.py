"""Which platform runs on a data folder: written by the launcher, read by every command that looks for a server."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

_FILE = "platform.json"


@dataclass(frozen=True, slots=True)
class Running:
    """What ``platform.json`` tells."""

    url: str
    pid: int
    started: str
    """When process ``pid`` started (see ``process_started``): a later process with its number is another one."""
    temporary: bool = False
    """Started for one command, and gone when that command ends: others do not lean on it."""
    parts: dict[str, int] = field(default_factory=dict)
    """Part -> process id."""
    parts_started: dict[str, str] = field(default_factory=dict)
    """Part -> when that process started."""

    @property
    def alive(self) -> bool:
        return is_same_process(self.pid, self.started)


def read_running(data_dir: Path) -> Running | None:
    """The platform that the folder names, alive or not; None where there is none or the file is damaged."""
    try:
        known = json.loads((data_dir / _FILE).read_text("utf-8"))
        return Running(**known)
    except (OSError, ValueError, TypeError):
        return None


def find_running(data_dir: Path) -> Running | None:
    """The platform that runs on this folder now and stays, or None."""
    running = read_running(data_dir)
    return running if running is not None and running.alive and not running.temporary else None


def write_running(data_dir: Path, running: Running) -> None:
    """Replace ``platform.json`` at once, readable by its owner alone."""
    new = data_dir / f"{_FILE}.{os.getpid()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(running), file)
    new.replace(data_dir / _FILE)


def remove_running(data_dir: Path) -> None:
    (data_dir / _FILE).unlink(missing_ok=True)


def is_same_process(pid: int, started: str) -> bool:
    """Whether process ``pid`` lives and is the one that started then."""
    return process_started(pid) == started


def process_started(pid: int) -> str | None:
    """A mark that two processes with one number do not share; None where no such process lives.

    On Linux the boot's id and the start in clock ticks since boot (field 22 of ``/proc/PID/stat``, see proc(5));
    elsewhere what ``ps`` says, to the second.
    """
    if sys.platform != "linux":
        return _started_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()  # the name before it may hold spaces and parentheses
    if fields[0] in (b"Z", b"X"):
        return None
    return f"{boot[:8]}-{int(fields[19])}"


def _started_by_ps(pid: int) -> str | None:
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None
