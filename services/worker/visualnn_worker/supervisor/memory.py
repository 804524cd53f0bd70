"""The memory of a child: what it holds, what it may hold, and whether the kernel has killed for lack of it. Linux."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from visualnn_worker.child.devices import machine_bytes

MIB = 2**20
_SLACK = 512 * MIB
_STACK = 8 * MIB

_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def oom_kills() -> int:
    """How many processes it has killed so, in this process' control group where that counts, else on the machine."""
    for path in _files():
        try:
            found = _COUNT.search(path.read_text())
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0


def _files() -> list[Path]:
    groups = []
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _number, controllers, path = line.split(":", 2)
            if not controllers:
                groups.append(Path(f"/sys/fs/cgroup{path}/memory.events"))
            elif "memory" in controllers.split(","):
                groups.append(Path(f"/sys/fs/cgroup/memory{path}/memory.oom_control"))
    except (OSError, ValueError):
        pass
    return [*groups, Path("/proc/vmstat")]


def held_bytes(pid: int) -> int:
    """What the process holds of the machine's memory now; 0 where that cannot be seen."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def cap(pid: int, limit: int) -> None:
    """Let the kernel refuse what goes far beyond ``limit``, so that one large request ends the job, not the machine.

    What is asked for and never used counts there too, so there is slack; the supervisor's own look is the exact one.
    """
    if sys.platform != "linux":
        return
    import resource

    threads = 4 * (os.cpu_count() or 1)  # pools that have still to be made, each thread with its stack
    with suppress(OSError, ValueError):
        mapped = max(_status(pid, "VmData") - held_bytes(pid), 0)
        most = limit + mapped + _SLACK + threads * _STACK
        resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


def available_bytes() -> int:
    """What this machine, or this control group, has for all processes together."""
    return machine_bytes()


def _status(pid: int, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
