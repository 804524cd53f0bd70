"""Where a command writes a file: looked at before the work begins, and told how to go on where it fails after all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from visualnn_shared.training.weights import WeightsFormat, format_of

Format = Annotated[
    WeightsFormat | None,
    typer.Option(help="Of the weights file.", show_default="by the file's ending, else safetensors"),
]


def chosen_format(file: Path | None, format: WeightsFormat | None, field: str) -> WeightsFormat:
    """The format asked for, else that of the file's ending, else safetensors. Raises ``Invalid`` where they differ."""
    told = format_of(file.name) if file is not None else None
    if format is not None and told is not None and told != format:
        from visualnn_shared.errors import Invalid
        from visualnn_shared.spec.problem import problem

        rule = f"the file's ending and --format must be of one format; --format is {format}, the ending is of {told}"
        raise Invalid("the command", [problem(rule, str(file), field=field, hint="leave --format out")])
    return format or told or WeightsFormat.SAFETENSORS


def must_be_writable(file: Path, field: str) -> None:
    """Raises ``Invalid`` where ``file`` cannot be made or replaced: a command must not find that out after an hour."""
    folder, hint = file.parent, None
    if file.is_dir():
        rule, hint = "the file to write must not be a folder", "name a file in it"
    elif file.exists() and not file.is_file():
        rule = "the file to write must not be a device or a pipe"
    elif not folder.is_dir():
        rule, hint = "the file to write must be in a folder that exists", f"make it first: mkdir -p {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        rule = "the file to write must be in a folder that you may write to"
    else:
        return
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    raise Invalid("the command", [problem(rule, str(file), field=field, hint=hint)])


def must_be_free(folder: Path, field: str) -> None:
    """Raises ``Invalid`` where a new folder cannot be made: it is there and not empty, or is a file."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if not folder.exists():
        must_be_writable(folder, field)
        return
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    raise Invalid("the command", [problem("the folder to write must be new, or empty", str(folder), field=field)])


def write_folder(folder: Path, data: bytes) -> None:
    """The files of a zip that we made, all or none."""
    from tempfile import TemporaryDirectory

    from visualnn_standalone.saved import unpack

    with TemporaryDirectory(dir=folder.parent) as made:
        new = Path(made) / "new"
        unpack(data, new)
        new.replace(folder)


def write_whole(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    new = path.with_name(path.name + ".part")
    new.write_bytes(data)
    new.replace(path)


@contextmanager
def fetching(job: str, format: WeightsFormat) -> Iterator[None]:
    """Says how the weights of the finished ``job`` can still be had where saving them fails."""
    from visualnn.cli.output import note

    try:
        yield
    except Exception:
        note(f"job {job} has succeeded; fetch its weights with: visualnn jobs weights {job} FILE --format {format}")
        raise
