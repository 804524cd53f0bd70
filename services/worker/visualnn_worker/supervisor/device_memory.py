"""How much of the accelerators' memory is in use, asked from NVIDIA's own program; nothing where it is not there."""

import shutil
import subprocess

_ASK = ("--format=csv,noheader,nounits",)


def used_mb(pid: int | None = None) -> int | None:
    """MiB in use on all devices together, by the process ``pid`` where one is given; None where it cannot be told."""
    question = "--query-gpu=memory.used" if pid is None else "--query-compute-apps=pid,used_memory"
    rows = _ask(question)
    if rows is None:
        return None
    mine = [row for row in rows if pid is None or row[0] == str(pid)]
    return sum(int(row[-1]) for row in mine if row[-1].isdecimal())


def total_mb() -> int | None:
    """MiB of the smallest device; None where there is none."""
    rows = _ask("--query-gpu=memory.total")
    return min((int(row[0]) for row in rows or () if row[0].isdecimal()), default=None)


def _ask(question: str) -> list[list[str]] | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run([program, question, *_ASK], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    return [[cell.strip() for cell in line.split(",")] for line in done.stdout.splitlines() if line.strip()]
