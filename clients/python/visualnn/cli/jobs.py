"""``visualnn jobs``: what was asked of the platform, and how it went."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, JobArgument
from visualnn.cli.saving import Format

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Job

app = typer.Typer(name="jobs", help="List, watch, compare, cancel and resume jobs.")


@app.callback(invoke_without_command=True)
def list_jobs(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only jobs in this state.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the newest jobs."""
    if context.invoked_subcommand is not None:
        return
    from itertools import islice

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table, say

    with connected(data_dir, worker=False) as client:
        found = list(islice(client.jobs.list(state=state, limit=min(limit, 100)), limit))
        names = {} if as_json else _names(client, found)
    if as_json:
        print_json([job.model_dump(mode="json") for job in found])
        return
    rows = [(job.id, job.kind, _state(job), _what(job, names)) for job in found]
    print_table("", ["=job", "kind", "=state", "model and data set"], rows)
    for job in found:
        if _note(job):
            say(f"{job.id}  {_note(job)}")


@app.command()
def show(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show one job: state, metrics, what was chosen, its error and the next step."""
    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        _show(client.jobs.get(job), as_json=as_json)


@app.command()
def cancel(
    job: JobArgument,
    wait: Annotated[float, typer.Option(help="Seconds to wait until the process that does the work is gone.")] = 60,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """End a job: returns when the process that did the work is gone, and says what memory that gave back."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import say

    with connected(data_dir, worker=False) as client:
        ended = client.jobs.cancel(job, wait_s=wait)
        freed = client.jobs.freed(job) if ended.final else {}
    _show(ended, as_json=as_json)
    if freed and not as_json:
        device = f", {freed['device_memory_mb']:,} MiB of device memory" if "device_memory_mb" in freed else ""
        say(f"  freed {freed['memory_mb']:,} MiB of memory{device}")


@app.command()
def delete(job: JobArgument, data_dir: DataDir = None) -> None:
    """Delete a job that has ended, with its weights and everything else that it left."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import say

    with connected(data_dir, worker=False) as client:
        client.jobs.delete(job)
    say(f"{job}  deleted")


@app.command()
def resume(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Queue a failed or cancelled job again; it goes on from its last checkpoint."""
    from visualnn.cli.connect import connected

    with connected(data_dir, worker=False) as client:
        _show(client.jobs.resume(job), as_json=as_json)


@app.command()
def reproduce(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Train again exactly as JOB did, wait, and compare; exit status 1 where the two ended differently."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, print_table, say
    from visualnn.cli.waiting import wait_or_cancel

    with connected(data_dir) as client:
        ended = wait_or_cancel(client, client.jobs.reproduce(job), f"training {job} again")
        found = client.jobs.reproduction(ended.id)
    if as_json:
        print_json(found)
    else:
        say(f"{ended.id} repeats {job}: {found['verdict'] or 'not comparable'}")
        rows = [(one["what"], str(one["before"]), str(one["after"])) for one in found["conditions"] + found["results"]]
        if rows:
            print_table("what differs", ["what", "before", "now"], rows)
    if found["verdict"] == "different":
        raise typer.Exit(1)


@app.command()
def wait(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Watch a job until it has ended; Ctrl-C leaves it running."""
    from visualnn.cli.connect import connected
    from visualnn.cli.progress import JobProgress

    with connected(data_dir) as client, JobProgress(job) as progress:
        ended = client.jobs.wait(job, on_event=progress.on_event)
    _show(ended, as_json=as_json)


@app.command()
def events(job: JobArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print everything a job says until it has ended; with --json one JSON document a line."""
    import json

    from visualnn.cli.connect import connected
    from visualnn.cli.output import say

    with connected(data_dir) as client:
        for event in client.jobs.events(job):
            data = json.dumps(event.data)
            say(event.model_dump_json() if as_json else f"{event.id:>6}  {event.kind:<8} {data}")


@app.command()
def weights(
    job: JobArgument,
    out: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    format: Format = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the weights of a succeeded train job, checked by their sha256."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.saving import chosen_format, must_be_writable

    chosen = chosen_format(out, format, "FILE")
    must_be_writable(out, "FILE")
    with connected(data_dir, worker=False) as client:
        found = client.jobs.weights(job, out, format=chosen)
    if as_json:
        print_json(found.model_dump())
    else:
        say(f"{found.path}: {found.size:,} bytes, sha256 {found.sha256}")


def _show(job: "Job", *, as_json: bool) -> None:
    from visualnn.cli.output import number, print_json, say

    if as_json:
        print_json(job.model_dump(mode="json"))
        return
    say(f"{job.id}  {job.kind}  {job.state}  {job.progress:.0%}  attempt {job.attempt}")
    for name, value in job.metrics.items():
        say(f"  {name:<24} {number(value)}")
    for field, one in (job.chosen or {}).items():
        say(f"  chose {field} = {one.get('value')}: {one.get('why')}")
    for one in job.warnings:
        say(f"  warning: {one['rule']}; received {one['received']}; {one['hint']}")
    if _note(job):
        say(f"  {_note(job)}")


def _state(job: "Job") -> str:
    return f"{job.state} {job.progress:.0%}" if job.state == "running" else job.state


def _what(job: "Job", names: dict[str, str]) -> str:
    """The model on the data set, as far as the job has them."""
    return " on ".join(names.get(one, one) for one in (_model(job), job.dataset) if one)


def _model(job: "Job") -> str:
    return str(job.model["id"]) if job.model else ""


def _names(client: "Client", jobs: "list[Job]") -> dict[str, str]:
    """Id -> name of the models and data sets of the jobs; what was deleted keeps its id."""
    from visualnn.errors import ApiError

    found = {}
    for get, ids in (
        (client.models.get, {_model(job) for job in jobs}),
        (client.datasets.get, {job.dataset for job in jobs}),
    ):
        for one in filter(None, ids):
            try:
                found[one] = get(one).name
            except ApiError as error:
                if error.status != 404:
                    raise
    return found


def _note(job: "Job") -> str:
    error: dict[str, Any] = job.error or {}
    if error:
        text = f"{error.get('class')}: {error.get('detail')}"
        return f"{text}; next: {error['next_step']}" if error.get("next_step") else text
    if job.cancel_requested and not job.final:
        return "cancelling"
    if job.waiting_for and job.waiting_since:
        return f"waiting since {job.waiting_since} for {job.waiting_for}"
    return job.waiting_for or ""
