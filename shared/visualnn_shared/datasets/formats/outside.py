"""Files that a library in C reads are opened by a process of its own: a damaged one can hang or end the library.

The process is ``python -m MODULE SOURCE TARGET BYTES SECONDS``; it writes an npz to TARGET, and to stdout one JSON
document: ``{"problems": [[rule, received, field, hint]], "notes": []}``.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from visualnn_shared.datasets.findings import Findings
from visualnn_shared.datasets.limits import Limits

_SECONDS = 30
_PACE = 10 * 2**20  # bytes a second, at least
_MEMORY = 2**31  # bytes beyond the arrays
Problem = tuple[str, Any, str | None, str | None]
Work = Callable[[Path, Path, int], tuple[list[Problem], list[str]]]
"""Source, target, largest size of all arrays; what is wrong, and what was left out."""


def packed(module: str, what: str, source: Path, target: Path, limits: Limits) -> tuple[str, ...]:
    """Have ``module`` write the npz; its notes. Raises DatasetInvalid."""
    findings = Findings()
    seconds = _SECONDS + limits.expanded_bytes // _PACE
    command = [
        sys.executable, "-P", "-m", module, str(source), str(target), str(limits.expanded_bytes), str(seconds),
    ]  # fmt: skip
    told = b""
    try:
        told = subprocess.run(command, capture_output=True, timeout=seconds, check=True).stdout
    except subprocess.TimeoutExpired:
        findings.add(f"the {what} file must be readable within {seconds} seconds", "not read")
    except subprocess.CalledProcessError as error:
        findings.add(f"the {what} file must be whole", f"its reader ended with {error.returncode}")
    findings.raise_any()
    answer = json.loads(told)
    for rule, received, field, hint in answer["problems"]:
        findings.add(rule, received, field=field, hint=hint)
    findings.raise_any()
    return tuple(answer["notes"])


def serve(work: Work) -> None:
    """In the process: bound its time and memory, do the work, tell the outcome."""
    source, target, limit, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY + limit, _MEMORY + limit))
    problems, notes = work(source, target, limit)
    json.dump({"problems": problems[:50], "notes": notes[:20]}, sys.stdout)
