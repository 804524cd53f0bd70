"""Process identities that survive reuse of numbers, and what an earlier worker left on this machine."""

import json
import logging
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

SCRATCH = "visualnn-child-"
"""How the name of a child's folder for temporary files begins."""
log = logging.getLogger(__name__)


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (field 22 of proc(5)'s stat); None where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] == "Z" else int(fields[19])


def _place() -> str:
    """This boot of this machine, and this pid namespace: a number means something only there."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return "unknown"


def record(pid: int, scratch: Path) -> dict[str, Any]:
    """What a child's file says: the child, its folder for temporary files, and the worker that it belongs to."""
    own = os.getpid()
    return {
        "place": _place(),
        "pid": pid,
        "start": start_ticks(pid),
        "scratch": str(scratch),
        "worker": own,
        "worker_start": start_ticks(own),
    }


def kill_leftovers(folder: Path) -> list[int]:
    """Kill children whose worker is gone, forget those that are gone too, remove their files; the process ids killed.

    The kernel kills a child with its worker where it can; this is for where it could not.
    """
    killed = []
    for path in sorted(folder.glob("*.json")):
        try:
            found = json.loads(path.read_text())
            mine = found["place"] == _place() != "unknown"
            worker_lives = mine and _same(found["worker"], found["worker_start"])
        except (OSError, ValueError, KeyError):
            continue  # half written by a worker that is starting, or gone by now
        if not mine or worker_lives:
            continue
        if _same(found["pid"], found["start"]):
            log.warning("killing the child %d that an earlier worker left", found["pid"])
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(found["pid"], signal.SIGKILL)
                killed.append(found["pid"])
        if Path(scratch := found.get("scratch", "")).name.startswith(SCRATCH):
            shutil.rmtree(scratch, ignore_errors=True)
        path.unlink(missing_ok=True)
        path.with_suffix(".order").unlink(missing_ok=True)
    return killed


def _same(pid: int, start: int | None) -> bool:
    return start is not None and start_ticks(pid) == start


def wait_unreaped(pid: int, timeout_s: float) -> None:
    """Wait until the child has ended, and leave it to be reaped, so that its number stays its own."""
    until = time.monotonic() + timeout_s
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < until:
        time.sleep(0.01)
