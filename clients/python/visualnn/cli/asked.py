"""What ``convert`` is asked for, looked at before anything is read: options that do nothing are told, not ignored."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def must_be_used(given: Mapping[str, Any], *, verify: bool, initial_weights: bool) -> None:
    """Raises ``Invalid`` with every option of ``given`` that is not None and has no effect without another."""
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    idle = {name: value for name, value in given.items() if value is not None and not verify}
    if initial_weights:
        idle.pop("seed", None)
    problems = []
    for name, value in idle.items():
        drawn = name == "seed"
        needed = "--verify or --initial-weights" if drawn else "--verify"
        problems.append(problem(f"--{name} must come with {needed}", value, field=name, hint=f"add {needed}"))
    if problems:
        raise Invalid("the command", problems)


def must_not_overwrite(written: Mapping[str, Path | None], read: Mapping[str, Path | None]) -> None:
    """Raises ``Invalid`` where a file to write is one that is read, whatever path or link leads to it."""
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    problems = [
        problem(f"{field} must be another file than {origin}", str(path), field=field, hint="choose another name")
        for field, path in written.items()
        for origin, source in read.items()
        if path is not None and source is not None and path.exists() and source.is_file() and path.samefile(source)
    ]
    if problems:
        raise Invalid("the command", problems)
