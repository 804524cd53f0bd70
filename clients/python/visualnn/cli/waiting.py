"""Waiting for a job, with Ctrl-C as a request to cancel it."""

import time
from typing import TYPE_CHECKING

import typer

from visualnn.cli.output import note
from visualnn.cli.progress import JobProgress
from visualnn.errors import NoSuchWorker, ServerUnreachable

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Job

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
_STARTING_S = 15.0
"""What a worker may take to come online before its absence is told."""
_LOOK_S = 0.5
_COORDINATING = ("tune", "ensemble")
"""Kinds of jobs whose work is done by train jobs."""
_TRAINING = ("seeds", "snapshots", "average")
"""Methods of an ensemble that train."""


def wait_or_cancel(client: "Client", job: "Job", title: str, told: str | None = None) -> "Job":
    """The job when it has succeeded. Its id and its warnings are told first, so that it can be followed elsewhere.

    ``told`` is what the line says of it, where that is not the bar's ``title``. Ctrl-C cancels it and waits until its
    worker has stopped.

    Raises ``NoSuchWorker``, ``JobFailed``, ``JobCancelled`` (by somebody else), and ``typer.Exit`` with status 130
    after a Ctrl-C.
    """
    note(f"job {job.id}: {told or title}, {client.url}")
    for one in job.warnings:
        note(f"warning: {one['rule']}; received {one['received']}; {one['hint']}")
    try:
        with JobProgress(title) as progress:
            _tell_why_it_waits(client, job)
            return client.jobs.wait(job.id, on_event=progress.on_event)
    except KeyboardInterrupt:
        note(f"cancelling job {job.id} (Ctrl-C again leaves without waiting)")
        _cancel(client, job)
        raise typer.Exit(INTERRUPTED) from None
    except ServerUnreachable:
        note(f"job {job.id} goes on where its server does; follow it with: visualnn jobs wait {job.id}")
        raise


def _tell_why_it_waits(client: "Client", job: "Job") -> None:
    """A note where no worker takes the job; a worker that is just starting needs none.

    Raises ``NoSuchWorker`` where none can come, and cancels the job.
    """
    until = time.monotonic() + _STARTING_S
    while (job.waiting_for or _asks_for_trainings(client, job)) and time.monotonic() < until:
        time.sleep(_LOOK_S)
        job = client.jobs.get(job.id)
    if not job.waiting_for:
        return
    if client.alone and (job.kind in _COORDINATING or (job.state == "queued" and job.attempt == 0)):
        client.jobs.cancel(job.id)
        raise NoSuchWorker(job.waiting_for)
    note(f"job {job.id} waits: {job.waiting_for}")


def _asks_for_trainings(client: "Client", job: "Job") -> bool:
    """Whether a search or an ensemble is about to queue its trainings: until then it cannot say what they wait for."""
    if job.final or job.kind not in _COORDINATING:
        return False
    told = client.jobs.trials(job.id)["trials"] if job.kind == "tune" else client.jobs.members(job.id)["trainings"]
    return not told and (job.kind == "tune" or job.params.get("method", "seeds") in _TRAINING)


def _cancel(client: "Client", job: "Job") -> None:
    from visualnn.errors import ApiError

    try:
        client.jobs.cancel(job.id)
    except ApiError as error:
        if error.status != 409:  # it has ended by itself
            raise
    note(f"job {job.id} is {client.jobs.wait(job.id, check=False).state}")
