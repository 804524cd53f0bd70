"""Whether the kernel has killed processes for lack of memory."""

import re
from pathlib import Path

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
