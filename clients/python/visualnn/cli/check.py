"""``visualnn check``: every problem of a model at once; with a data set, whether it is fit to be trained."""

from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson, DataDir, InputShape, ModelArgument, Priority, given, named_or_json, shape_of


def check(
    model: ModelArgument,
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATASET]",
            help="A stored data set or a file: the model is then also tried on it.",
            show_default=False,
        ),
    ] = None,
    input_shape: InputShape = None,
    loss: Annotated[
        str | None, typer.Option(help="With a data set: the loss, or JSON.", show_default="chosen to fit")
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="With a data set: JSON file of the recipe it would be trained by; its loss, labels and preprocessing.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        int | None, typer.Option(min=2, help="Samples that must be learnt by heart.", show_default="20")
    ] = None,
    priority: Priority = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List every problem of a model; exit status 2 where there is one.

    With DATASET a job tries it: first loss, activations, gradients against differences, 20 samples learnt by heart.
    Exit status 1 where one of them fails.
    """
    from visualnn_shared.analysis.advice import advice
    from visualnn_shared.analysis.check import check as find_problems
    from visualnn_shared.analysis.walk import resolve
    from visualnn_shared.errors import SpecInvalid
    from visualnn_shared.training.checking import of_recipe

    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json, say
    from visualnn.cli.sources import load_spec
    from visualnn.cli.train import read_recipe

    if dataset is not None:
        params = of_recipe(read_recipe(recipe)) | given(loss=named_or_json(loss), samples=samples, priority=priority)
        _try(model, dataset, params, data_dir, as_json)
        return
    spec = load_spec(model, lambda: connected(data_dir, worker=False), shape_of(input_shape))
    problems = find_problems(spec)
    if problems:
        raise SpecInvalid(problems, spec.name)
    warnings = advice(resolve(spec))
    if as_json:
        print_json({"name": spec.name, "problems": [], "warnings": [one.model_dump(mode="json") for one in warnings]})
        return
    say(f"{spec.name}: no problems in {len(spec.layers)} layers")
    for warning in warnings:
        say(f"warning: {warning}")


def _try(model: str, dataset: str, params: dict[str, Any], data_dir: Any, as_json: bool) -> None:
    """Run a check job and print its list."""
    from visualnn.cli.connect import connected
    from visualnn.cli.output import print_json
    from visualnn.cli.sources import must_be_known, named_model, stored_dataset
    from visualnn.cli.waiting import wait_or_cancel

    must_be_known(model=model, dataset=dataset)
    with connected(data_dir) as client:
        name, wanted = named_model(client, model)
        data = stored_dataset(client, dataset)
        ended = wait_or_cancel(client, client.jobs.check(wanted, data, **params), f"checking {name} on {data.name}")
        report = client.jobs.json(ended.id, "check.json")
    if as_json:
        print_json({"job": ended.id, "model": name, "dataset": data.id, **report})
    else:
        _print(f"{name} on {data.name}: {report['verdict']}", report)
    if report["verdict"] == "fail":
        raise typer.Exit(1)


def _print(title: str, report: dict[str, Any]) -> None:
    from visualnn.cli.output import print_table, say

    rows = []
    for item in report["items"]:
        hint = f"; {item['hint']}" if item.get("hint") else ""
        rows.append((item["verdict"], item["name"].replace("_", " "), f"{item['reason']}{hint}"))
    print_table(title, ["verdict", "what", "why"], rows)
    for note in report["notes"]:
        say(f"note: {note}")
