"""What ``convert`` is asked for, looked at before anything is read: options that do nothing are told, not ignored."""

from collections.abc import Mapping
from pathlib import Path


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
