"""``visualnn recipe``: Caffe's solver as the parameters of a training job, and back."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from visualnn.cli.options import AsJson


def recipe(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="solver.prototxt, or recipe.json.", exists=True)],
    target: Annotated[Path, typer.Argument(metavar="DST", help="The file to write: .json, or .prototxt.")],
    samples: Annotated[
        int | None, typer.Option(min=1, help="Training samples: joins Caffe's iterations and our epochs.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Samples a step; Caffe has it in the net.")] = None,
    net: Annotated[str, typer.Option(help="The net that a written solver names.")] = "train_val.prototxt",
    as_json: AsJson = False,
) -> None:
    """Translate a recipe of training: solver.prototxt to recipe.json, or back.

    What the other side cannot say, such as a schedule of the learning rate, is listed with its value.
    """
    from visualnn_standalone.recipes import from_solver, is_solver, to_solver

    from visualnn.cli.output import print_json, say
    from visualnn.cli.saving import must_be_writable

    must_be_writable(target, "DST")
    data = source.read_bytes()
    if is_solver(data):
        params, report = from_solver(data, samples=samples, batch_size=batch_size)
        written = json.dumps(params, indent=2).encode() + b"\n"
    else:
        written, report = to_solver(data, samples=samples, net=net)
    new = target.with_name(target.name + ".part")
    new.write_bytes(written)
    new.replace(target)
    if as_json:
        print_json({"file": str(target), "report": report})
        return
    say(f"{target}: from {report['source']} to {report['target']}")
    _print(report)


def _print(report: dict[str, Any]) -> None:
    from visualnn.cli.output import say

    for one in report["rewritten"]:
        say(f"  rewritten  {one['rule']} ({one['why']})")
    for one in report["dropped"]:
        say(f"  dropped    {one['what']} ({one['why']})")
