"""What the tests across services share."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

BRISK_TIMERS = {
    "VISUALNN_JOBS_REAP_S": "0.5",
    "VISUALNN_JOBS_RESEND_S": "1",
    "VISUALNN_JOBS_BACKOFF_S": "0.2",
    "VISUALNN_JOBS_IDLE_CLAIM_S": "0.5",
}
"""Waits shortened that nothing depends on."""

QUICK_TIMERS = {
    **BRISK_TIMERS,
    "VISUALNN_JOBS_HEARTBEAT_S": "1",
    "VISUALNN_JOBS_LEASE_S": "20",
    "VISUALNN_JOBS_WATCHDOG_S": "12",
    "VISUALNN_JOBS_KILL_S": "6",
}
"""Leases shortened too, so that a lost worker is noticed in seconds; as long as a busy machine's pauses allow."""


def visualnn(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "visualnn.cli.main", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def until(true: Callable[[], object], within_s: float = 30, what: str = "it") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come true within {within_s:g} s"
        time.sleep(0.05)


def processes_of(data_dir: Path) -> dict[int, str]:
    """Process id -> command of every live process (no zombies) that was told to work on a data folder."""
    told = f"VISUALNN_DATA_DIR={data_dir}\0".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if told in (entry / "environ").read_bytes() + b"\0" and b") Z " not in (entry / "stat").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found
