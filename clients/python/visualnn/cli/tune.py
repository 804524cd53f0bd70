"""``visualnn tune``: a search for a recipe or a network, its trials spread over the workers."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, DatasetArgument, ModelArgument, Priority, given

if TYPE_CHECKING:
    from visualnn.client import Client

_FORMS = "log:1e-4:0.1, float:0:0.5, int:16:256, logint:16:256 or choice:sgd,adam"
_FILES = ("trials.json", "parallel-coordinates.png", "importance.png")


def tune(
    model: ModelArgument,
    dataset: DatasetArgument,
    space: Annotated[
        Path | None,
        typer.Option(help="JSON file: dimension -> range or choices.", exists=True, dir_okay=False, show_default=False),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A dimension: learning_rate=log:1e-4:0.1, or model.layers.NAME.params.units=int:16:256; {_FORMS}.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trainings at most.", show_default="20")] = None,
    parallel: Annotated[int | None, typer.Option(min=1, help="Trainings at a time.", show_default="2")] = None,
    search: Annotated[str | None, typer.Option(help="tpe, random or coarse_to_fine.", show_default="tpe")] = None,
    pruner: Annotated[
        str | None, typer.Option(help="none, median or asha: ends bad trials early.", show_default="none")
    ] = None,
    min_epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs before a trial is ended.", show_default="1")
    ] = None,
    reduction: Annotated[
        int | None, typer.Option(min=2, help="Asha keeps one of so many at each rung.", show_default="3")
    ] = None,
    stages: Annotated[int | None, typer.Option(min=2, help="Of coarse_to_fine.", show_default="3")] = None,
    monitor: Annotated[str | None, typer.Option(help="The metric to improve.", show_default="val_loss")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the search.", show_default="0")] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(help="JSON file of what all trials share.", exists=True, dir_okay=False, show_default=False),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Of each trial.", show_default="10")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for trials.json and the pictures.", show_default=False)
    ] = None,
    priority: Priority = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Search for a recipe of MODEL on DATASET; trials run on every worker there is.

    A platform that is started for this command has a worker for each trial at a time, as far as there are cores. Ctrl-C
    cancels the search and its trials.
    """
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.saving import must_be_free
    from visualnn.cli.sources import must_be_known
    from visualnn.cli.train import read_recipe

    if out is not None:
        must_be_free(out, "--out")
    must_be_known(model=model, dataset=dataset)
    dimensions = read_recipe(space) | dict(dimension(one) for one in param or ())
    if not dimensions:
        raise typer.BadParameter("a search needs a dimension: give --param or --space", param_hint="--param")
    shared = read_recipe(recipe) | ({} if epochs is None else {"epochs": epochs})
    params = given(
        trials=trials, parallel=parallel, search=search, pruner=pruner, min_epochs=min_epochs, reduction=reduction,
        stages=stages, monitor=monitor, seed=seed, priority=priority,
    )  # fmt: skip
    with connected(data_dir, workers=min(parallel or 2, os.cpu_count() or 1)) as client:
        result = _tune(client, model, dataset, dimensions, shared, params, out)
    if as_json:
        print_json(result)
    else:
        _print(result)


def dimension(text: str) -> tuple[str, dict[str, Any]]:
    """``learning_rate=log:1e-4:0.1`` as (its full name, the range). Raises ``BadParameter``."""
    name, equals, form = text.partition("=")
    kind, _, rest = form.partition(":")
    name = name if name.startswith(("params.", "model.")) else f"params.{name}"
    try:
        if equals and kind == "choice":
            return name, {"type": "choice", "choices": [_value(one) for one in rest.split(",")]}
        low, high = rest.split(":")
        if equals and kind in ("int", "logint"):
            return name, {"type": "int", "low": int(low), "high": int(high), "log": kind == "logint"}
        if equals and kind in ("float", "log"):
            return name, {"type": "float", "low": float(low), "high": float(high), "log": kind == "log"}
    except ValueError:
        pass
    raise typer.BadParameter(f"must be NAME={_FORMS}; received {text!r}", param_hint="--param")


def _value(text: str) -> Any:
    """A choice: JSON where it is some, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tune(
    client: "Client",
    model: str,
    dataset: str,
    space: dict[str, Any],
    recipe: dict[str, Any],
    params: dict[str, Any],
    out: Path | None,
) -> dict[str, Any]:
    from visualnn.cli.sources import named_model, stored_dataset
    from visualnn.cli.waiting import wait_or_cancel

    name, wanted = named_model(client, model)
    data = stored_dataset(client, dataset)
    job = client.jobs.tune(wanted, data, space, recipe=recipe or None, **params)
    ended = wait_or_cancel(client, job, f"tuning {name} on {data.name}")
    files = []
    if out is not None:
        out.mkdir(exist_ok=True)
        there = [one for one in _FILES if one != "importance.png" or _has_importance(client, ended.id)]
        files = [client.jobs.artifact(ended.id, one, out / one).path for one in there]
    return {"job": ended.id, "model": name, "dataset": data.id, "files": files, **client.jobs.trials(ended.id)}


def _has_importance(client: "Client", job: str) -> bool:
    """Few trials have no importance to draw."""
    return client.jobs.json(job, "trials.json").get("importance") is not None


def _print(result: dict[str, Any]) -> None:
    from visualnn.cli.output import number, print_table, say

    ordered = sorted(result["trials"], key=lambda one: (one["value"] is None, _signed(one["value"], result)))
    rows = []
    for one in ordered:  # narrow enough for 80 columns: one value a line, a state only where it says something
        told = [] if one["value"] is None else [number(one["value"])]
        told += [] if one["state"] == "complete" else [one["state"]]
        values = (f"{_title(name)} {_short(value)}" for name, value in one["values"].items())
        rows.append((str(one["number"]), "\n".join(told), "\n".join(values), one["job"] or ""))
    title = f"{len(rows)} trials, the best first"
    print_table(title, [">trial", f">{result['monitor']}", "values", "=job"], rows)
    for one in ordered:
        if one["note"]:
            say(f"note: trial {one['number']}: {one['note']}")
    for warning in result["warnings"]:
        say(f"warning: {warning}")
    for file in result["files"]:
        say(f"file  {file}")
    if not result["files"]:
        say(f"plots: visualnn jobs fetch {result['job']}")
    best = result["best"]
    say(f"best  trial {best['number']}; register it with: visualnn operators create NAME {best['job']}")


def _signed(value: float | None, result: dict[str, Any]) -> float:
    return (value or 0.0) * (-1 if result["higher_is_better"] else 1)


def _title(dimension: str) -> str:
    """As short as a table needs it: ``learning_rate``, ``fc1.units``."""
    return dimension.removeprefix("params.").removeprefix("model.layers.").replace(".params.", ".")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
