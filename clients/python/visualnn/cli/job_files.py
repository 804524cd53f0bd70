"""``visualnn jobs files`` and ``jobs fetch``: what a job has left, beside its weights."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, JobArgument

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Artifact


def files(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the files that a job has left: curves, confusion, worst samples, TensorBoard events, ..."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table, say, size

    with connected(data_dir, worker=False) as client:
        found = client.jobs.artifacts(job)
        state = "" if found else client.jobs.get(job).state
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    elif found:
        print_table("", ["=file", ">size"], [(one.name, size(one.size)) for one in found])
        say(f"fetch them with: visualnn jobs fetch {job} [FILE...]")
    else:
        say(f"{job} has no files: it is {state}, and files are there once a job has succeeded")


def fetch(
    job: JobArgument,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="As jobs files lists them; all where none is named.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; made where it is new.", show_default="JOB")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fetch files that a job has left, checked by their sha256; a file that is there is not written over."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import must_be_job

    must_be_job(job)
    folder = out or Path(job)
    with connected(data_dir, worker=False) as client:
        wanted = _wanted(client, job, names or [])
        _must_be_free(wanted, folder)
        found = [client.jobs.artifact(job, one.name, folder / one.name) for one in wanted]
    if as_json:
        print_json([one.model_dump() for one in found])
        return
    for one in found:
        say(one.path)


def _wanted(client: "Client", job: str, names: list[str]) -> "list[Artifact]":
    """The files that are meant. Raises ``Invalid`` with every name that the job has no file of."""
    from visualnn_shared.catalogue.kinds import closest
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    there = {one.name: one for one in client.jobs.artifacts(job)}
    if not there:
        state = client.jobs.get(job).state
        raise Invalid("the command", [problem("only a job that has succeeded has files", state, field="JOB")])
    see = f"see: visualnn jobs files {job}"
    rule = "FILE must be one that the job has left"
    problems = [
        problem(rule, name, field="FILE", hint=closest(name, list(there)) or see) for name in names if name not in there
    ]
    if problems:
        raise Invalid("the command", problems)
    return [there[name] for name in dict.fromkeys(names or there)]


def _must_be_free(wanted: "list[Artifact]", folder: Path) -> None:
    """Raises ``Invalid`` with every other file that would be written over, or where the folder is a file."""
    from visualnn_shared.errors import Invalid
    from visualnn_shared.spec.problem import problem

    problems: list[Any] = []
    if folder.exists() and not folder.is_dir():
        problems.append(problem("the folder to write to must not be a file", str(folder), field="--out"))
    for one in wanted:
        file = folder / one.name
        if file.is_dir() or (file.is_file() and _sha256(file) != one.sha256):
            rule = "a file that is there is not written over"
            problems.append(problem(rule, str(file), field="--out", hint="name another folder"))
    if problems:
        raise Invalid("the command", problems)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
