"""Leases and queues know no clock but the database's."""

import ast
from pathlib import Path

import pytest
import visualnn_shared.jobs
import visualnn_shared.store

MODULES = sorted(
    path
    for package in (visualnn_shared.jobs, visualnn_shared.store)
    for path in Path(str(package.__file__)).parent.glob("*.py")
)
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def _wall_clocks(source: str) -> set[str]:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    return {call for call in calls if any(call == name or call.endswith(f".{name}") for name in WALL)} | {
        f"from {node.module} import {alias.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "datetime")
        for alias in node.names
        if alias.name != "monotonic"
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_module_of_the_lease_reads_a_wall_clock(path: Path) -> None:
    assert _wall_clocks(path.read_text()) == set()


@pytest.mark.parametrize(
    "source",
    ["import time\ntime.time()", "import datetime\ndatetime.datetime.now()", "from time import time\ntime()"],
)
def test_a_planted_wall_clock_is_found(source: str) -> None:
    assert _wall_clocks(source)
