"""``visualnn ensemble``: several trained nets as one, and what that gains."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, Priority, given

if TYPE_CHECKING:
    from visualnn.client import Client
    from visualnn.records import Job

_FILES = ("ensemble.json", "gain.png")


def ensemble(
    model: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="What is trained, as for train; none with --tune and --job."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Argument(metavar="[DATASET]", help="As for train; none with --tune and --job.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="seeds, snapshots (of one training, by cosine cycles) or average (of its weights).",
            show_default="seeds",
        ),
    ] = None,
    members: Annotated[int | None, typer.Option(min=2, help="How many nets.", show_default="5")] = None,
    tune: Annotated[
        str | None, typer.Option(help="A search's job id: its best trials are the members.", show_default=False)
    ] = None,
    job: Annotated[
        list[str] | None, typer.Option(help="A train job that is a member; give several.", show_default=False)
    ] = None,
    at: Annotated[
        list[int] | None,
        typer.Option(help="An epoch after which weights are taken; give several.", min=1, show_default=False),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Of each training.", show_default="10")] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="JSON file of the trainings' recipe.", exists=True, dir_okay=False, show_default=False),
    ] = None,
    monitor: Annotated[
        str | None, typer.Option(help="The metric that says which is the best.", show_default="val_loss")
    ] = None,
    parallel: Annotated[int | None, typer.Option(min=1, help="Trainings at a time.", show_default="4")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for weights, ensemble.json and gain.png.", show_default=False)
    ] = None,
    priority: Priority = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Train MODEL on DATASET several times and make one net of it; trainings run on every worker there is.

    The one net answers with the mean of its members, and is used as a trained one is: register it, evaluate it, fetch
    its weights. Ctrl-C cancels the ensemble and its trainings.
    """
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.saving import must_be_free
    from visualnn.cli.sources import must_be_known
    from visualnn.cli.train import read_recipe

    there = _of_jobs(tune, job)
    if bool(there) == (model is not None or dataset is not None):
        rule = "an ensemble needs MODEL and DATASET, or else --tune JOB or --job JOB --job JOB"
        raise typer.BadParameter(rule, param_hint="MODEL")
    if not there and (model is None or dataset is None):
        raise typer.BadParameter("MODEL needs a DATASET beside it", param_hint="DATASET")
    if there and method is not None:
        raise typer.BadParameter("--tune and --job are methods themselves", param_hint="--method")
    if out is not None:
        must_be_free(out, "--out")
    if model is not None and dataset is not None:
        must_be_known(model=model, dataset=dataset)
    shared = read_recipe(recipe) | ({} if epochs is None else {"epochs": epochs})
    params = there | given(
        method=method, members=members, epochs=at or None, monitor=monitor, parallel=parallel, recipe=shared or None,
        priority=priority,
    )  # fmt: skip
    needed = 1 if there or method in ("snapshots", "average") else min(members or 5, parallel or 4)
    with connected(data_dir, workers=min(needed, os.cpu_count() or 1)) as client:
        result = _ensemble(client, model, dataset, params, out)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _of_jobs(tune: str | None, job: list[str] | None) -> dict[str, Any]:
    """What the params say of members that are there."""
    if tune is not None and job:
        raise typer.BadParameter("must be given without --job", param_hint="--tune")
    if tune is not None:
        return {"method": "top_k", "tune": tune}
    return {"method": "jobs", "jobs": job} if job else {}


def _ensemble(
    client: "Client", model: str | None, dataset: str | None, params: dict[str, Any], out: Path | None
) -> dict[str, Any]:
    from visualnn.cli.sources import named_model, stored_dataset
    from visualnn.cli.waiting import wait_or_cancel

    if model is None or dataset is None:
        job, title = client.jobs.ensemble(**params), "an ensemble of trained nets"
    else:
        name, wanted = named_model(client, model)
        data = stored_dataset(client, dataset)
        job, title = client.jobs.ensemble(wanted, data, **params), f"an ensemble of {name} on {data.name}"
    ended = wait_or_cancel(client, job, title)
    files = [] if out is None else _fetched(client, ended, out)
    told = client.jobs.members(ended.id)
    network = {"model": None if ended.model is None else ended.model["id"]}
    return {"job": ended.id, **network, "files": files, **told}


def _fetched(client: "Client", job: "Job", out: Path) -> list[str]:
    out.mkdir(exist_ok=True)
    files = [client.jobs.artifact(job.id, name, out / name).path for name in _FILES]
    return [*files, client.jobs.weights(job.id, out / "weights.safetensors").path]


def _print(result: dict[str, Any]) -> None:
    from visualnn.cli.output import number, print_table, say

    report = result["report"]
    metric = report["monitor"].removeprefix("val_")
    splits = [gain["split"] for gain in report["gains"]]
    found = {name for gain in report["gains"] for name in gain["ensemble"]}
    names = sorted(found, key=lambda one: (one != metric, one))
    columns = [(split, name) for split in splits for name in names]
    rows = []
    for one in report["members"]:
        about = f"epoch {one['epoch']}" if one["epoch"] else f"seed {one['seed']}" if one["seed"] is not None else ""
        mark = " (best)" if one["number"] == report["best"] else ""
        values = [number(one["metrics"][split][name]) for split, name in columns]
        rows.append((f"member {one['number']}{mark}", about, *values))
    for label, key in (("mean", "mean"), ("ensemble", "ensemble"), ("over the mean", "over_mean"),
                       ("over the best", "over_best")):  # fmt: skip
        of = {gain["split"]: gain[key] for gain in report["gains"]}
        rows.append((label, "", *(number(of[split][name]) for split, name in columns)))
    headings = [f">{split} {name}" for split, name in columns]
    print_table(f"an ensemble of {len(report['members'])}", ["net", "from", *headings], rows)
    for one in report["members"]:
        say(f"job   {one['job']}  member {one['number']}")
    for line in report["notes"]:
        say(f"note  {line}")
    for file in result["files"]:
        say(f"file  {file}")
    say(f"register it with: visualnn operators create NAME {result['job']}")
